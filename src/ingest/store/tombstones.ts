import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { parseJsonObject } from '../../common/json-object.js';
import { isUserId } from '../../common/text.js';
import type { NormalisedEvent } from '../normalise.js';
import { stringsIn } from './strings-in.js';

type Kind = 'known' | 'anonymous';

/** What of an event names users. */
type Mentioning = Pick<NormalisedEvent, 'time' | 'user' | 'isAnonymous' | 'identity'>;

interface Row {
  inner: Buffer;
  outer: Buffer;
  hash: Buffer | null;
  before: number | null;
}

/** Who was erased lately, as keyed hashes: it can be asked for an id, and names none. */
export class Tombstones {
  private constructor(
    private readonly inner: Buffer,
    private readonly outer: Buffer,
    /** In milliseconds, by the hash. */
    private readonly erasedBefore: ReadonlyMap<string, number>,
  ) {}

  static async read(dataSource: DataSource): Promise<Tombstones> {
    const rows = await dataSource.query<Row[]>(
      `SELECT inner_block AS inner, outer_block AS outer, hash,
         extract(epoch FROM erased_before)::float8 * 1000 AS before
       FROM erasure_key LEFT JOIN tombstones ON expires_at > clock_timestamp()`,
    );
    const hashes = rows.flatMap(({ hash, before }): [string, number][] =>
      hash === null ? [] : [[hash.toString('base64'), before!]],
    );
    return new Tombstones(rows[0]!.inner, rows[0]!.outer, new Map(hashes));
  }

  get isEmpty(): boolean {
    return this.erasedBefore.size === 0;
  }

  /**
   * An event as it may be kept: without the visitor whom it may have been sent as, where they were
   * erased since.
   *
   * @returns undefined where it's older than the erasure of its user, or of another one whom it says
   *   that they were
   */
  living<E extends Mentioning>(event: E): E | undefined {
    const { time, user, isAnonymous, identity } = event;
    const kind = isAnonymous ? 'anonymous' : 'known';
    if (this.isErased(kind, user, time)) return undefined;
    if (identity === undefined) return event;
    const { sent_as: sentAs, ...said } = parseJsonObject(identity) ?? {};
    const isOthers =
      this.isErased('anonymous', said['anonymous'], time) ||
      this.isErased('anonymous', said['previous'], time) ||
      this.isErased('known', said['previous'], time);
    if (isOthers) return undefined;
    const isSentAs = this.isErased('anonymous', sentAs, time);
    return isSentAs ? { ...event, identity: JSON.stringify(said) } : event;
  }

  /** Whether a text has the id of somebody who was erased as a JSON string, be it damaged around it. */
  holdsIdIn(text: string): boolean {
    for (const string of stringsIn(text)) {
      const isId = ['known', 'anonymous'].some((kind) => this.isErased(kind as Kind, string));
      if (isId) return true;
    }
    return false;
  }

  /** @param time in milliseconds; without it, whenever that was */
  private isErased(kind: Kind, id: unknown, time = Number.NEGATIVE_INFINITY): boolean {
    if (this.isEmpty || !isUserId(id)) return false;
    const before = this.erasedBefore.get(this.hash(kind, id));
    return before !== undefined && time < before;
  }

  /** As the function `erasure_hash` of the database. */
  private hash(kind: Kind, id: string): string {
    const inner = createHash('sha256').update(this.inner).update(`${kind}:${id}`).digest();
    return createHash('sha256').update(this.outer).update(inner).digest('base64');
  }
}
