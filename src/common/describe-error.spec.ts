import { describe, expect, it } from '@jest/globals';
import { describeError } from './describe-error.js';
import { LoggableError, UnavailableError } from './errors.js';

const SECRET = 'ada@example.com';

function databaseError(code: string, message: string, fields: object = {}): Error {
  const error = Object.assign(new Error(message), { code, severity: 'ERROR', ...fields });
  return Object.assign(error, { name: 'error', detail: `Key (id)=(${SECRET}) already exists.` });
}

function failureOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('what a log may say of an error', () => {
  it.each([
    databaseError('22P02', `invalid input syntax for type uuid: "${SECRET}"`),
    databaseError('23505', `duplicate key: ${SECRET}`),
    databaseError('P0001', SECRET),
    databaseError('XX000', SECRET),
    failureOf(() => JSON.parse(SECRET)),
    failureOf(() => decodeURIComponent(`%E0%A4%A${SECRET}`)),
    failureOf(() => Buffer.alloc(SECRET as unknown as number)),
    new Error(SECRET),
    new Error(`several\n    at ${SECRET} (lines:1:2) of it`),
    Object.assign(new Error(SECRET), { code: 'ENOENT' }),
    new AggregateError([new Error(SECRET)], SECRET),
    new UnavailableError(new Error(SECRET, { cause: databaseError('22021', SECRET) })),
  ])('never shows a value: %#', (error) => {
    expect(describeError(error)).not.toContain(SECRET);
    expect(describeError(error, true)).not.toContain(SECRET);
  });

  it('names what the database names: code, table and constraint', () => {
    const error = databaseError('23505', SECRET, { table: 'users', constraint: 'users_key' });
    expect(describeError(error)).toMatch(/^error 23505: .*, table users, constraint users_key$/);
  });

  it.each([
    [databaseError('57P01', 'terminating connection'), 'error 57P01: terminating connection'],
    [new LoggableError('the issuer answers 500'), 'Error: the issuer answers 500'],
    [new TypeError('a is not a function'), 'TypeError: a is not a function'],
    [new Error('Connection terminated'), 'Error: Connection terminated'],
    ['nobody waits for it', 'nobody waits for it'],
  ])('says what names nobody: %s', (error, expected) => {
    expect(describeError(error)).toBe(expected);
  });

  it('says what the system refuses, and the cause of each', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
    });
    expect(describeError(new UnavailableError(refused))).toContain(
      'caused by Error ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:5432',
    );
  });

  it('shows where it was met', () => {
    expect(describeError(new Error(SECRET), true)).toMatch(/\n {4}at .*describe-error\.spec\.ts:/);
  });
});
