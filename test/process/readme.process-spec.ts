import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Workplace } from '../support/program.js';

const README = readFileSync('README.md', 'utf8');

/** The script that the README shows, with the SDK as it is on npm. */
function script(url: string): string {
  const [, text] = /```js\n([^]*?)```/.exec(README)!;
  return text!.replace('http://127.0.0.1:8080', url);
}

describe("the README's visitor", () => {
  const workplace = new Workplace();
  afterAll(() => workplace.clear());

  it('is one person, the days before they signed up included', async () => {
    const program = await workplace.startReady();
    const { url } = program;
    const ask = async (path: string): Promise<unknown> => (await fetch(url + path)).json();
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script(url)]);
    expect(await ask('/analytics/users/u-97?limit=1')).toMatchObject({
      id: 'u-97',
      traits: { email: 'ada@example.com', plan: 'pro' },
      identities: [
        { kind: 'known', id: 'u-97' },
        { kind: 'anonymous', id: 'browser-7f3a' },
      ],
      groups: [{ id: 'acme', traits: { name: 'Acme Ltd.' } }],
      first_seen: '2026-11-22T10:00:00.000Z',
      events: 7,
    });
    const query =
      'metrics=unique_users,clicks&dimensions=trait:plan&date_range=2026-11-22,2026-11-24';
    expect(await ask(`/analytics/query?${query}`)).toMatchObject({
      results: [{ 'trait:plan': 'pro', unique_users: 1, clicks: 2 }],
    });
    expect(await ask('/analytics/rejections')).toMatchObject({ rejections: [] });
  });
});
