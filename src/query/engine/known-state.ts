import type { ClientBase } from 'pg';
import { RollupNames } from '../../rollup/rollup-names.js';
import { People } from './people.js';
import type { EngineState } from './range-run.js';
import type { QueryLimits } from './refusals.js';
import { SetCache } from './set-cache.js';
import type { Snapshot } from './snapshot.js';

/** What is remembered from one query to the next, each thing by its version in the snapshot. */
export class KnownState implements EngineState {
  readonly cache: SetCache;
  private knownPeople: People | undefined;
  private knownNames: { count: number; names: RollupNames } | undefined;

  constructor(
    readonly limits: QueryLimits,
    cacheBytes: number,
  ) {
    this.cache = new SetCache(cacheBytes);
  }

  async people(client: ClientBase, { mergesVersion }: Snapshot): Promise<People> {
    if (this.knownPeople?.version === mergesVersion) return this.knownPeople;
    const people = await People.read(client, mergesVersion);
    this.knownPeople = people;
    return people;
  }

  async names(client: ClientBase, { nameCount }: Snapshot): Promise<RollupNames> {
    if (this.knownNames?.count === nameCount) return this.knownNames.names;
    const names = await RollupNames.read(client);
    this.knownNames = { count: nameCount, names };
    return names;
  }

  /** Another server may have taken over, with versions of its own. */
  forget(): void {
    this.cache.clear();
    this.knownPeople = undefined;
    this.knownNames = undefined;
  }
}
