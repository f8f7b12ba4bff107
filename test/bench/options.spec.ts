import { describe, expect, it } from '@jest/globals';
import { OptionsError, PARTS, readOptions, STORAGES } from './options.js';

describe('readOptions', () => {
  it('takes all of it by default', () => {
    expect(readOptions([])).toEqual({
      help: false,
      quick: false,
      storages: STORAGES,
      parts: PARTS,
      json: undefined,
    });
  });

  it('takes several parts, in the order of the plan', () => {
    expect(readOptions(['--only', 'latency,batch']).parts).toEqual(['batch', 'latency']);
    expect(() => readOptions(['--only', 'batch,all'])).toThrow('--only takes batch or');
  });

  it('takes a part', () => {
    const args = ['--quick', '--storage', 'plain', '--only', 'single', '--json', 'figures.json'];
    expect(readOptions(args)).toEqual({
      help: false,
      quick: true,
      storages: ['plain'],
      parts: ['single'],
      json: 'figures.json',
    });
  });

  it.each([['--storage', 'mysql'], ['--only', 'all'], ['--fast'], ['stray']])(
    'refuses %s %s',
    (...args) => {
      expect(() => readOptions(args)).toThrow(OptionsError);
    },
  );
});
