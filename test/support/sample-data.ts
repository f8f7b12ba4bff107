import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProjectRoot } from '../../src/project-root.js';

/** Four days of a real site's access log, which lies beside the project where it's developed. */
export const accessLog = join(dirname(findProjectRoot()), 'shared', 'data', 'access.log');

/** Tests on it are registered only where it is. */
export const hasAccessLog = existsSync(accessLog);

if (!hasAccessLog)
  process.stdout.write('No ../shared/data/access.log: tests on it are left out.\n');
