import { describe, expect, it } from '@jest/globals';
import { parseRetentionCommand } from './retention-options.js';

describe('parseRetentionCommand', () => {
  it.each(['preview', 'run', 'status'])('%s', (command) => {
    expect(parseRetentionCommand([command])).toBe(command);
  });

  it.each([[['--help']], [['run', '-h']]])('is undefined for %j', (argv) => {
    expect(parseRetentionCommand(argv)).toBeUndefined();
  });

  it.each([
    [[], 'Name one of preview, run and status.'],
    [['drop'], 'Name one of preview, run and status.'],
    [['run', 'preview'], 'Name one of preview, run and status.'],
    [['run', '--days', '3'], '--days'],
  ])('refuses %j, and says what is accepted', (argv, message) => {
    expect(() => parseRetentionCommand(argv)).toThrow(message);
    expect(() => parseRetentionCommand(argv)).toThrow('Usage: npm run retention -- preview|run');
  });
});
