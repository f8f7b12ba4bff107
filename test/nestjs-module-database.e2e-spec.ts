import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Module,
  Post,
  type DynamicModule,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { AnalyticsModule, AnalyticsService, entities, migrations, Track } from '../src/index.js';
import { bringDatabaseBack, createEmptyDatabase, takeDatabaseAway } from './support/database.js';
import { until } from './support/poll.js';

const QUIET = { logger: false, abortOnError: false } as const;

@Entity('notes')
class Note {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('text')
  text!: string;
}

class Notes1700000000000 {
  name = 'Notes1700000000000';

  async up(runner: { query(sql: string): Promise<unknown> }): Promise<void> {
    await runner.query('CREATE TABLE notes (id serial PRIMARY KEY, text text NOT NULL)');
  }

  async down(runner: { query(sql: string): Promise<unknown> }): Promise<void> {
    await runner.query('DROP TABLE notes');
  }
}

@Controller()
class HandlersController {
  @Post('fails')
  @Track('fails', {
    user: () => {
      throw new Error('nobody knows');
    },
  })
  fails(): string {
    return 'answered';
  }

  @Get('nobody')
  @Track('nobody', { user: () => null })
  nobody(): string {
    return 'answered';
  }

  @Get('refused')
  @Track('refused', { user: () => '' })
  refused(): string {
    return 'answered';
  }

  @Get('waits')
  @Track('waits', { user: () => 'u', await: true })
  waits(): string {
    return 'answered';
  }
}

describe("the module on the application's one data source", () => {
  let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
  let app: INestApplication;
  let base: string;

  beforeAll(async () => {
    database = await createEmptyDatabase();
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          entities: [Note, ...entities],
          migrations: [Notes1700000000000, ...migrations],
          migrationsRun: true,
        }),
        AnalyticsModule.forRoot({ isGlobal: true }),
      ],
      controllers: [HandlersController],
    })
    class HostModule {}
    app = await NestFactory.create(HostModule, QUIET);
    await app.listen(0, '127.0.0.1');
    base = await app.getUrl();
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const codes = async (): Promise<Record<string, number>> => {
    const answer = await fetch(`${base}/analytics/rejections`);
    return ((await answer.json()) as { counts: Record<string, number> }).counts;
  };
  const count = async (event: string): Promise<object> => {
    const { totals } = await app.get(AnalyticsService, { strict: false }).query({
      metrics: ['events', 'unique_users'],
      date_range: 'all',
      filters: [['is', 'event', [event]]],
    });
    return totals;
  };

  it('shares its migrations and its tables', async () => {
    const notes = app.get(DataSource, { strict: false }).getRepository(Note);
    await notes.save({ text: 'kept' });
    expect(await notes.count()).toBe(1);
    const analytics = app.get(AnalyticsService, { strict: false });
    const at = new Date('2026-11-24T09:30:00.250Z');
    const event = { event: 'click', user: 7, timestamp: at, id: 'c-1' };
    expect(await analytics.record(event)).toMatchObject({ status: 'stored' });
    expect(await analytics.recordMany([event, { ...event, id: 'c-2' }])).toMatchObject([
      { status: 'duplicate' },
      { status: 'stored' },
    ]);
    expect(await analytics.hour(at)).toMatchObject({ clicks: 2, unique_users: 1 });
    await expect(analytics.hour('yesterday')).rejects.toMatchObject({ code: 'invalid_query' });
    const wrong = { metrics: ['users'], date_range: 'all' };
    await expect(analytics.query(wrong)).rejects.toMatchObject({ code: 'invalid_query' });
  });

  it('refuses what is no event by its place, and says why', async () => {
    const analytics = app.get(AnalyticsService, { strict: false });
    const events = [
      { event: '', user: 'u' },
      { event: 'click', user: 'u', timestamp: new Date(Number.NaN) },
      { event: 'click', user: 'u' },
    ];
    expect(await analytics.recordMany(events)).toMatchObject([
      { status: 'rejected', code: 'invalid_event' },
      { status: 'rejected', code: 'invalid_timestamp' },
      { status: 'stored' },
    ]);
  });

  it('answers whatever becomes of what is tracked, and notes what is not stored', async () => {
    const fails = await fetch(`${base}/fails`, { method: 'POST' });
    expect([fails.status, await fails.text()]).toEqual([201, 'answered']);
    expect(await (await fetch(`${base}/refused`)).text()).toBe('answered');
    await until(async () => {
      const { untracked, invalid_user: refused } = await codes();
      return untracked === 1 && refused === 1;
    });
  });

  it('counts what is nobody’s, and for those who asked not to be followed', async () => {
    await fetch(`${base}/nobody`);
    await fetch(`${base}/waits`, { headers: { 'Sec-GPC': '1' } });
    await until(async () => Object.values(await count('nobody'))[0] === 1);
    expect(await count('nobody')).toEqual({ events: 1, unique_users: 0 });
    expect(await count('waits')).toEqual({ events: 1, unique_users: 0 });
  });

  it('tells who waits for an event that it cannot be stored', async () => {
    expect((await fetch(`${base}/waits`)).status).toBe(200);
    await takeDatabaseAway(database.url);
    expect((await fetch(`${base}/waits`)).status).toBe(503);
    await bringDatabaseBack(database.url);
    await until(async () => (await fetch(`${base}/waits`)).status === 200);
  });
});

describe('a start', () => {
  const start = async (...imports: DynamicModule[]): Promise<void> => {
    @Module({ imports })
    class HostModule {}
    const app = await NestFactory.create(HostModule, QUIET);
    await app.close();
  };

  it('says what the module needs where there is no data source', async () => {
    await expect(start(AnalyticsModule.forRoot({ dataSource: 'shop' }))).rejects.toThrow(
      'AnalyticsModule needs the data source shop that TypeOrmModule has registered',
    );
  });

  it('says what a data source lacks', async () => {
    const database = await createEmptyDatabase();
    const own = (synchronize: boolean): DynamicModule =>
      TypeOrmModule.forRoot({
        type: 'postgres',
        url: database.url,
        // What an application has that is still being made.
        ...(synchronize && { synchronize, entities: [Note, ...entities] }),
      });
    try {
      await expect(start(own(false), AnalyticsModule.forRoot({}))).rejects.toThrow(
        'run its migrations by this data source',
      );
      await expect(start(own(true), AnalyticsModule.forRoot({}))).rejects.toThrow(
        'The data source has synchronize',
      );
    } finally {
      await database.drop();
    }
  });

  it.each([
    [{ path: 'a?b' }, 'path must be'],
    [{ tracker: { path: 'shop.js' } }, 'tracker.path must be'],
    [{ tracker: { pth: '/shop.js' } }, 'tracker must be true, false or'],
    [{ path: 5 }, 'path must be text'],
    [{ dashboard: 'no' }, 'dashboard must be true or false'],
    [{ segment: 0 }, 'segment must be true or false'],
    [{ guards: 'x' }, 'guards must be classes of guards'],
    [{ guards: [() => true] }, 'guards[0] must be a class'],
    [{ imports: 5 }, 'imports must be modules'],
    [{ name: '' }, 'name must be text'],
  ])('refuses %o', (options, message) => {
    expect(() => AnalyticsModule.forRoot(options as object)).toThrow(message);
  });

  it.each([
    [{ guard: [] }, 'guard is no field; accepted are path, '],
    [{ dashbord: false }, 'dashbord is no field'],
    [{ access: { open: true } }, 'access is no field'],
  ])('refuses %o beside options that come later', (beside, message) => {
    const options = { ...beside, useFactory: () => ({}) };
    expect(() => AnalyticsModule.forRootAsync(options)).toThrow(message);
  });

  it('goes on whatever its observer does', async () => {
    const database = await createEmptyDatabase();
    const fail = (): never => {
      throw new Error('observed');
    };
    const observer = {
      committed: fail,
      spooled: fail,
      rejected: fail,
      answered: fail,
      folded: fail,
    };
    const app = await NestFactory.createApplicationContext(
      AnalyticsModule.forRoot({ database: { url: database.url }, observer }),
      QUIET,
    );
    const analytics = app.get(AnalyticsService);
    expect(await analytics.record({ event: 'click', user: 'u' })).toMatchObject({
      status: 'stored',
    });
    expect(await analytics.record({ event: 'click', user: '' })).toMatchObject({
      status: 'rejected',
    });
    const { totals } = await analytics.query({ metrics: ['events'], date_range: '7d' });
    expect(totals).toEqual({ events: 1 });
    await app.close();
    await database.drop();
  });

  it('refuses what can be no name of a schema', async () => {
    const database = { url: 'postgres://localhost/none', schema: 'a; DROP TABLE users' };
    await expect(start(AnalyticsModule.forRoot({ database }))).rejects.toThrow('schema must be');
  });
});
