/** SQLSTATE classes: data exceptions and integrity violations. The same values fail again. */
const DATA_CLASSES = ['22', '23'];
/** Connection exceptions, insufficient resources, operator intervention, system errors, rollbacks. */
const UNAVAILABLE_CLASSES = ['08', '53', '57', '58', '40', '55'];
/** A standby, or a server that became one: it can't write. */
const READ_ONLY = '25006';
const NODE_CONNECTION_ERRORS = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_AGAIN|ENOENT)/;
/** pg gives no code to these. */
const PG_CONNECTION_MESSAGES =
  /connection (terminated|timeout)|timeout exceeded when trying to connect|client has encountered a connection error|cannot use a pool after calling end/i;

/** Connections, resources, its files: the server's own, whatever it was given. */
const SERVER_CLASSES = ['08', '53', '58'];

/** The database answered, and refuses the values themselves: a retry can't help. */
export function isDataError(error: unknown): boolean {
  return DATA_CLASSES.includes(sqlStateClass(error));
}

/** The key exists already. */
export function isDuplicateKey(error: unknown): boolean {
  return codeOf(error) === '23505';
}

/** Raw events of that time are no longer kept: the trigger of the events says so. */
export function isBelowHorizon(error: unknown): boolean {
  return (error as { constraint?: unknown }).constraint === 'events_above_horizon';
}

/** A number is of a user who was erased: the trigger of the events says so. */
export function isErasedNumber(error: unknown): boolean {
  return (error as { constraint?: unknown }).constraint === 'events_of_living_users';
}

/** A user, or a group, would have more traits than there may be: `check_traits` says so. */
export function isTraitsLimit(error: unknown): boolean {
  return (error as { constraint?: unknown }).constraint === 'traits_limit';
}

/** Whose traits would be too many: `users.seq`; undefined for a group's, and for any other error. */
export function overfullUser(error: unknown): number | undefined {
  const { detail } = error as { detail?: unknown };
  return isTraitsLimit(error) && typeof detail === 'string' && detail !== ''
    ? Number(detail)
    : undefined;
}

/**
 * Out of locks, memory or room for temporary files, over TimescaleDB's limit of events to decompress,
 * or not done in the time that a statement has: half of it may well do.
 */
export function isTooMuchAtOnce(error: unknown): boolean {
  return ['53200', '53400', '57014'].includes(codeOf(error)) || sqlStateClass(error) === '54';
}

/** Two writers stood in each other's way; the database itself is well. */
export function isContention(error: unknown): boolean {
  return sqlStateClass(error) === '40' || codeOf(error) === '55P03';
}

/** The database said so, in whatever words. */
export function isDatabaseAnswer(error: unknown): boolean {
  return sqlStateClass(error) !== '';
}

/** No event's fault: the server lacks something, only reads, or is about to end. */
export function isServerTrouble(error: unknown): boolean {
  const code = codeOf(error);
  return (
    SERVER_CLASSES.includes(sqlStateClass(error)) || code === READ_ONLY || code.startsWith('57P')
  );
}

/** The database refused a statement, for whatever reason, and the session goes on. */
export function isStatementError(error: unknown): boolean {
  return isDatabaseAnswer(error) && (error as { severity?: unknown }).severity === 'ERROR';
}

/** The database doesn't answer, is starting or stopping, or gave up: a retry may help. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.some(isUnavailable)) return true;
  const code = codeOf(error);
  return (
    UNAVAILABLE_CLASSES.includes(sqlStateClass(error)) ||
    code === READ_ONLY ||
    NODE_CONNECTION_ERRORS.test(code) ||
    PG_CONNECTION_MESSAGES.test(error.message)
  );
}

/** Told as a lost connection: a retry may help. */
export function noAnswer(): Error {
  return new Error('connection timeout: the database does not answer');
}

/** The first two characters of the SQLSTATE, empty for an error that has none. */
function sqlStateClass(error: unknown): string {
  const code = codeOf(error);
  return /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code) ? code.slice(0, 2) : '';
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
