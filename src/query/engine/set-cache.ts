import type { UserSet } from '../../rollup/user-set.js';

interface Entry {
  version: string;
  users: UserSet;
  bytes: number;
}

/**
 * Sets of users that were read from rollups, the least lately used leaving first. A row's version
 * changes with it, so that what is kept never has to be told of changes.
 */
export class SetCache {
  private readonly entries = new Map<string, Entry>();
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** Not to be written into. */
  get(key: string, version: string): UserSet | undefined {
    const entry = this.entries.get(key);
    if (entry?.version !== version) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.users;
  }

  set(key: string, version: string, users: UserSet): void {
    this.remove(key);
    const entry = { version, users, bytes: users.bytes + key.length * 2 };
    if (entry.bytes > this.maxBytes / 4) return;
    this.entries.set(key, entry);
    this.bytes += entry.bytes;
    for (const oldest of this.entries.keys()) {
      if (this.bytes <= this.maxBytes) break;
      this.remove(oldest);
    }
  }

  /** Versions belong to one database server: another may have taken over. */
  clear(): void {
    this.entries.clear();
    this.bytes = 0;
  }

  private remove(key: string): void {
    const entry = this.entries.get(key);
    if (!entry) return;
    this.entries.delete(key);
    this.bytes -= entry.bytes;
  }
}
