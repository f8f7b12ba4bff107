import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { EventFields } from '../../ingest/normalise.js';
import type { CallRules } from '../dialect.service.js';
import { Refusal } from '../../ingest/refusal.js';
import { mapEvent } from './map-event.js';

const RULES: CallRules = {
  source: 'shop',
  identity: undefined,
  hasOptedOut: false,
  agent: undefined,
  by: 'test',
  sentAt: 'then',
};
/** As the SDK sends them. */
const [page, signup, identify, alias, group] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'fixtures', 'posthog-node.json'), 'utf8'),
) as Record<string, unknown>[];

function fields(event: unknown, rules: Partial<CallRules> = {}): EventFields {
  const mapped = mapEvent(event, { ...RULES, ...rules }).fields;
  if (mapped instanceof Refusal) throw new Error(mapped.message);
  return mapped;
}

function code(event: unknown): string | undefined {
  const mapped = mapEvent(event, RULES).fields;
  return mapped instanceof Refusal ? mapped.code : undefined;
}

describe('an event of PostHog', () => {
  it('keeps its name, time, id and properties', () => {
    expect(fields(signup)).toEqual({
      timestamp: '2026-11-24T09:30:00.618Z',
      user: 'u1',
      anonymous: false,
      event: 'signup',
      id: '01a214f8-0a52-7d5a-981a-bec1adafb012',
      source: 'shop',
      properties: { plan: 'pro', $groups: { company: 'acme' }, $lib: 'posthog-node' },
      identity: {
        sentAt: 'then',
        by: 'test',
        claims: undefined,
        traits: { plan: 'pro' },
        traitsOnce: { first: 1 },
      },
    });
  });

  it('is a page where it was a page view, of an anonymous user where it makes no person', () => {
    expect(fields(page)).toMatchObject({
      event: 'page',
      user: 'anon-1',
      anonymous: true,
      properties: {
        $current_url: 'https://example.com/pricing',
        url: 'https://example.com/pricing',
      },
    });
  });

  it.each([
    ['who is not identified', { $is_identified: false }, true],
    ['whom the device named', { $device_id: 'd-1' }, true],
    ['who is identified', { $is_identified: true, $device_id: 'd-2' }, false],
  ])('is that of a user %s', (_, properties, anonymous) => {
    expect(fields({ event: 'e', distinct_id: 'd-1', properties }).anonymous).toBe(anonymous);
  });

  it('says who an anonymous user was', () => {
    expect(fields(identify)).toMatchObject({
      event: 'identify',
      anonymous: false,
      identity: { anonymous: 'anon-1', traits: { email: 'a@b' }, traitsOnce: { first: 2 } },
    });
    expect(fields(alias)).toMatchObject({
      event: 'alias',
      user: 'u1',
      anonymous: false,
      identity: { previous: 'anon-2' },
    });
  });

  it('removes traits', () => {
    const properties = { $set: { plan: 'pro' }, $unset: ['city'] };
    expect(fields({ event: '$set', distinct_id: 'u', properties }).identity).toMatchObject({
      traits: { plan: 'pro', city: null },
    });
  });

  it("is nobody's where it is about a group, and a member's where it has a user", () => {
    const acme = { group: 'company:acme', groupTraits: { name: 'Acme' } };
    expect(fields(group)).toMatchObject({ event: 'group', isNobodys: true, identity: acme });
    const member = fields({ ...group, distinct_id: 'u1' });
    expect(member).toMatchObject({ user: 'u1', identity: acme });
    expect(member.isNobodys).toBeUndefined();
  });

  it('belongs to the user whom a token tells, whatever it says itself', () => {
    const token = { identity: { user: 'sub-1', traits: { plan: 'free' } } };
    expect(fields(signup, token)).toMatchObject({
      user: 'sub-1',
      anonymous: false,
      identity: { traits: { plan: 'pro' }, claims: { traits: { plan: 'free' } } },
    });
    expect(fields(page, token)).toMatchObject({ user: 'sub-1', anonymous: false });
  });

  it('shows no key to the log', () => {
    const keys = { api_key: 'phc_1', token: 't' };
    const properties = { token: 't', a: 1 };
    const { text } = mapEvent({ event: 'e', distinct_id: 'u', ...keys, properties }, RULES);
    expect(JSON.parse(text)).toEqual({ event: 'e', distinct_id: 'u', properties: { a: 1 } });
  });

  it.each([
    ['invalid_item', 3],
    ['invalid_properties', { event: 'e', distinct_id: 'u', properties: [] }],
    ['invalid_traits', { event: 'e', distinct_id: 'u', properties: { $set: 1 } }],
    ['invalid_traits', { event: 'e', distinct_id: 'u', properties: { $unset: 'plan' } }],
    [
      'invalid_traits',
      { event: 'e', distinct_id: 'u', properties: { $unset: [{ toString: 1, valueOf: 1 }] } },
    ],
    ['missing_alias', { event: '$create_alias', distinct_id: 'u' }],
    ['missing_group', { event: '$groupidentify', distinct_id: 'u' }],
    ['missing_group', { event: '$groupidentify', properties: { $group_type: 'company' } }],
  ])('is refused with %s', (reason, event) => {
    expect(code(event)).toBe(reason);
  });
});
