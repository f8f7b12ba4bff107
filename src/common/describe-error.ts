import { types } from 'node:util';
import { isUnavailable } from './database-errors.js';
import { AnalyticsError, LoggableError } from './errors.js';

/**
 * SQLSTATE classes whose messages name tables, constraints, settings and statements, which hold bound
 * values only. Those of others, such as data exceptions and what functions raise, show values.
 */
const SPEAKING_CLASSES = ['08', '25', '26', '28', '3D', '40', '42', '53', '55', '57', '58'];
/** Said by the engine of a program's own names. A SyntaxError shows the text that it can't read. */
const OF_THE_PROGRAM = ['TypeError', 'RangeError', 'ReferenceError'];
const SQLSTATE = /^[0-9A-Z]{5}$/;
/** Of the operating system: a call, an address or a path. */
const SYSTEM = /^E[A-Z0-9]+$/;
const FRAME = /^ {4}at .*(:\d+:\d+\)?|<anonymous>\)?|\(native\)|\(index \d+\))$/;
const MAX_CAUSES = 4;
const WITHHELD = '(its message is left out: it may show what was sent)';

/**
 * What a log may say of an error. Messages of many errors show the values that they are about, and
 * those are people's: the database names what it can't read, a parser the text. Such messages are left
 * out; the kind of the error, the database's code, its table and constraint, and where in the program
 * it was met are there.
 *
 * @param withStack adds the places in the program
 */
export function describeError(error: unknown, withStack = false): string {
  const described: string[] = [];
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES && current !== undefined; depth += 1) {
    described.push(summarise(current) + (withStack ? framesOf(current) : ''));
    current = isError(current) ? current.cause : undefined;
  }
  return described.join(withStack ? '\ncaused by ' : ', caused by ');
}

function summarise(error: unknown): string {
  if (!isError(error))
    return typeof error === 'string' ? error : `something of the type ${typeof error}`;
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.map(summarise).join(', ');
  }
  const { code, table, constraint } = error as unknown as Record<string, unknown>;
  const name = typeof code === 'string' ? `${error.name} ${code}` : error.name;
  const about = Object.entries({ table, constraint })
    .filter(([, value]) => typeof value === 'string')
    .map(([what, value]) => `, ${what} ${value as string}`);
  return `${name}: ${isSpeaking(error, code) ? error.message : WITHHELD}${about.join('')}`;
}

/** One that another realm of the process made has another class. */
function isError(error: unknown): error is Error {
  return error instanceof Error || types.isNativeError(error);
}

function isSpeaking(error: Error, code: unknown): boolean {
  if (error instanceof AnalyticsError || error instanceof LoggableError) return true;
  if (typeof code !== 'string') return isUnavailable(error) || OF_THE_PROGRAM.includes(error.name);
  // Both have five letters, some of them.
  if (SYSTEM.test(code) && 'syscall' in error) return true;
  return SQLSTATE.test(code) && SPEAKING_CLASSES.includes(code.slice(0, 2));
}

/** Messages may have lines that look like some; what a line of the program looks like is narrower. */
function framesOf(error: unknown): string {
  if (!isError(error) || error.stack === undefined) return '';
  const { stack, message } = error;
  const start = message === '' ? -1 : stack.indexOf(message);
  const rest = start === -1 ? stack : stack.slice(start + message.length);
  const frames = rest.split('\n').filter((line) => FRAME.test(line));
  return frames.map((line) => `\n${line}`).join('');
}
