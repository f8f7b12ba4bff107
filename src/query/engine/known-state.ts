import type { ClientBase } from 'pg';
import { RollupNames } from '../../rollup/rollup-names.js';
import { KnownPeople } from './known-people.js';
import type { People } from './people.js';
import type { EngineState } from './range-run.js';
import type { QueryLimits } from './refusals.js';
import { SetCache } from './set-cache.js';
import type { Snapshot } from './snapshot.js';

/** What is remembered from one query to the next, each thing by its version in the snapshot. */
export class KnownState implements EngineState {
  readonly cache: SetCache;
  private readonly knownPeople = new KnownPeople();
  private knownNames: { count: number; names: RollupNames } | undefined;
  private database: string | undefined;

  constructor(
    readonly limits: QueryLimits,
    cacheBytes: number,
  ) {
    this.cache = new SetCache(cacheBytes);
  }

  /** Before anything else is asked of it: what is known of another database is forgotten. */
  belongTo({ database }: Snapshot): void {
    if (this.database !== undefined && this.database !== database) this.forget();
    this.database = database;
  }

  people(client: ClientBase, snapshot: Snapshot): Promise<People> {
    return this.knownPeople.at(client, snapshot);
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
    this.knownPeople.forget();
    this.knownNames = undefined;
  }
}
