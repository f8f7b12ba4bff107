import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startApplication, type TestApplication } from './support/application.js';
import { IdentityProvider, makeKey } from './support/identity-provider.js';
import { forgetCalls, storedCalls, storedMerges, traitsOf } from './support/segment.js';

const MINUTE_S = 60;

describe('an identity provider', () => {
  let provider: IdentityProvider;
  let server: TestApplication;

  beforeAll(async () => {
    provider = await IdentityProvider.start();
    server = await startApplication({
      identity: {
        issuer: provider.issuer,
        audience: 'shop',
        traitClaims: ['plan', 'email'],
        cooldownMs: 0,
      },
    });
  });
  afterAll(async () => {
    await server.stop();
    await provider.stop();
  });
  beforeEach(async () => {
    await forgetCalls(server.dataSource);
    await provider.bringBack();
  });

  function send(path: string, token: string, body: unknown, type = 'application/json') {
    return server.post(path, {
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': type },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  async function users(): Promise<string[]> {
    const calls = await storedCalls(server.dataSource);
    return calls.map(({ event, user, kind }) => `${event} ${kind} ${user}`).toSorted();
  }

  it('tells whose events are, whatever they say themselves, in every way in', async () => {
    const token = await provider.token({ sub: 'sub-1' });
    const fields = { user: 'u-1', timestamp: '1224567997' };
    const segment = { userId: 'u-1', anonymousId: 'a-1' };
    const requests: [string, unknown, string?][] = [
      ['/analytics?user=u-1&event=click&timestamp=1224567997', ''],
      ['/analytics', { ...fields, event: 'impression' }],
      ['/analytics/batch', [{ ...fields, event: 'b1', anonymous: true }, { event: 'b2' }]],
      [
        '/analytics/batch',
        `${JSON.stringify({ ...fields, event: 's1' })}\n`,
        'application/x-ndjson',
      ],
      ['/v1/track', { ...segment, event: 't1' }],
      ['/v1/batch', { batch: [{ type: 'track', anonymousId: 'a-1', event: 't2' }] }],
      ['/batch/', { batch: [{ distinct_id: 'u-1', event: 'p1' }] }],
    ];
    for (const [path, body, type] of requests) {
      const response = await send(path, token, body, type);
      expect(response.ok).toBe(true);
      expect(response.headers.get('X-Analytics-Rejected')).toBeNull();
    }
    expect(await users()).toEqual(
      ['b1', 'b2', 'click', 'impression', 'p1', 's1', 't1', 't2'].map(
        (event) => `${event} known sub-1`,
      ),
    );
    expect(await storedMerges(server.dataSource)).toEqual([]);
  });

  it('makes the anonymous user of an identify the one of the token', async () => {
    const token = await provider.token({ sub: 'sub-2' });
    const body = { anonymousId: 'a-2', userId: 'u-2', traits: { city: 'Bern' } };
    expect((await send('/v1/identify', token, body)).status).toBe(200);
    expect(await users()).toEqual(['identify known sub-2']);
    expect(await storedMerges(server.dataSource)).toEqual(['a-2 -> sub-2']);
    expect(await traitsOf(server.dataSource, 'sub-2')).toEqual({ city: 'Bern' });
  });

  it('has claims that become traits, over what the body says', async () => {
    const free = await provider.token({ sub: 'sub-3', plan: 'free', other: 1 });
    await send('/analytics?event=click', free, '');
    expect(await traitsOf(server.dataSource, 'sub-3')).toEqual({ plan: 'free' });
    const pro = await provider.token({ sub: 'sub-3', plan: 'pro' });
    await send('/v1/identify', pro, { traits: { plan: 'enterprise', city: 'Bern' } });
    expect(await traitsOf(server.dataSource, 'sub-3')).toEqual({ plan: 'pro', city: 'Bern' });
    // An event of long ago says what is so now.
    const paid = await provider.token({ sub: 'sub-3', plan: 'paid' });
    await send('/analytics?event=click&timestamp=1224567997', paid, '');
    expect(await traitsOf(server.dataSource, 'sub-3')).toMatchObject({ plan: 'paid' });
  });

  it('counts by the time of each token, whichever comes last', async () => {
    const now = Math.floor(Date.now() / 1000);
    const old = await provider.token({ sub: 'sub-5', plan: 'free', iat: now - 600 });
    const young = await provider.token({ sub: 'sub-5', plan: 'pro', iat: now - 10 });
    for (const token of [old, young, old]) await send('/analytics?event=click', token, '');
    expect(await traitsOf(server.dataSource, 'sub-5')).toEqual({ plan: 'pro' });
  });

  it("loses no event by claims that can be nobody's traits", async () => {
    const unstorable = await provider.token({ sub: 'sub-6', plan: 'a\0b' });
    await send('/v1/track', unstorable, { event: 'e1' });
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, key) => [`k${key}`, 1]));
    await send('/v1/identify', unstorable, { traits: many });
    const tooMany = await provider.token({ sub: 'sub-6', plan: 'pro' });
    expect((await send('/v1/track', tooMany, { event: 'e2' })).status).toBe(200);
    expect(await users()).toEqual(['e1 known sub-6', 'e2 known sub-6', 'identify known sub-6']);
    expect(await traitsOf(server.dataSource, 'sub-6')).toEqual(many);
  });

  it.each([
    'eyJhbGciOiJSUzI1NiJ9.e30',
    'eyJhbGciOiJSUzI1NiJ9.a.b.c.d',
    'eyAiYWxnIjoiUlMyNTYifQ.e30.x',
  ])('takes no broken token %s for a write key', async (token) => {
    expect((await send('/v1/track', token, { userId: 'u', event: 'e' })).status).toBe(401);
  });

  it('sets the same traits once, not with each event', async () => {
    const token = await provider.token({ sub: 'sub-4', email: 'ada@example.com' });
    await send('/analytics?event=click', token, '');
    await server.dataSource.query(`UPDATE users SET traits = '{}' WHERE id = 'sub-4'`);
    await send('/analytics?event=click', token, '');
    expect(await traitsOf(server.dataSource, 'sub-4')).toEqual({});
  });

  it.each<[string, (provider: IdentityProvider) => Promise<string>, RegExp]>([
    ['has expired', (from) => from.token({ sub: 'u' }, { expiresIn: -2 * MINUTE_S }), /expired/],
    ['is for another', (from) => from.token({ sub: 'u', aud: 'bank' }), /claim aud/],
    ['is for nobody', (from) => from.token({ sub: 'u', aud: [] }), /claim aud/],
    ['is of another issuer', (from) => from.token({ sub: 'u', iss: 'https://evil' }), /claim iss/],
    ['never expires', (from) => from.token({ sub: 'u' }, { expiresIn: undefined }), /claim exp/],
    ['is not valid yet', (from) => from.token({ sub: 'u', nbf: Date.now() / 1000 + 3_600 }), /nbf/],
    ['names nobody', (from) => from.token({}), /claim sub/],
    ['names nobody that may be', (from) => from.token({ sub: 'x'.repeat(256) }), /claim sub/],
    ['is signed by a stranger', (from) => from.strangersToken({ sub: 'u' }), /signed by no key/],
    ['is not signed', (from) => from.unsignedToken({ sub: 'u' }), /algorithm|cannot be read/],
    ['is signed with the public key', (from) => from.confusedToken({ sub: 'u' }), /algorithm/],
    ['is no JSON', () => Promise.resolve('eyJhbGciOi.e30.x'), /cannot be read/],
  ])('takes no token that %s', async (_, makeToken, reason) => {
    const token = await makeToken(provider);
    const original = await send('/analytics?user=u&event=click', token, '');
    expect(original.status).toBe(204);
    expect(original.headers.get('X-Analytics-Rejected')).toMatch(/^invalid_token/);
    for (const path of ['/analytics/batch', '/v1/track', '/batch/', '/i/v0/e/']) {
      const response = await send(path, token, { userId: 'u', event: 'e' });
      expect(response.status).toBe(401);
      const { code, message } = (await response.json()) as { code: string; message: string };
      expect(code).toBe('invalid_token');
      expect(message).toMatch(reason);
    }
    const stream = await send('/analytics/batch', token, '{}\n'.repeat(9), 'application/x-ndjson');
    expect(stream.status).toBe(401);
    expect(await server.countEvents()).toBe(0);
    const log = await (await server.get('/analytics/rejections?limit=1')).json();
    expect(log).toMatchObject({ rejections: [{ code: 'invalid_token' }] });
  });

  it('may have a clock that is a little wrong', async () => {
    const slow = await provider.token({ sub: 'u' }, { expiresIn: -MINUTE_S / 2 });
    const fast = await provider.token({ sub: 'u', nbf: Math.ceil(Date.now() / 1000) + 30 });
    for (const token of [slow, fast]) {
      const response = await send('/v1/track', token, { event: 'e' });
      expect(response.status).toBe(200);
    }
  });

  it('may change its keys at any time', async () => {
    const before = await provider.token({ sub: 'u-before' });
    await send('/v1/track', before, { event: 'e' });
    await provider.rotate();
    const after = await provider.token({ sub: 'u-after' });
    expect((await send('/v1/track', after, { event: 'e' })).status).toBe(200);
    // What was verified before is remembered.
    expect((await send('/v1/track', before, { event: 'f' })).status).toBe(200);
    const { rotatedOut } = provider;
    const old = await provider.token({ sub: 'u-old' }, { key: rotatedOut });
    expect((await send('/v1/track', old, { event: 'e' })).status).toBe(401);
  });

  it('may have several keys, and tokens that name none of them', async () => {
    const { algorithm } = provider.signingKey;
    const [other, strangers] = [await makeKey('other', algorithm), await makeKey('x', algorithm)];
    provider.others.push(other);
    // Its keys are fetched anew for one that isn't known.
    await send('/v1/track', await provider.token({ sub: 'u' }, { key: other }), { event: 'e' });
    for (const key of [provider.signingKey, other]) {
      const token = await provider.namelessToken({ sub: 'u' }, key);
      expect((await send('/v1/track', token, { event: 'e' })).status).toBe(200);
    }
    const token = await provider.namelessToken({ sub: 'u' }, strangers);
    expect((await send('/v1/track', token, { event: 'e' })).status).toBe(401);
  });

  it('is asked for its keys once, not for each token', async () => {
    const requests = provider.keyRequests;
    for (const sub of ['k-1', 'k-2', 'k-3']) {
      await send('/v1/track', await provider.token({ sub }), { event: 'e' });
    }
    expect(provider.keyRequests - requests).toBeLessThanOrEqual(1);
  });

  it('leaves other bearer tokens to be write keys, and requests without any alone', async () => {
    expect((await send('/v1/track', 'a-key', { userId: 'u-1', event: 'e' })).status).toBe(200);
    const plain = await server.post('/analytics?user=u-2&event=click');
    expect(plain.headers.get('X-Analytics-Rejected')).toBeNull();
    expect(await users()).toEqual(['click known u-2', 'e known u-1']);
  });
});

describe('an identity provider that is away', () => {
  it('is asked again, and keeps nobody else waiting', async () => {
    const provider = await IdentityProvider.start();
    const server = await startApplication({ identity: { issuer: provider.issuer } });
    const token = await provider.token({ sub: 'u' });
    const send = (path: string): Promise<Response> =>
      server.post(path, {
        headers: { Authorization: `Bearer ${token}` },
        body: '{"event":"click"}',
      });
    await provider.leave();
    for (const path of ['/analytics', '/analytics/batch', '/v1/track', '/batch/']) {
      const response = await send(path);
      expect(response.status).toBe(503);
      expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0);
      expect(await response.json()).toMatchObject({ code: 'identity_provider_unavailable' });
    }
    expect((await server.post('/analytics?user=u-2&event=click')).status).toBe(204);
    expect(await server.countEvents()).toBe(1);
    await provider.bringBack();
    expect((await send('/v1/track')).status).toBe(200);
    // Its keys were fetched just now, and are not again at once: a retry may find the new one.
    await provider.rotate();
    const headers = { Authorization: `Bearer ${await provider.token({ sub: 'u' })}` };
    const tooSoon = await server.post('/v1/track', { headers, body: '{"event":"e"}' });
    expect(tooSoon.status).toBe(503);
    await server.stop();
    await provider.stop();
  });
});
