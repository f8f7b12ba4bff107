/** The embedded server can't be used; the message is for the person who starts it. */
export class EmbeddedPostgresError extends Error {
  override name = 'EmbeddedPostgresError';
}
