import { Injectable, Optional } from '@nestjs/common';
import type { ClientBase } from 'pg';
import { DataSource } from 'typeorm';
import { Refusal } from '../ingest/refusal.js';
import { RejectionLog } from '../ingest/rejection-log.js';
import { SpoolCleaner } from '../ingest/spool/spool-cleaner.js';
import { withClient } from '../ingest/store/database-client.js';
import { Tombstones } from '../ingest/store/tombstones.js';
import { beginErasure } from './begin-erasure.js';
import type { BegunErasure, Removed } from './erasure.js';
import { addRemoved, finishErasure, readRemoved, releaseErasure } from './finish-erasure.js';
import type { Named } from './person.js';
import { NobodyErasedError } from './privacy-errors.js';
import { DEFAULT_ERASURE_DAYS, PrivacyOptions } from './privacy.options.js';
import type { ErasureDto } from './privacy.dto.js';
import { RememberedUsers } from './remembered-users.js';
import { sampleAnew, sampleEmptyAnew, tablesSampling } from './statistics.js';

/** Millions of events take minutes to remove, and a year of rollups to make anew. */
const ANSWER_MS = 6 * 3_600_000;
const ROUTE = 'spool';

/** Erases people from all that is kept here. */
@Injectable()
export class ErasureService {
  private readonly days: number;

  constructor(
    private readonly dataSource: DataSource,
    private readonly remembered: RememberedUsers,
    private readonly cleaner: SpoolCleaner,
    private readonly rejections: RejectionLog,
    @Optional() options?: PrivacyOptions,
  ) {
    this.days = options?.erasureDays ?? DEFAULT_ERASURE_DAYS;
  }

  /**
   * Erases the person of whom the id is one identity, and refuses older events of all of these from
   * then on; of an id that nobody has, too.
   *
   * @param by who asks for it, for the record
   * @param signal ends the work where it's safe to; whoever is there next goes on with it
   * @throws NobodyErasedError where nothing was stored; the database's error when it's away, or others
   *   hold on to what is needed
   */
  async erase(named: Named, by: string, signal?: AbortSignal): Promise<ErasureDto> {
    // Of what this process has noted it can still be told whom it names.
    await this.rejections.flush();
    return await this.withSession(signal, async (client) => {
      const { ids, ...begun } = await beginErasure(client, { ...named, by, days: this.days });
      try {
        this.remembered.forget();
        await addRemoved(client, begun.id, { waiting: await this.cleanFiles(true) });
        await finishErasure(client, begun.id);
        await this.cleanSamples(client, ids);
        return toReport(begun, await readRemoved(client, begun.id));
      } finally {
        await releaseErasure(client, begun.id).catch(() => {});
      }
    });
  }

  /**
   * Somebody was erased, here or elsewhere: what this process holds of them is removed.
   *
   * @param withOthers whether files of other processes are looked at, too
   * @returns how much was removed from files
   */
  async cleanFiles(withOthers: boolean): Promise<number> {
    const tombstones = await Tombstones.read(this.dataSource);
    const removed = await this.cleaner.clean(tombstones, withOthers);
    for (let count = 0; count < removed; count += 1) {
      this.rejections.note(new Refusal('erased'), ROUTE, '');
    }
    return removed;
  }

  /** Works on a connection whose statements may take as long as they take. */
  async withSession<T>(
    signal: AbortSignal | undefined,
    work: (client: ClientBase) => Promise<T>,
  ): Promise<T> {
    return await withClient(
      this.dataSource,
      async (client) => {
        const stop = (): void => void client.end().catch(() => {});
        signal?.addEventListener('abort', stop, { once: true });
        try {
          await client.query('SET statement_timeout = 0');
          return await work(client);
        } finally {
          signal?.removeEventListener('abort', stop);
          await client.query('RESET statement_timeout').catch(() => {});
        }
      },
      ANSWER_MS,
    );
  }

  private async cleanSamples(client: ClientBase, ids: readonly string[]): Promise<void> {
    await sampleAnew(client, await tablesSampling(client, ids));
    await sampleEmptyAnew(client, await tablesSampling(client, ids));
  }
}

function toReport(begun: Omit<BegunErasure, 'ids'>, removed: Removed): ErasureDto {
  const { id, erasedBefore, refusedUntil } = begun;
  const moments = { erased_before: erasedBefore, refused_until: refusedUntil };
  const { identities, rejections, waiting } = removed;
  if (identities + rejections + waiting === 0) throw new NobodyErasedError(moments);
  return { erasure: id, ...moments, removed };
}
