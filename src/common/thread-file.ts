import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';

const SOURCES = join(import.meta.dirname, '..');

/**
 * The compiled file of a thread. A thread has no loader for TypeScript: where the program runs from
 * its source, as in tests, the build is used.
 *
 * @param folder of the module that starts it
 * @param name with the ending `.js`
 */
export function threadFile(folder: string, name: string): string {
  const beside = join(folder, name);
  if (existsSync(beside)) return beside;
  return join(SOURCES, '..', 'dist', 'src', relative(SOURCES, folder), name);
}
