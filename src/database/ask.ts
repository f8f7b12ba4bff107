import type { ClientBase } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';

/** A database that can be asked: TypeORM's, or one connection. */
export type Ask = <Row>(text: string, values?: unknown[]) => Promise<Row[]>;

export function askOf(client: ClientBase): Ask {
  return async <Row>(text: string, values?: unknown[]) => {
    const { rows } = await client.query(text, values);
    return rows as Row[];
  };
}

export function askBy(dataSource: Pick<DataSource | EntityManager, 'query'>): Ask {
  return (text, values) => dataSource.query(text, values);
}
