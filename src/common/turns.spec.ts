import { describe, expect, it } from '@jest/globals';
import { Turns } from './turns.js';

describe('Turns', () => {
  it('lets one piece of work into each round of the event loop, in order', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const all = ['a', 'b', 'c'].map(async (name) => {
      await turns.next();
      log.push(name);
      // What others have to do comes between.
      setImmediate(() => log.push('other'));
    });
    await Promise.all(all);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(log).toEqual(['a', 'b', 'other', 'c', 'other', 'other']);
  });
});
