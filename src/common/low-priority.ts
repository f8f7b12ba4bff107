import { setPriority } from 'node:os';

const LOW = 10;

/**
 * Lets this thread step back behind the one that takes requests. On Linux the number 0 is the calling
 * thread alone (setpriority(2)); elsewhere it would be the whole process, and nothing is done.
 */
export function stepBack(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, LOW);
  } catch {
    // Not permitted here: it works all the same.
  }
}
