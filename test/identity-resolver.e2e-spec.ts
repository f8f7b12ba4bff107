import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { IdentityResolver, type ResolvedIdentity } from '../src/access/identity-resolver.js';
import { Clock } from '../src/common/clock.js';
import { startApplication, type TestApplication } from './support/application.js';
import { holdsText } from './support/holds-text.js';
import { storedCalls, traitsOf } from './support/segment.js';

/** As an application has it that knows its users by sessions. */
@Injectable()
class SessionResolver extends IdentityResolver {
  constructor(private readonly clock: Clock) {
    super();
  }

  override resolve({ headers }: IncomingMessage): ResolvedIdentity | undefined {
    const session = headers['x-session'];
    if (typeof session !== 'string') return undefined;
    return { user: session, traits: { seen: this.clock.now() > 0 } };
  }
}

const INSTANCE = new (class extends IdentityResolver {
  override resolve(): Promise<ResolvedIdentity> {
    return Promise.resolve({ user: 's-1', traits: { seen: true } });
  }
})();

describe("an application's own resolver", () => {
  let server: TestApplication;
  afterEach(() => server.stop());

  it.each([
    ['a class', SessionResolver],
    ['an instance', INSTANCE],
  ])('tells whose events are, as %s', async (_, identityResolver) => {
    server = await startApplication({ identityResolver });
    const headers = { 'X-Session': 's-1' };
    await server.post('/analytics?user=u&event=click', { headers });
    await server.post('/v1/track', { headers, body: '{"userId":"u","event":"e"}' });
    const calls = await storedCalls(server.dataSource);
    expect(calls.map(({ user, kind }) => `${kind} ${user}`)).toEqual(['known s-1', 'known s-1']);
    expect(await traitsOf(server.dataSource, 's-1')).toEqual({ seen: true });
  });

  it('isn’t heard where somebody has opted out', async () => {
    server = await startApplication({ identityResolver: INSTANCE });
    const headers = { 'Sec-GPC': '1' };
    await server.post('/analytics?user=u&event=click', { headers });
    await server.post('/v1/track', { headers, body: '{"userId":"u","event":"e"}' });
    const batch = { body: '[{"user":"u","event":"e"}]' };
    const type = { 'Content-Type': 'application/json' };
    await server.post('/analytics/batch', { ...batch, headers: { ...headers, ...type } });
    expect(await server.countEvents()).toBe(3);
    expect(await holdsText(server.dataSource, 's-1')).toEqual([]);
    // Its traits aren't taken for stored ones either.
    await server.post('/analytics/batch', { ...batch, headers: type });
    expect(await traitsOf(server.dataSource, 's-1')).toEqual({ seen: true });
  });
});
