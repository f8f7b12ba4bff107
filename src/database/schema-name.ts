/** What a schema's name may be, for people. */
export const SCHEMA_NAMES = '1 to 63 of the letters a to z, digits and _, with no digit first';

/** Whether it needs no quotation marks, nor can be anything but a name. */
export function isSchemaName(text: string): boolean {
  return /^[a-z_][a-z0-9_]{0,62}$/.test(text);
}
