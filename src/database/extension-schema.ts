import type { Ask } from './ask.js';

/**
 * Where TimescaleDB's functions lie. Connections may look at our own schema alone.
 *
 * @returns in quotes; undefined where there is no such extension
 */
export async function extensionSchema(ask: Ask): Promise<string | undefined> {
  const [extension] = await ask<{ schema: string }>(
    `SELECT quote_ident(nspname) AS schema FROM pg_extension
     JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'timescaledb'`,
  );
  return extension?.schema;
}
