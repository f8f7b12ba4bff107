/** What a schema's name may be, for people. */
export const SCHEMA_NAMES =
  "1 to 63 of the letters a to z, digits and _, with no digit first, and none of PostgreSQL's own";

/** Whether it's the same with quotation marks and without, and not the server's own. */
export function isSchemaName(text: string): boolean {
  return /^(?!pg_|information_schema$)[a-z_][a-z0-9_]{0,62}$/.test(text);
}
