import type { DataSource } from 'typeorm';

/** The tables in which a text stands, in whatever column: each row is read as one text. */
export async function holdsText(dataSource: DataSource, text: string): Promise<string[]> {
  const tables = await dataSource.query<{ name: string }[]>(
    `SELECT format('%I', tablename) AS name FROM pg_tables
     WHERE schemaname = current_schema() ORDER BY tablename`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await dataSource.query<unknown[]>(
      `SELECT FROM ${name} AS one WHERE strpos(one::text, $1) > 0 LIMIT 1`,
      [text],
    );
    if (rows.length > 0) found.push(name);
  }
  return found;
}
