import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { normalise, type EventFields } from '../../ingest/normalise.js';
import type { CallRules } from '../dialect.service.js';
import { Refusal } from '../../ingest/refusal.js';
import { findProjectRoot } from '../../project-root.js';
import { mapCall, type CallType } from './map-call.js';

type Payload = Record<string, unknown>;

const NOW = Date.parse('2026-11-25T23:00:00Z');
const RULES: CallRules = {
  source: undefined,
  identity: undefined,
  hasOptedOut: false,
  agent: undefined,
  by: 'test',
  sentAt: undefined,
};
const KNOWN = { userId: 'u-1', messageId: 'm-1', timestamp: '2026-11-24T09:30:00.250Z' };

function recorded(name: string): unknown {
  const folder = join(findProjectRoot(), 'src', 'dialects', 'segment', 'fixtures');
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
}

/** @throws where it's refused */
function fields(call: unknown, type?: CallType, rules: Partial<CallRules> = {}): EventFields {
  const mapped = mapCall(call, { ...RULES, ...rules }, type).fields;
  if (mapped instanceof Refusal) throw new Error(mapped.code);
  return mapped;
}

/** Why a call is refused, by its mapper or after it; undefined where it isn't. */
function refusal(call: unknown, type?: CallType): string | undefined {
  const mapped = mapCall(call, RULES, type).fields;
  const judged = mapped instanceof Refusal ? mapped : normalise(mapped, { now: NOW });
  return judged instanceof Refusal ? judged.code : undefined;
}

describe('what the Node SDK sends', () => {
  const { batch, sentAt } = recorded('analytics-node') as {
    batch: Payload[];
    sentAt: string;
  };
  const byType = new Map(batch.map((call) => [call['type'], call]));
  const library = { library: { name: '@segment/analytics-node', version: '3.1.0' } };

  it.each([
    [
      'identify',
      {
        user: 'u-1',
        anonymous: false,
        event: 'identify',
        properties: {
          traits: { email: 'ada@example.com', plan: 'pro' },
          context: { ...library, anonymousId: 'a-1' },
        },
        identity: {
          traits: { email: 'ada@example.com', plan: 'pro' },
          anonymous: 'a-1',
          sentAs: 'a-1',
          sentAt,
          by: 'test',
        },
      },
    ],
    [
      'track',
      {
        user: 'u-1',
        anonymous: false,
        event: 'Product Clicked',
        properties: { product_id: 'p-7', context: library },
      },
    ],
    [
      'page',
      {
        user: 'a-2',
        anonymous: true,
        event: 'page',
        properties: {
          url: 'https://example.com/docs',
          category: 'Docs',
          name: 'Install',
          context: library,
        },
      },
    ],
    [
      'screen',
      {
        user: 'u-1',
        anonymous: false,
        event: 'screen',
        properties: { name: 'Basket', context: library },
      },
    ],
    [
      'group',
      {
        user: 'u-1',
        anonymous: false,
        event: 'group',
        properties: { groupId: 'g-1', traits: { name: 'Example Ltd' }, context: library },
        identity: { group: 'g-1', groupTraits: { name: 'Example Ltd' }, sentAt, by: 'test' },
      },
    ],
    [
      'alias',
      {
        user: 'u-1',
        anonymous: false,
        event: 'alias',
        properties: { previousId: 'a-2', context: library },
        identity: { previous: 'a-2', sentAt, by: 'test' },
      },
    ],
  ])('%s', (type, expected) => {
    const call = byType.get(type)!;
    expect(fields(call, undefined, { sentAt })).toEqual({
      ...expected,
      timestamp: call['timestamp'],
      id: call['messageId'],
      source: undefined,
    });
    expect(refusal(call)).toBeUndefined();
  });
});

describe('what the browser SDK sends', () => {
  const calls = recorded('analytics-next') as { path: string; body: Payload }[];
  const visitor = calls[0]!.body['anonymousId'];

  it('is an anonymous visitor, then a known user, whom the first call named merges', () => {
    const mapped = calls.map(({ body }) => fields(body));
    expect(mapped.map(({ user, anonymous, event }) => [event, user, anonymous])).toEqual([
      ['page', visitor, true],
      ['Product Clicked', visitor, true],
      ['identify', 'u-1', false],
      ['screen', 'u-1', false],
      ['group', 'u-1', false],
      ['after', 'u-1', false],
      ['alias', 'u-1', false],
    ]);
    expect(mapped.map(({ identity }) => identity?.anonymous)).toEqual([
      undefined,
      undefined,
      visitor,
      ...Array<undefined>(4).fill(undefined),
    ]);
    expect(mapped[2]!.identity).toMatchObject({ sentAt: calls[2]!.body['sentAt'] });
    expect(calls.map(({ body }) => refusal(body))).toEqual(calls.map(() => undefined));
  });

  it('has the page, with its context, and without what is for its own service', () => {
    const { properties } = fields(calls[0]!.body);
    expect(properties).toEqual({
      path: '/shop',
      referrer: '',
      search: '?q=1',
      title: 'Shop',
      url: 'https://shop.example.com/shop?q=1',
      category: 'Shop',
      name: 'Start',
      context: calls[0]!.body['context'],
    });
  });

  it('shows its write key to nobody', () => {
    for (const { body } of calls) {
      expect(body['writeKey']).toBe('fixture-key');
      const mapped = mapCall(body, RULES);
      expect(mapped.text).toContain(body['messageId']);
      expect(JSON.stringify(mapped)).not.toContain('fixture-key');
    }
  });
});

describe('ids', () => {
  it.each([
    [{ userId: 7 }, { user: 7, anonymous: false }],
    [
      { userId: '7', anonymousId: 'a' },
      { user: '7', anonymous: false },
    ],
    [
      { userId: null, anonymousId: 'a' },
      { user: 'a', anonymous: true },
    ],
    [
      { userId: '', anonymousId: 'a' },
      { user: 'a', anonymous: true },
    ],
    [
      { userId: '7', anonymousId: '' },
      { user: '7', anonymous: false },
    ],
  ])('%j', (ids, expected) => {
    const call = { event: 'e', ...ids };
    expect(fields(call, 'track')).toMatchObject(expected);
    expect(refusal(call, 'track')).toBeUndefined();
  });

  it.each([
    [{}, 'missing_user'],
    [{ userId: null, anonymousId: '' }, 'missing_user'],
    [{ userId: 1.5 }, 'invalid_user'],
    [{ userId: ['u'] }, 'invalid_user'],
    [{ userId: 'u', messageId: 7 }, 'invalid_id'],
  ])('%j: %s', (ids, code) => {
    expect(refusal({ event: 'e', ...ids }, 'track')).toBe(code);
  });

  it('keeps the anonymous id of a known user in the context', () => {
    const { properties } = fields({ ...KNOWN, anonymousId: 'a', event: 'e' }, 'track');
    expect(properties).toEqual({ context: { anonymousId: 'a' } });
    expect(fields({ anonymousId: 'a', event: 'e' }, 'track').properties).toEqual({});
  });

  it('is of who may have been anonymous when it was sent first, and merges nobody', () => {
    const both = { ...KNOWN, anonymousId: 'a', event: 'e' };
    expect(fields(both, 'track').identity).toEqual({ sentAs: 'a', by: 'test' });
    expect(fields({ ...KNOWN, event: 'e' }, 'track').identity).toBeUndefined();
    expect(fields({ anonymousId: 'a', event: 'e' }, 'track').identity).toBeUndefined();
    // An id that nobody can have had is none.
    expect(refusal({ ...both, anonymousId: ['a'] }, 'track')).toBeUndefined();
  });

  it('an id that is missing, null or empty is none', () => {
    for (const messageId of [undefined, null, '']) {
      expect(fields({ ...KNOWN, event: 'e', messageId }, 'track').id).toBeUndefined();
    }
  });
});

describe('an identity from outside', () => {
  const identity = { user: 'token-user', traits: { role: 'admin' } };

  it('counts, whatever the body says', () => {
    const call = { userId: 'forged', anonymousId: 'a', traits: { role: 'owner', plan: 'pro' } };
    const mapped = fields(call, 'identify', { identity });
    expect(mapped).toMatchObject({ user: 'token-user', anonymous: false });
    expect(mapped.identity).toMatchObject({
      anonymous: 'a',
      claims: { traits: { role: 'admin' } },
    });
    expect(JSON.stringify(mapped)).not.toContain('forged');
  });

  it('makes an anonymous call a known user’s, with its browser', () => {
    const mapped = fields({ anonymousId: 'a', event: 'e' }, 'track', { identity });
    expect(mapped).toMatchObject({ user: 'token-user', anonymous: false });
    expect(mapped.properties).toEqual({ context: { anonymousId: 'a' } });
    expect(mapped.identity).toMatchObject({ claims: { traits: { role: 'admin' } } });
    expect(mapped.identity).not.toHaveProperty('anonymous');
  });
});

describe('time', () => {
  it.each([
    [{ timestamp: 't', originalTimestamp: 'o' }, 't'],
    [{ timestamp: null, originalTimestamp: 'o' }, 'o'],
    [{ timestamp: '', originalTimestamp: 'o' }, 'o'],
    [{}, undefined],
  ])('of %j is %s', (times, expected) => {
    expect(fields({ userId: 'u', event: 'e', ...times }, 'track').timestamp).toBe(expected);
  });

  it.each([
    '2026-11-24T09:30:00Z',
    '2026-11-24T09:30:00.250+00:00',
    '2026-11-24T09:30:00.123456+01:00',
    '2026-11-24T09:30:00.123456789Z',
    '2026-11-24T09:30:00+0000',
    1_795_512_600_250,
    null,
  ])('%s, as some SDK writes it, is read', (timestamp) => {
    expect(refusal({ ...KNOWN, event: 'e', timestamp }, 'track')).toBeUndefined();
  });

  it('is refused where it is no time', () => {
    expect(refusal({ ...KNOWN, event: 'e', timestamp: 'yesterday' }, 'track')).toBe(
      'invalid_timestamp',
    );
  });

  it('the request says when it was sent, or else the call', () => {
    const call = { ...KNOWN, sentAt: 'call' };
    expect(fields(call, 'identify', { sentAt: 'request' }).identity?.sentAt).toBe('request');
    expect(fields(call, 'identify').identity?.sentAt).toBe('call');
  });
});

describe('page and screen', () => {
  it('take name and category into the properties, and the url from the context', () => {
    const context = { page: { url: 'https://example.com/a' } };
    const call = { ...KNOWN, name: 'A', category: 'B', context };
    const named = { name: 'A', category: 'B', context };
    expect(fields(call, 'page').properties).toEqual({ ...named, url: 'https://example.com/a' });
    expect(fields(call, 'screen').properties).toEqual(named);
  });

  it('leave what the properties say where the call says nothing', () => {
    const properties = { name: 'P', category: 'Q', url: 'https://example.com/p' };
    const context = { page: { url: 'https://example.com/other' } };
    const call = { ...KNOWN, name: null, category: '', properties, context };
    expect(fields(call, 'page').properties).toEqual({ ...properties, context });
    expect(fields({ ...KNOWN, context: { page: 'no' } }, 'page').properties).toEqual({
      context: { page: 'no' },
    });
  });
});

describe('alias and group', () => {
  it('an alias without previousId is of its anonymousId', () => {
    const mapped = fields({ ...KNOWN, anonymousId: 'a' }, 'alias');
    expect(mapped.identity).toEqual({ anonymous: 'a', sentAs: 'a', by: 'test' });
    const both = fields({ ...KNOWN, anonymousId: 'a', previousId: 'p' }, 'alias');
    expect(both.identity).toEqual({ previous: 'p', sentAs: 'a', by: 'test' });
  });

  it.each<[CallType, Payload, string]>([
    ['alias', { userId: 'u' }, 'missing_previous_id'],
    ['alias', { anonymousId: 'a' }, 'missing_previous_id'],
    ['alias', { anonymousId: 'a', previousId: 'p' }, 'missing_user'],
    ['alias', { previousId: 'p' }, 'missing_user'],
    ['alias', { userId: 'u', previousId: ['p'] }, 'invalid_previous_id'],
    ['group', { userId: 'u' }, 'missing_group'],
    ['group', { userId: 'u', groupId: '' }, 'missing_group'],
    ['group', { userId: 'u', groupId: true }, 'invalid_group'],
    ['group', { userId: 'u', groupId: 'g', traits: 'no' }, 'invalid_traits'],
    ['identify', { userId: 'u', traits: ['no'] }, 'invalid_traits'],
    ['identify', { userId: 'u', anonymousId: {} }, 'invalid_anonymous_id'],
  ])('%s %j: %s', (type, call, code) => {
    expect(refusal(call, type)).toBe(code);
  });
});

describe('what is no call', () => {
  it.each<[unknown, string]>([
    [null, 'invalid_item'],
    ['track', 'invalid_item'],
    [[], 'invalid_item'],
    [{ userId: 'u' }, 'unknown_type'],
    [{ userId: 'u', type: 'Track' }, 'unknown_type'],
    [{ userId: 'u', type: 'constructor' }, 'unknown_type'],
    [{ userId: 'u', type: 'track' }, 'missing_event'],
    [{ userId: 'u', type: 'track', event: '' }, 'missing_event'],
    [{ userId: 'u', type: 'track', event: 7 }, 'invalid_event'],
    [{ userId: 'u', type: 'track', event: 'e', properties: 'no' }, 'invalid_properties'],
    [{ userId: 'u', type: 'track', event: 'e', properties: [1] }, 'invalid_properties'],
    [{ userId: 'u', type: 'track', event: 'e', properties: { a: '\0' } }, 'invalid_properties'],
    [{ userId: 'u', type: 'track', event: 'e', context: 'no' }, 'invalid_context'],
  ])('%j: %s', (call, code) => {
    expect(refusal(call)).toBe(code);
  });

  it('the path says the type, whatever the call says', () => {
    expect(fields({ ...KNOWN, type: 'page', event: 'e' }, 'track').event).toBe('e');
  });

  it('an empty array is the empty object that PHP means by it', () => {
    const empty = { properties: [], context: [], traits: [] };
    expect(fields({ ...KNOWN, event: 'e', ...empty }, 'track').properties).toEqual({});
    expect(refusal({ ...KNOWN, ...empty }, 'identify')).toBeUndefined();
  });

  it('has at most 32 KB, its write key aside, in bytes of UTF-8', () => {
    const sized = (bytes: number, letter = 'x'): Payload => {
      const call = { ...KNOWN, event: 'e', properties: { text: '' } };
      const rest = bytes - JSON.stringify(call).length;
      call.properties.text = letter.repeat(rest / Buffer.byteLength(letter));
      return call;
    };
    expect(refusal({ ...sized(32_768), writeKey: 'k' }, 'track')).toBeUndefined();
    expect(refusal(sized(32_769), 'track')).toBe('call_too_large');
    expect(refusal(sized(32_769 + 1, 'ä'), 'track')).toBe('call_too_large');
  });

  it('is nested at most 20 levels, and never breaks the mapper', () => {
    const nested = (levels: number): unknown =>
      JSON.parse('{"a":'.repeat(levels - 1) + '{}' + '}'.repeat(levels - 1));
    expect(refusal({ ...KNOWN, event: 'e', properties: nested(20) }, 'track')).toBeUndefined();
    expect(refusal({ ...KNOWN, event: 'e', properties: nested(21) }, 'track')).toBe(
      'invalid_properties',
    );
    const list: unknown = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000));
    expect(mapCall({ ...KNOWN, event: 'e', properties: { list } }, RULES, 'track')).toEqual({
      fields: new Refusal('invalid_properties'),
      text: '(nested too deeply to show)',
    });
  });
});
