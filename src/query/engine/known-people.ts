import type { ClientBase } from 'pg';
import { People } from './people.js';
import type { Snapshot } from './snapshot.js';

/** Of questions that a thread has under way at once, a later snapshot's may come first. */
const VERSIONS_KEPT = 8;

/** Remembers who is whom, and reads of each snapshot what is new in it alone. */
export class KnownPeople {
  /** By rising version. */
  private known: People[] = [];

  /** Who is whom, as a snapshot sees it, be it older than what is known. */
  async at(client: ClientBase, snapshot: Snapshot): Promise<People> {
    const { mergesVersion: version, mergesResetAt } = snapshot;
    const before = this.known.findLast((people) => people.version <= version);
    if (before?.version === version) return before;
    const isUsable = before && before.version >= mergesResetAt;
    const people = isUsable
      ? await before.readOn(client, version)
      : await People.read(client, version);
    this.keep(people);
    return people;
  }

  forget(): void {
    this.known = [];
  }

  private keep(people: People): void {
    const others = this.known.filter(({ version }) => version !== people.version);
    this.known = [...others, people]
      .toSorted((one, other) => one.version - other.version)
      .slice(-VERSIONS_KEPT);
  }
}
