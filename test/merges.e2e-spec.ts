import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IdentityResolver } from '../src/access/identity-resolver.js';
import { UnauthorizedError } from '../src/access/unauthorized-error.js';
import type { MergeDto } from '../src/profiles/merges/merges.dto.js';
import { startApplication, type TestApplication } from './support/application.js';
import { PeopleClient } from './support/people.js';

describe('merges', () => {
  let server: TestApplication;
  let people: PeopleClient;

  beforeAll(async () => {
    server = await startApplication();
    people = new PeopleClient(server);
  });
  afterAll(() => server.stop());

  /** @returns the newest one */
  async function merge(anonymousId: string, userId: string, traits = {}): Promise<MergeDto> {
    await people.call('identify', { anonymousId, userId, traits });
    return (await people.merges('?limit=1')).merges[0]!;
  }

  it('are listed with who said so and when, and undone with who did', async () => {
    const made = await merge('b-1', 'u-1');
    expect(made).toEqual({
      id: made.id,
      anonymous: 'b-1',
      user: 'u-1',
      since: expect.any(String),
      merged_by: 'POST /v1/identify',
      undone_at: null,
      undone_by: null,
    });
    expect(Math.abs(Date.parse(made.since as unknown as string) - Date.now())).toBeLessThan(60_000);
    const undone = await people.undone(made.id);
    const by = `DELETE /analytics/merges/${made.id}`;
    const changes = { undone_at: expect.any(String), undone_by: by };
    expect(undone).toEqual(Object.assign({}, made, changes));
    expect(await people.undone(made.id)).toEqual(undone);
    const one = await server.get(`/analytics/merges/${made.id}`);
    expect(await one.json()).toEqual(undone);
    // A later identify call may say it again.
    const again = await merge('b-1', 'u-1');
    expect(again.id).toBeGreaterThan(made.id);
    const { merges } = await people.merges('?user=u-1');
    expect(merges).toEqual([again, undone]);
  });

  it('a retry of the call that merged two does not bring back what was undone', async () => {
    const call = {
      messageId: 'm-1',
      timestamp: '2026-01-01T00:00:00Z',
      anonymousId: 'b-retry',
      userId: 'u-retry',
    };
    await people.call('identify', call);
    const [made] = (await people.merges('?user=u-retry')).merges;
    await people.undone(made!.id);
    await people.call('identify', call);
    const { merges } = await people.merges('?user=u-retry');
    expect(merges.map(({ undone_at }) => undone_at !== null)).toEqual([true]);
  });

  it('are found by user, anonymous id and whether they hold, page by page', async () => {
    for (const index of [0, 1, 2, 3, 4]) await merge(`f-${index}`, 'found');
    await merge('f-other', 'other');
    const { merges: all } = await people.merges('?user=found');
    expect(all.map(({ anonymous }) => anonymous)).toEqual(['f-4', 'f-3', 'f-2', 'f-1', 'f-0']);
    await people.undone(all[1]!.id);
    expect((await people.merges('?user=found&active=true')).merges).toHaveLength(4);
    expect((await people.merges('?user=found&active=false')).merges).toHaveLength(1);
    expect((await people.merges('?anonymous=f-2')).merges).toEqual([all[2]]);
    expect((await people.merges('?anonymous=f-2&user=other')).merges).toEqual([]);
    expect((await people.merges('?user=never')).merges).toEqual([]);
    const pages: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query = cursor === '' ? '' : `&cursor=${cursor}`;
      const { merges, next_cursor } = await people.merges(`?user=found&limit=2${query}`);
      pages.push(merges.map(({ anonymous }) => anonymous).join());
      cursor = next_cursor;
    }
    expect(pages).toEqual(['f-4,f-3', 'f-2,f-1', 'f-0']);
  });

  it.each([
    ['?limit=0', 'limit'],
    ['?limit=1001', 'limit'],
    ['?limit=x', 'limit'],
    ['?cursor=x', 'cursor'],
    [`?cursor=${Buffer.from('[1e300]').toString('base64url')}`, 'cursor'],
    ['?active=yes', 'active'],
    ['?user=a&user=b', 'user'],
    ['?user=%00', 'user'],
    [`?anonymous=${'x'.repeat(256)}`, 'anonymous'],
    ['/refused?cursor=WzFd', 'cursor'],
  ])('a list refuses %s', async (query, name) => {
    const response = await server.get(`/analytics/merges${query}`);
    expect(response.status).toBe(400);
    const { code, message } = (await response.json()) as { code: string; message: string };
    expect(code).toBe('invalid_parameter');
    expect(message).toContain(name);
  });

  it.each(['0', '999999', '99999999999999999999', '-1', 'x', '1%00'])(
    'there is no merge %s',
    async (id) => {
      for (const method of ['GET', 'DELETE']) {
        const response = await server.get(`/analytics/merges/${id}`, { method });
        expect(response.status).toBe(404);
        expect(await response.json()).toMatchObject({ code: 'unknown_merge' });
      }
      const noted = `SELECT FROM audit_log WHERE details ->> 'merge' = $1`;
      expect(await server.dataSource.query(noted, [id.replace('\0', '')])).toEqual([]);
    },
  );

  it('that are refused are listed with the reason', async () => {
    await merge('r-1', 'r-first');
    for (const userId of ['r-second', 'r-third', 'r-second']) {
      await people.call('identify', { anonymousId: 'r-1', userId });
    }
    await people.call('alias', { previousId: 'r-first', userId: 'r-second' });
    await people.call('alias', { previousId: 'r-second', userId: 'r-second' });
    const { refused } = await people.refused();
    const second = { kind: 'known', id: 'r-second' };
    expect(refused).toMatchObject([
      { from: second, into: second, reason: 'itself', times: 1, refused_by: 'POST /v1/alias' },
      { from: { kind: 'known', id: 'r-first' }, into: second, reason: 'both_known' },
      { from: { kind: 'anonymous', id: 'r-1' }, reason: 'belongs_to_another', times: 2 },
      { into: { kind: 'known', id: 'r-third' }, reason: 'belongs_to_another', times: 1 },
    ]);
    expect(refused[2]!.message).toMatch(/first one keeps them/);
    expect(refused[2]!.first_at < refused[2]!.last_at).toBe(true);
    const first = await people.refused('?limit=3');
    const rest = await people.refused(`?limit=3&cursor=${first.next_cursor}`);
    expect([...first.refused, ...rest.refused]).toEqual(refused);
    expect(rest.next_cursor).toBeNull();
  });

  it('an alias call merges, and a person may have many anonymous ids', async () => {
    await people.call('track', { anonymousId: 'x-1', event: 'seen' });
    await people.call('alias', { previousId: 'x-1', userId: 'x' });
    await people.call('alias', { previousId: 'x-2', userId: 'x' });
    const { merges } = await people.merges('?user=x&active=true');
    expect(merges.map(({ anonymous }) => anonymous)).toEqual(['x-2', 'x-1']);
  });

  it('bring traits to the person, below their own, and undoing takes them away', async () => {
    await people.call('identify', { anonymousId: 't-1', traits: { lang: 'de', plan: 'trial' } });
    const made = await merge('t-1', 't', { name: 'Jo' });
    expect(await people.traitsOf('t')).toEqual({ lang: 'de', plan: 'trial', name: 'Jo' });
    expect(await people.set('t', { plan: 'pro' })).toEqual({
      lang: 'de',
      plan: 'pro',
      name: 'Jo',
    });
    // What is said of the anonymous id later is the person's, too; of another one the newest.
    const csv = 'user,anonymous,lang,city\nt-1,true,fr,Rome\nt-2,true,it,\n';
    expect(await people.imported('csv', csv)).toMatchObject({ stored: 2 });
    expect(await people.traitsOf('t')).toMatchObject({ lang: 'fr', city: 'Rome', plan: 'pro' });
    await merge('t-2', 't');
    expect(await people.traitsOf('t')).toMatchObject({ lang: 'it', city: 'Rome', plan: 'pro' });
    await people.undone(made.id);
    expect(await people.traitsOf('t')).toEqual({ lang: 'it', plan: 'pro', name: 'Jo' });
    expect(await people.traitsOf('t-1', 'anonymous')).toEqual({
      lang: 'fr',
      plan: 'trial',
      city: 'Rome',
    });
    await people.call('identify', { anonymousId: 't-1', traits: { lang: 'en' } });
    expect(await people.traitsOf('t')).toMatchObject({ lang: 'it' });
  });

  it('a removed trait stays removed, whatever anonymous users had', async () => {
    await people.call('identify', { anonymousId: 'n-1', traits: { plan: 'trial', lang: 'de' } });
    await merge('n-1', 'n');
    expect(await people.set('n', { plan: null })).toEqual({ lang: 'de' });
    await people.call('identify', { anonymousId: 'n-1', traits: { plan: 'again' } });
    expect(await people.traitsOf('n')).toEqual({ lang: 'de' });
  });

  it('undone and made at once, each is one row, and one holds at most', async () => {
    await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        await people.call('identify', { anonymousId: 'race', userId: `race-${index % 3}` });
        const { merges } = await people.merges('?anonymous=race&active=true');
        if (merges[0] && index % 2 === 0) await people.undone(merges[0].id);
      }),
    );
    const { merges } = await people.merges('?anonymous=race');
    expect(merges.filter(({ undone_at }) => undone_at === null).length).toBeLessThan(2);
    // In the order in which they were made, none begins before the one before has ended.
    for (const [index, later] of merges.slice(0, -1).entries()) {
      expect(merges[index + 1]!.undone_at! <= later.since).toBe(true);
    }
  });
});

/** Tells users by a header, as an application around the module may. */
class HeaderResolver extends IdentityResolver {
  override resolve({ headers }: { headers: Record<string, unknown> }) {
    const user = headers['x-operator'];
    if (user === 'nobody') throw new UnauthorizedError('invalid_token', 'no such operator');
    return Promise.resolve(typeof user === 'string' ? { user } : undefined);
  }
}

describe('the undoing of a merge, where requests tell who they are from', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
    const resolver = new HeaderResolver();
    server.app.get(IdentityResolver).resolve = (request) => resolver.resolve(request);
  });
  afterAll(() => server.stop());

  it('names the user; one who is not known undoes nothing', async () => {
    const people = new PeopleClient(server);
    await people.call('identify', { anonymousId: 'b', userId: 'u' });
    const [made] = (await people.merges()).merges;
    const refused = await people.undo(made!.id, { headers: { 'X-Operator': 'nobody' } });
    expect([refused.status, await refused.json()]).toMatchObject([401, { code: 'invalid_token' }]);
    const undone = await people.undo(made!.id, { headers: { 'X-Operator': 'ann' } });
    const { undone_by } = (await undone.json()) as MergeDto;
    expect(undone_by).toBe(`DELETE /analytics/merges/${made!.id}, token of ann`);
  });
});
