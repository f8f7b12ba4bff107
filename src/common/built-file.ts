import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';

const SOURCES = join(import.meta.dirname, '..');

/**
 * A file that the build makes: a thread, which has no loader for TypeScript, or what browsers get. Where
 * the program runs from its source, as in tests, the build's is used.
 *
 * @param folder of the module that uses it
 * @param name within the folder
 */
export function builtFile(folder: string, name: string): string {
  const beside = join(folder, name);
  if (existsSync(beside)) return beside;
  return join(SOURCES, '..', 'dist', 'src', relative(SOURCES, folder), name);
}
