import { Logger, Module, type DynamicModule, type Provider } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { openDatabase } from '../database/open-database.js';
import { checkDatabase } from '../database/check-database.js';
import type { DatabaseOptions } from './analytics.options.js';

/** Injects the data source of the application around the module; undefined where it has none. */
const HOST_DATA_SOURCE = Symbol('the data source of the application around the analytics module');

/**
 * Finds it outside of the module, where `DataSource` isn't the module's own yet.
 */
@Module({})
export class HostDataSourceModule {
  /** @param name that it was registered with */
  static named(name: string | undefined): DynamicModule {
    return {
      module: HostDataSourceModule,
      providers: [
        {
          provide: HOST_DATA_SOURCE,
          inject: [{ token: getDataSourceToken(name), optional: true }],
          useFactory: (dataSource?: DataSource) => dataSource,
        },
      ],
      exports: [HOST_DATA_SOURCE],
    };
  }
}

/** What the module works on. */
export abstract class Connection {
  abstract readonly dataSource: DataSource;
  /** Ends it where it's the module's own. */
  abstract close(): Promise<void>;
}

/**
 * @param options token of the module's options
 * @param name of the data source that was asked for
 */
export function connectionProviders(
  options: string | symbol,
  name: string | undefined,
): Provider[] {
  return [
    {
      provide: Connection,
      inject: [options, { token: HOST_DATA_SOURCE, optional: true }],
      useFactory: (given: { database?: DatabaseOptions }, host?: DataSource) =>
        given.database ? open(given.database) : use(host, name),
    },
    {
      provide: DataSource,
      inject: [Connection],
      useFactory: ({ dataSource }: Connection) => dataSource,
    },
  ];
}

async function open({ url, schema }: DatabaseOptions): Promise<Connection> {
  const logger = new Logger('Analytics');
  const log = (line: string): void => logger.log(line);
  const dataSource = await openDatabase(url, log, undefined, { name: 'database.url', schema });
  return { dataSource, close: () => dataSource.destroy() };
}

/** @throws TypeError where there is none, DatabaseError where it isn't as it has to be */
async function use(
  dataSource: DataSource | undefined,
  name: string | undefined,
): Promise<Connection> {
  if (!dataSource) {
    const which = name === undefined ? 'a data source' : `the data source ${name}`;
    throw new TypeError(
      `AnalyticsModule needs ${which} that TypeOrmModule has registered, or the option database with a url`,
    );
  }
  await checkDatabase(dataSource);
  return { dataSource, close: async () => {} };
}
