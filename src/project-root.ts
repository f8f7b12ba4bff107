import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The project's folder, from its sources as from what is built of them. */
export function findProjectRoot(from: string = import.meta.dirname): string {
  return existsSync(join(from, 'package.json')) ? from : findProjectRoot(dirname(from));
}
