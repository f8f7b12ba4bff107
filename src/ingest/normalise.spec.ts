import { describe, expect, it } from '@jest/globals';
import { normalise, type EventFields, type NormalisedEvent } from './normalise.js';
import { Refusal } from './refusal.js';

const now = Date.parse('2026-11-24T09:30:00.250Z');
const fields: EventFields = { timestamp: '1224567997', user: '3', event: 'click' };

function accepted(changes: EventFields): NormalisedEvent {
  const result = normalise({ ...fields, ...changes }, { now });
  if (result instanceof Refusal) throw new Error(result.message);
  return result;
}

function refusal(changes: EventFields, names?: string[]): string | undefined {
  const result = normalise({ ...fields, ...changes }, names ? { now, names } : { now });
  return result instanceof Refusal ? result.code : undefined;
}

describe('normalise', () => {
  it('keeps what was given', () => {
    expect(accepted({ source: 'shop', properties: { a: [1, null, 'ü'] } })).toMatchObject({
      time: Date.parse('2008-10-21T05:46:37.000Z'),
      user: '3',
      name: 'click',
      source: 'shop',
      properties: '{"a":[1,null,"ü"]}',
    });
  });

  it("takes the server's time where none is given", () => {
    expect(accepted({ timestamp: undefined }).time).toBe(now);
    expect(accepted({ timestamp: null }).time).toBe(now);
  });

  it('tells users whom a device names from those whom an application does', () => {
    expect(accepted({}).isAnonymous).toBe(false);
    for (const anonymous of [false, 'false', null]) {
      expect(accepted({ anonymous }).isAnonymous).toBe(false);
    }
    for (const anonymous of [true, 'true']) expect(accepted({ anonymous }).isAnonymous).toBe(true);
    for (const anonymous of [1, 'yes', '', {}]) {
      expect(refusal({ anonymous })).toBe('invalid_anonymous');
    }
  });

  describe('of a bot', () => {
    const GOOGLEBOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
    const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0';
    const isBot = (changes: EventFields, rules = {}): unknown => {
      const event = normalise({ ...fields, ...changes }, { now, ...rules });
      return event instanceof Refusal ? event.code : event.bot;
    };

    it('is what says so, then what its agent says, then whose browser sent it', () => {
      const sent = { agent: GOOGLEBOT };
      expect(isBot({})).toBe(false);
      expect(isBot({}, sent)).toBe(true);
      expect(isBot({ agent: '' }, sent)).toBe(true);
      expect(isBot({ agent: FIREFOX }, sent)).toBe(false);
      expect(isBot({ agent: GOOGLEBOT })).toBe(true);
      expect(isBot({ agent: GOOGLEBOT, bot: false }, sent)).toBe(false);
      expect(isBot({ agent: FIREFOX, bot: 'true' })).toBe(true);
      expect(isBot({ bot: null }, sent)).toBe(true);
      expect(isBot({ bot: 'maybe' })).toBe('invalid_bot');
    });

    it("is nobody's and a token's just the same", () => {
      for (const rules of [{ hasOptedOut: true }, { sender: { user: 'u' } }]) {
        expect(isBot({ agent: GOOGLEBOT }, rules)).toBe(true);
        expect(isBot({ bot: true }, rules)).toBe(true);
        expect(isBot({}, { ...rules, agent: GOOGLEBOT })).toBe(true);
      }
    });
  });

  it('takes times within bounds, both of them in', () => {
    const bounds = { oldest: now - 1_000, newest: now + 1_000 };
    const codeAt = (time: number): string | undefined => {
      const event = normalise({ ...fields, timestamp: time }, { now, bounds });
      return event instanceof Refusal ? event.code : undefined;
    };
    expect([now - 1_000, now, now + 1_000].map(codeAt)).toEqual([undefined, undefined, undefined]);
    expect(codeAt(now - 1_001)).toBe('before_oldest');
    expect(codeAt(now + 1_001)).toBe('in_future');
  });

  it('reads whole numbers as their digits', () => {
    expect(accepted({ user: 42, timestamp: 1_224_567_997_123 })).toMatchObject({
      user: '42',
      time: Date.parse('2008-10-21T05:46:37.123Z'),
    });
  });

  it.each([2 ** 53, 1.5, Number.NaN])('refuses %p as a user: it may have changed', (user) => {
    expect(refusal({ user })).toBe('invalid_user');
  });

  it('counts characters, not code units', () => {
    expect(accepted({ user: '😀'.repeat(255) }).user).toHaveLength(510);
    expect(refusal({ user: '😀'.repeat(256) })).toBe('invalid_user');
    expect(refusal({ user: 'u'.repeat(256) })).toBe('invalid_user');
  });

  it.each([true, [], {}, '', '\0', 'a\u007Fb', 'a\u0085b', '\uD800'])(
    'refuses %p as a user',
    (user) => {
      expect(refusal({ user })).toBe('invalid_user');
    },
  );

  it('leaves the bytes of a user alone', () => {
    const user = 'e\u0301 \u202Eשלום ';
    expect(accepted({ user }).user).toBe(user);
  });

  it('takes the names that are asked for, to the letter', () => {
    expect(refusal({ event: 'click' }, ['click'])).toBeUndefined();
    expect(refusal({ event: 'Click' }, ['click'])).toBe('unknown_event');
    expect(refusal({ event: 'purchase' })).toBeUndefined();
    expect(refusal({ event: undefined }, ['click'])).toBe('missing_event');
  });

  describe('id', () => {
    it('is a time-ordered UUID where none is given', () => {
      const [first, second] = [accepted({}).id, accepted({}).id];
      expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
      expect(second > first).toBe(true);
    });

    it('stays as it is when it is a UUID, in lower case', () => {
      const id = '0190163D-8694-739B-AEA5-966C26F8AD91';
      expect(accepted({ id }).id).toBe(id.toLowerCase());
    });

    it('is the same for the same text of the same source, for ever', () => {
      expect(accepted({ id: 'order-7' }).id).toBe('b5876319-cbe9-5945-8ebe-82bf1e098ed2');
      expect(accepted({ id: 'order-7', source: 'default' }).id).toBe(
        accepted({ id: 'order-7' }).id,
      );
      expect(accepted({ id: 'order-7', source: 'shop' }).id).not.toBe(
        accepted({ id: 'order-7' }).id,
      );
    });
  });

  describe('properties', () => {
    it('are left out when empty', () => {
      expect(accepted({ properties: {} }).properties).toBeUndefined();
    });

    it.each([
      ['32 KB', { a: 'x'.repeat(32 * 1024 - 8) }, undefined],
      ['a byte more', { a: 'x'.repeat(32 * 1024 - 7) }, 'invalid_properties'],
      ['20 levels', nested(20), undefined],
      ['21 levels', nested(21), 'invalid_properties'],
      ['infinity', { a: Number.POSITIVE_INFINITY }, 'invalid_properties'],
    ])('%s', (_, properties, code) => {
      expect(refusal({ properties })).toBe(code);
    });
  });
});

/** An object in an object, so many deep. */
function nested(levels: number): object {
  return levels === 1 ? { a: 1 } : { a: nested(levels - 1) };
}
