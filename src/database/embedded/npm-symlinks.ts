import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Links the npm package's libraries to the names that the server loads them by. npm packages can't
 * hold links, so its install script makes them, which `npm ci --ignore-scripts` leaves out.
 *
 * @param native the package's folder of that name
 */
export function restoreSymlinks(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(dirname(native), target);
    if (!existsSync(path)) link(basename(source), path);
  }
}

/** Another start may be doing the same; a folder of someone else's is left as it is. */
function link(source: string, path: string): void {
  try {
    symlinkSync(source, path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (!['EEXIST', 'EACCES', 'EPERM', 'EROFS'].includes(String(code))) throw error;
  }
}
