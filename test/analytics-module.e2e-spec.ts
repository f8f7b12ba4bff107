import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AppModule } from '../src/app.module.js';
import { Clock } from '../src/common/clock.js';
import { createDatabase, type TestDatabase } from './support/database.js';

/** 2008-10-21T05:46:39.999Z */
const NOW = 1_224_567_999_999;

describe('the module inside an application that parses bodies itself', () => {
  let database: TestDatabase;
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    database = await createDatabase();
    const module = await Test.createTestingModule({ imports: [AppModule.on(database.dataSource)] })
      .overrideProvider(Clock)
      .useValue({ now: () => NOW })
      .compile();
    app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it.each([
    ['application/json', '{"user":"3","event":"click"}'],
    ['application/x-www-form-urlencoded', 'user=4&event=impression'],
  ])('takes %s, and gives an event without timestamp its own time', async (type, body) => {
    const response = await fetch(`${url}/analytics`, {
      method: 'POST',
      headers: { 'Content-Type': type },
      body,
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('X-Analytics-Rejected')).toBeNull();
  });

  it('counts them at that time, to the millisecond', async () => {
    const report = (timestamp: number): Promise<string> =>
      getText(`${url}/analytics?timestamp=${timestamp}`);
    expect(await report(NOW)).toBe('unique_users,2\nclicks,1\nimpressions,1\n');
    expect(await report(NOW - 1)).toBe('unique_users,0\nclicks,0\nimpressions,0\n');
    expect(await report(NOW + 3_600_000)).toBe('unique_users,2\nclicks,1\nimpressions,1\n');
  });
});

async function getText(url: string): Promise<string> {
  const response = await fetch(url);
  return response.text();
}
