import { describe, expect, it } from '@jest/globals';
import { Refusal } from '../../ingest/refusal.js';
import { mapCall } from './map-call.js';

const RULES = {
  source: undefined,
  identity: undefined,
  hasOptedOut: false,
  agent: undefined,
  by: 'test',
  sentAt: undefined,
};
const KNOWN = { userId: 'u-1', messageId: 'm-1', timestamp: '2026-11-24T09:30:00.250Z' };

describe("nobody's calls", () => {
  it.each([
    ['by its own word', { nobody: true }, {}],
    ['by the word of its request', {}, { hasOptedOut: true }],
  ])('a call of nobody %s keeps nothing of a person', (_, own, rules) => {
    const call = {
      ...KNOWN,
      anonymousId: 'a-1',
      traits: { plan: 'pro' },
      groupId: 'g-1',
      previousId: 'a-0',
      properties: { colour: 'red' },
      context: { locale: 'de', ip: '127.0.0.1', traits: { plan: 'pro' } },
      ...own,
    };
    for (const type of ['track', 'identify', 'page', 'screen', 'alias', 'group'] as const) {
      const mapped = mapCall({ ...call, event: type }, { ...RULES, ...rules }, type);
      expect(mapped.fields).toMatchObject({
        event: type,
        user: undefined,
        anonymous: false,
        isNobodys: true,
        properties: { colour: 'red', context: { locale: 'de' } },
      });
      expect(mapped.fields).not.toHaveProperty('identity');
      expect(mapped.text).not.toMatch(/a-1|a-0|g-1|plan|127/);
    }
  });

  it.each([false, 'false', null])('nobody may be %j', (nobody) => {
    expect(mapCall({ ...KNOWN, nobody, event: 'e' }, RULES, 'track').fields).toMatchObject({
      user: KNOWN.userId,
    });
  });

  it.each([1, 'yes', {}])('nobody must not be %j', (nobody) => {
    const mapped = mapCall({ ...KNOWN, nobody, event: 'e' }, RULES, 'track');
    expect(mapped.fields).toEqual(new Refusal('invalid_nobody'));
    expect(mapped.text).not.toContain(KNOWN.userId);
  });
});
