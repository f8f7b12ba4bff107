import { afterAll, describe, expect, it } from '@jest/globals';
import { findFreePort } from '../../src/database/embedded/postmaster.js';
import { bringDatabaseBack, createEmptyDatabase, takeDatabaseAway } from '../support/database.js';
import { askForSomebody, MARK, sendRubbish } from '../support/hostile-requests.js';
import { until } from '../support/poll.js';
import { queryAt, Workplace, type Program } from '../support/program.js';

/** Express writes errors to the console, except in tests. */
const PRODUCTION = { NODE_ENV: 'production' };

interface Line {
  level: string;
  time: string;
  msg: string;
  pid: number;
  request?: string;
  method?: string;
  route?: string;
  status?: number | string;
  ms?: number;
}

describe('the log', () => {
  const place = new Workplace();

  afterAll(() => place.clear());

  it.each([
    ['json', 'debug', '1'],
    ['text', 'debug', '2'],
  ])('never holds anything of people: %s, %s, %s processes', async (format, level, workers) => {
    const database = await createEmptyDatabase();
    const port = String(await findFreePort());
    const base = `http://127.0.0.1:${port}`;
    const server = await place.startReady(
      {
        env: {
          ...PRODUCTION,
          PORT: port,
          DATABASE_URL: database.url,
          LOG_FORMAT: format,
          LOG_LEVEL: level,
          WEB_CONCURRENCY: workers,
          ACCESS: 'open',
          WRITE_KEYS: `shop=${MARK}-0123456789`,
        },
      },
      place.dataDir(`${format}-${level}`),
    );
    const there = await askForSomebody(base);
    await sendRubbish(base);
    expect(there.filter(({ status }) => status >= 500)).toEqual([]);
    expect(there.some(({ status }) => status === 200)).toBe(true);

    await breakTables(database.url);
    const broken = await askForSomebody(base);
    const failed = await fetch(`${base}/analytics/rejections`);
    expect(failed.status).toBe(500);
    await server.says(`Request ${failed.headers.get('X-Request-Id')}: `);

    await takeDatabaseAway(database.url);
    const away = await askForSomebody(base);
    expect(away.some(({ status }) => status === 503)).toBe(true);
    await bringDatabaseBack(database.url);
    await until(async () => (await fetch(`${base}/health/ready`)).status === 200);
    expect(await server.stop()).toBe(0);

    expect(server.output).not.toContain(MARK);
    expect(server.output).not.toContain('198.51.100.1');
    expect(server.output).toContain('XX000');
    // The lines of all these requests are there to be looked at.
    const numbered = [...there, ...broken, ...away].filter(({ id }) => server.output.includes(id!));
    expect(numbered).toHaveLength(there.length + broken.length + away.length);
    await database.drop();
  });

  it('is an object a line for programs, with one for each request by its number', async () => {
    const port = String(await findFreePort());
    const server = await place.startReady({ env: { PORT: port, LOG_FORMAT: 'json' } });
    const base = `http://127.0.0.1:${port}`;
    const id = '01JDK3ZQ8N5T7V9XB2C4D6F8GH';
    await fetch(`${base}/analytics/users/somebody?limit=3`, { headers: { 'X-Request-Id': id } });
    await server.says(id);
    expect(await server.stop()).toBe(0);
    const lines = linesOf(server);
    expect(lines.find(({ request }) => request === id)).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      pid: server.pid,
      request: id,
      method: 'GET',
      route: '/analytics/users/:id',
      status: 404,
      ms: expect.any(Number),
      msg: 'request',
    });
    const messages = lines.map(({ msg }) => msg);
    expect(messages).toContainEqual(expect.stringContaining('User Analytics is ready.'));
    expect(messages.at(-1)).toBe('Stopped.');
    // Nothing but that at a start that went well.
    expect(lines.filter(({ level }) => level !== 'info')).toEqual([]);
    expect(messages.join('\n')).not.toContain('Mapped {');
  });

  it('is what went wrong for people, and nothing of requests', async () => {
    const server = await place.startReady();
    const answer = await fetch(`${server.url}/analytics/users/somebody`);
    expect(await server.stop()).toBe(0);
    expect(server.output).not.toContain(answer.headers.get('X-Request-Id'));
    expect(server.output).not.toContain('/analytics/users/');
  });

  it('says why there is no start, in the format that was asked for', async () => {
    const database = 'postgres://nobody:hunter2@127.0.0.1:1/none';
    const env = { LOG_FORMAT: 'json', PORT: '1', HOST: '192.0.2.1', DATABASE_URL: database };
    const wrong = place.start({ env: { ...env, LOG_LEVEL: 'loud' } });
    expect(await wrong.exited).toBe(1);
    expect(wrong.output).toContain('LOG_LEVEL must be one of error, warn, info, debug');
    const away = place.start({ env });
    await away.says('"level":"info"');
    expect(await away.stop('SIGINT')).toBe(0);
    expect(linesOf(away).every(({ msg }) => typeof msg === 'string')).toBe(true);
    expect(away.output).not.toContain('hunter2');
  });
});

function linesOf({ output }: Program): Line[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** So that the database's errors show what was sent, where it is refused and where nobody knows why. */
async function breakTables(url: string): Promise<void> {
  for (const statement of [
    `CREATE FUNCTION break_users() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       RAISE EXCEPTION 'this breaks: % %', NEW.id, NEW.traits USING ERRCODE = 'XX000', DETAIL = NEW.id;
     END $$`,
    `CREATE TRIGGER break BEFORE INSERT OR UPDATE ON users
     FOR EACH ROW EXECUTE FUNCTION break_users()`,
    'ALTER TABLE rejections RENAME TO rejections_of_old',
    `CREATE FUNCTION break_rejections() RETURNS SETOF rejections_of_old LANGUAGE plpgsql AS $$ BEGIN
       RAISE EXCEPTION 'this breaks: ${MARK}' USING ERRCODE = 'XX000', DETAIL = '${MARK}';
     END $$`,
    'CREATE VIEW rejections AS SELECT * FROM break_rejections()',
  ]) {
    await queryAt(url, statement);
  }
}
