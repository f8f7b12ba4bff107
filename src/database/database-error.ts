/** The database can't be used; the message is for the person who starts the server. */
export class DatabaseError extends Error {
  override name = 'DatabaseError';
}
