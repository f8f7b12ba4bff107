import { keyText } from '../../rollup/rollup-rows.js';
import { UserSet } from '../../rollup/user-set.js';
import type { Draft } from './rollup-groups.js';
import type { Head, RollupReader } from './rollup-reader.js';

/** What is held of sets that were read ahead: a year by the hour has gigabytes of them. */
const BYTES_AHEAD = 16 * 1024 * 1024;
const HEADS_AHEAD = 2_000;

/** Reads the users of groups as they are asked for, some groups ahead, and keeps no more than those. */
export class UsersLoader {
  private readonly places = new Map<Draft, number>();
  private ahead = new Map<string, UserSet>();

  /** @param drafts in the order in which they will mostly be asked for */
  constructor(
    private readonly reader: RollupReader,
    private readonly drafts: readonly Draft[],
  ) {
    for (const [place, draft] of drafts.entries()) this.places.set(draft, place);
  }

  /** @returns a set that isn't to be written into */
  async usersOf(draft: Draft): Promise<UserSet> {
    const { heads, leaves } = draft;
    if (!this.has(heads)) {
      if (bytesOf(heads) > BYTES_AHEAD) return await this.uniteInParts(draft);
      this.ahead = await this.reader.readUsers(this.headsFrom(draft));
    }
    return unite([...heads.map((head) => this.ahead.get(keyText(head))!), ...leaves]);
  }

  private has(heads: readonly Head[]): boolean {
    return heads.every((head) => this.ahead.has(keyText(head)));
  }

  private headsFrom(draft: Draft): Head[] {
    const heads = [...draft.heads];
    let bytes = bytesOf(heads);
    for (
      let place = (this.places.get(draft) ?? Infinity) + 1;
      place < this.drafts.length;
      place += 1
    ) {
      const more = this.drafts[place]!.heads;
      bytes += bytesOf(more);
      if (bytes > BYTES_AHEAD || heads.length + more.length > HEADS_AHEAD) break;
      heads.push(...more);
    }
    return heads;
  }

  private async uniteInParts({ heads, leaves }: Draft): Promise<UserSet> {
    const users = UserSet.empty();
    for (const set of leaves) users.add(set);
    for (const part of inParts(heads)) {
      for (const set of (await this.reader.readUsers(part)).values()) users.add(set);
    }
    return users;
  }
}

function bytesOf(heads: readonly Head[]): number {
  return heads.reduce((sum, { bytes }) => sum + bytes, 0);
}

function inParts(heads: readonly Head[]): Head[][] {
  const parts: Head[][] = [[]];
  let bytes = 0;
  for (const head of heads) {
    bytes += head.bytes;
    if (bytes > BYTES_AHEAD && parts.at(-1)!.length > 0) {
      parts.push([]);
      bytes = head.bytes;
    }
    parts.at(-1)!.push(head);
  }
  return parts;
}

function unite(sets: readonly UserSet[]): UserSet {
  if (sets.length === 1) return sets[0]!;
  const united = UserSet.empty();
  for (const set of sets) united.add(set);
  return united;
}
