import { describe, expect, it } from '@jest/globals';
import { Importer } from './importer.js';

describe('Importer', () => {
  it('holds few lines that are no event, however short they are', async () => {
    const importer = new Importer(
      { batchesAtOnce: 2, send: () => Promise.reject(new Error('there is nothing to send')) },
      { add: () => {} },
      undefined,
      new AbortController().signal,
    );
    let most = 0;
    for (let line = 1; line <= 100_000; line += 1) {
      await importer.add({ line, text: 'x', events: [] });
      most = Math.max(most, importer.heldBytes);
    }
    await importer.finish();
    expect(importer.counts).toMatchObject({ lines: 100_000, skipped: 100_000, rejected: 0 });
    expect(most).toBeLessThan(5 * 1024 * 1024);
    expect(importer.heldBytes).toBe(0);
  });
});
