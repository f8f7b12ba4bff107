import { describe, expect, it } from '@jest/globals';
import { Refusal, REFUSALS, type RefusalCode } from './refusal.js';

describe('refusals', () => {
  it.each(Object.keys(REFUSALS) as RefusalCode[])('%s fits a header', (code) => {
    const { message } = new Refusal(code);
    // Printable ASCII, and nothing that would end a quoted string.
    expect(message).toMatch(/^[\x20-\x7e]+$/);
    expect(message).not.toMatch(/["\\]/);
    expect(code).toMatch(/^[a-z][a-z0-9_]*$/);
  });
});
