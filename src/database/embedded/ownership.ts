import { chownSync, statSync } from 'node:fs';

/** What root makes in someone's folder is theirs, so that they can start the server again. */
export function giveToOwnerOf(folder: string, path: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(folder);
  chownSync(path, uid, gid);
}
