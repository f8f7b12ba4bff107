import { describe, expect, it } from '@jest/globals';
import { isDataError, isServerTrouble, isUnavailable } from './database-errors.js';

const withCode = (code: string): Error => Object.assign(new Error('what happened'), { code });

describe('errors of the database', () => {
  it.each(['22P05', '22021', '23514', '23505'])('%s: the values are at fault', (code) => {
    expect(isDataError(withCode(code))).toBe(true);
    expect(isUnavailable(withCode(code))).toBe(false);
  });

  it.each([
    '08006', // the connection failed
    '25006', // a standby
    '53300', // too many connections
    '53100', // disk full
    '57P01', // an administrator's shutdown
    '57P03', // starting up
    '57014', // the statement took too long
    '40001', // serialization failure
    '40P01', // deadlock
    '55000', // the database accepts no connections
    '58030', // input or output failed
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'ENOTFOUND',
    'EAI_AGAIN',
  ])('%s: a retry may help', (code) => {
    expect(isUnavailable(withCode(code))).toBe(true);
    expect(isDataError(withCode(code))).toBe(false);
  });

  it.each([
    ['53100', true], // disk full
    ['58030', true], // input or output failed
    ['25006', true], // a standby
    ['57P01', true], // an administrator's shutdown
    ['57014', false], // the statement took too long
    ['40P01', false], // deadlock
    ['P0001', false], // raised by a trigger
  ])('%s: the server itself is in trouble: %s', (code, isTrouble) => {
    expect(isServerTrouble(withCode(code))).toBe(isTrouble);
  });

  it.each([
    'Connection terminated unexpectedly',
    'timeout exceeded when trying to connect',
    'Connection terminated due to connection timeout',
    'Cannot use a pool after calling end on the pool',
  ])('"%s": a retry may help', (message) => {
    expect(isUnavailable(new Error(message))).toBe(true);
  });

  it('looks into an error of several addresses', () => {
    const errors = [withCode('ECONNREFUSED'), withCode('ECONNREFUSED')];
    expect(isUnavailable(new AggregateError(errors))).toBe(true);
    expect(isUnavailable(new AggregateError([]))).toBe(false);
  });

  it.each([
    ['a mistake in SQL', withCode('42601')],
    ['another error', new Error('no')],
    ['none', 3],
  ])('%s is neither', (_, error) => {
    expect(isDataError(error)).toBe(false);
    expect(isUnavailable(error)).toBe(false);
  });
});
