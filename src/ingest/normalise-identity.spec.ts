import { describe, expect, it } from '@jest/globals';
import { readIdentity, type IdentityFields } from './normalise-identity.js';
import { Refusal } from './refusal.js';

const MINUTE = 60_000;
const now = Date.parse('2026-11-24T09:30:00.250Z');
const time = now - MINUTE;

function read(fields: Partial<IdentityFields>, at = time): unknown {
  const identity = readIdentity({ by: 'test', ...fields }, at, now);
  if (identity instanceof Refusal) return identity.code;
  return identity === undefined ? undefined : JSON.parse(identity);
}

function momentOf(sentAt: unknown, at = time): unknown {
  return (read({ traits: { plan: 'pro' }, sentAt }, at) as { at: number }).at;
}

describe('readIdentity', () => {
  it('says nothing where nothing is said', () => {
    expect(read({})).toBeUndefined();
    expect(read({ traits: {}, anonymous: null, previous: '', group: undefined })).toBeUndefined();
  });

  it('keeps what is said, and who says so', () => {
    const fields = {
      traits: { plan: 'pro', city: null, at: 1 },
      traitsOnce: { first: 1 },
      anonymous: 'a"1',
      previous: 7,
      group: 'acme',
      groupTraits: { size: 3 },
    };
    expect(read(fields)).toEqual({
      traits: { plan: 'pro', city: null, at: 1 },
      traits_once: { first: 1 },
      anonymous: 'a"1',
      previous: '7',
      group: 'acme',
      group_traits: { size: 3 },
      at: time,
      by: 'test',
    });
  });

  it('leaves out traits of no group', () => {
    expect(read({ groupTraits: { size: 3 } })).toBeUndefined();
  });

  it.each<[string, Partial<IdentityFields>]>([
    ['invalid_traits', { traits: ['pro'] }],
    ['invalid_traits', { traits: 'pro' }],
    ['invalid_traits', { traits: { name: 'a\0b' } }],
    ['invalid_traits', { traits: { name: 'x'.repeat(33_000) } }],
    ['invalid_traits', { group: 'acme', groupTraits: 3 }],
    ['invalid_anonymous_id', { anonymous: 'x'.repeat(256) }],
    ['invalid_previous_id', { previous: { id: 1 } }],
    ['invalid_group', { group: 'a\nb' }],
  ])('refuses with %s what can be nothing', (code, fields) => {
    expect(read(fields)).toBe(code);
  });

  it('tells by what the client calls now when something was', () => {
    // Its clock is a day slow, and it sent this a second after the event.
    const day = 24 * 60 * MINUTE;
    expect(momentOf(new Date(now - day).toISOString(), now - day - 1_000)).toBe(now - 1_000);
  });

  it("leaves a client's own order alone, however long each request takes on its way", () => {
    for (const ms of [0, 3_000, 60_000]) {
      expect(momentOf(new Date(now - ms).toISOString(), time)).toBe(time);
    }
  });

  it('never takes a time to come, nor one that no clock shows', () => {
    expect(momentOf(undefined, now + 60 * MINUTE)).toBe(now);
    expect(momentOf(new Date(now).toISOString(), now + 60 * MINUTE)).toBe(now);
    expect(momentOf('9999-12-31T23:59:59Z')).toBe(0);
    expect(momentOf(undefined, -MINUTE)).toBe(0);
  });

  it('takes the time of the event where the client gives none that can be read', () => {
    for (const sentAt of [undefined, null, 'yesterday', {}]) expect(momentOf(sentAt)).toBe(time);
  });
});
