import { describe, expect, it } from '@jest/globals';
import { parseRollupsOptions } from './rollups-options.js';

const MINUTE = Date.parse('2026-03-01T10:20:00Z') / 60_000;

describe('parseRollupsOptions', () => {
  it.each([
    [['verify'], { command: 'verify', from: undefined, to: undefined, range: '' }],
    [['rebuild', '--from', '2026-03-01T10:20:00Z'], { command: 'rebuild', from: MINUTE }],
    [['verify', '--from=2026-03-01T10:20:59.999Z'], { from: MINUTE }],
    [['verify', '--to', '2026-03-01T11:20:00+01:00'], { to: MINUTE }],
    [['verify', '--to', '2026-03-01T10:20:00.001Z'], { to: MINUTE + 1 }],
    [['--from', '0', 'verify', '--to', '1'], { from: 0, to: 1, range: ' --from 0 --to 1' }],
    [['verify', '--from', String(MINUTE * 60_000)], { from: MINUTE }],
    [['verify', '--from', '0001-01-01T00:00:00Z', '--to', '9999-12-31T23:59:59.999Z'], {}],
    [['status'], { command: 'status' }],
  ])('%j', (argv, expected) => {
    expect(parseRollupsOptions(argv)).toMatchObject(expected);
  });

  it.each([[['--help']], [['verify', '-h']]])('is undefined for %j', (argv) => {
    expect(parseRollupsOptions(argv)).toBeUndefined();
  });

  it.each([
    [[], 'Name one of verify, rebuild and status.'],
    [['repair'], 'Name one of verify, rebuild and status.'],
    [['verify', 'rebuild'], 'Name one of verify, rebuild and status.'],
    [['verify', '--form', '0'], '--form'],
    [['verify', '--from', 'yesterday'], '--from must be Unix seconds (1 to 11 digits), Unix milli'],
    [['verify', '--from', '2026-03-01'], 'such as 2026-11-24T09:30:00Z.'],
    [['rebuild', '--to', ''], '--to must be Unix seconds'],
    [['rebuild', '--from', '60', '--to', '60'], '--from must be before --to.'],
    [['rebuild', '--from', '61', '--to', '60'], '--from must be before --to.'],
    [['status', '--to', '60'], '--from and --to belong to verify and rebuild.'],
  ])('refuses %j, and says what is accepted', (argv, message) => {
    expect(() => parseRollupsOptions(argv)).toThrow(message);
    expect(() => parseRollupsOptions(argv)).toThrow('Usage: npm run rollups -- verify|rebuild');
  });
});
