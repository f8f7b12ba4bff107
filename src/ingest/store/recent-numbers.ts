import type { NumberCache } from './number-table.js';

/**
 * A bounded memory in two halves: when the young one is full the old one is dropped and the young one
 * takes its place, and what is asked for in the old one is young again. It keeps what is used, as a
 * list by last use would, at half of that one's cost.
 */
export class RecentNumbers implements NumberCache {
  private young = new Map<string, number>();
  private old = new Map<string, number>();

  /** @param max entries at most */
  constructor(private readonly max: number) {}

  get(key: string): number | undefined {
    const number = this.young.get(key);
    if (number !== undefined) return number;
    const before = this.old.get(key);
    if (before !== undefined) this.set(key, before);
    return before;
  }

  set(key: string, number: number): void {
    if (this.young.size >= this.max / 2) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, number);
  }

  clear(): void {
    this.young.clear();
    this.old.clear();
  }
}
