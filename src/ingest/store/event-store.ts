import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { ClientBase } from 'pg';
import { DataSource } from 'typeorm';
import {
  isBelowHorizon,
  isDataError,
  isDuplicateKey,
  isErasedNumber,
  isServerTrouble,
  isStatementError,
  isTooMuchAtOnce,
  isTraitsLimit,
  isUnavailable,
  overfullUser,
} from '../../common/database-errors.js';
import { Clock } from '../../common/clock.js';
import { BufferPool } from '../buffer-pool.js';
import type { NormalisedEvent } from '../normalise.js';
import type { StoreOutcome } from '../outcome.js';
import { Refusal } from '../refusal.js';
import { applyIdentities } from '../../identity/apply-identities.js';
import { CommitNotices } from './commit-notices.js';
import { copyIn } from './copy-in.js';
import { COPY_COLUMNS, copyBytes, encodeCopy, type EventRows } from './copy-rows.js';
import { withClient } from './database-client.js';
import { readIsKept } from './kept-events.js';
import { EventChunks } from './event-chunks.js';
import { DEFAULT_SOURCE_ID, NumberDirectory } from './number-directory.js';
import { beginAndFindErased } from './erased-mentions.js';
import { changesUsers, wereSentBefore, without } from './sent-before.js';

const COPY = `COPY events (${COPY_COLUMNS}) FROM STDIN (FORMAT binary)`;

/** Fails where there are no users or names to be had at all. */
const RESOLVE_NOTHING = `SELECT resolve_users('{}'), resolve_event_names('{}'), resolve_sources('{}')`;
const TRY_OUT_MS = 2_000;

/** Each but the first follows the erasure of somebody within the one before. */
const ERASED_NUMBER_TRIES = 5;

/** For the batches that are stored at once. */
const BUFFERS = 3;
const ERASED = new Refusal('erased');
const TOO_OLD = new Refusal('too_old');
const TOO_MANY_TRAITS = new Refusal('too_many_traits');

/** Stores events in one transaction, which has committed when it answers. Knows no retry. */
@Injectable()
export class EventStore {
  /** The last insert met duplicates: the next will, too, and COPY would have to be undone. */
  private expectsDuplicates = false;
  private readonly buffers = new BufferPool(BUFFERS);
  /** An event that was stored, alone. */
  private known: EventRows | undefined;
  private readonly seenClients = new WeakSet<ClientBase>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly chunks: EventChunks,
    private readonly numbers: NumberDirectory,
    private readonly clock: Clock,
    private readonly notices: CommitNotices,
  ) {}

  /**
   * Stores the events and creates the users, names and sources that are new. A value that the
   * database refuses is refused alone: the events are halved until only its own is left.
   *
   * @param isLastTry a reason that may pass, too, is taken for a refusal where other events are
   *   taken
   * @returns the outcome of each event, in order
   * @throws the database's error when it isn't known that all of it is stored; a retry of events
   *   with the same times and ids changes nothing that is
   */
  async store(events: readonly NormalisedEvent[], isLastTry = false): Promise<StoreOutcome[]> {
    if (events.length === 0) return [];
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.storeOnce(events, isLastTry);
      } catch (error) {
        // Asked for again, the numbers are others, or their users have none any more.
        if (!isErasedNumber(error) || attempt === ERASED_NUMBER_TRIES) throw error;
        this.numbers.forget();
      }
    }
  }

  private async storeOnce(
    events: readonly NormalisedEvent[],
    isLastTry: boolean,
  ): Promise<StoreOutcome[]> {
    const startedAt = performance.now();
    try {
      await this.chunks.prepare(events);
      const outcomes = await withClient(this.dataSource, (client) => this.storeOn(client, events));
      this.notices.committed(events, outcomes, startedAt);
      return outcomes;
    } catch (error) {
      if (isErasedNumber(error)) throw error;
      if (isBelowHorizon(error) && events.length > 1)
        return await this.storeKept(events, isLastTry);
      if (isTooMuchAtOnce(error) && events.length > 1) {
        return await this.storeHalves(events, isLastTry);
      }
      const mayPass = isUnavailable(error) && !isLastTry;
      const isRefused = isDataError(error) || (!mayPass && (await this.takesOthers(error)));
      if (!isRefused) {
        this.numbers.forget();
        throw error;
      }
      return events.length === 1 ? [refusalFor(error)] : await this.storeHalves(events, isLastTry);
    }
  }

  /** Somebody was erased: nothing that is remembered here is theirs any more. */
  forgetUsers(): void {
    this.known = undefined;
    this.numbers.forget();
  }

  /**
   * Whether the database, which gave this error to some events, takes others: triggers and policies
   * refuse with codes of their own choice.
   */
  async takesOthers(error: unknown): Promise<boolean> {
    if (!isStatementError(error) || isServerTrouble(error)) return false;
    try {
      await withClient(this.dataSource, (client) => this.tryOut(client), TRY_OUT_MS);
      return true;
    } catch {
      return false;
    }
  }

  /** Stores an event once more that was taken before, or one of nobody, and undoes it. */
  private async tryOut(client: ClientBase): Promise<void> {
    try {
      await this.tryOutWith(client, this.known ?? nobodysEvent(this.clock.now()));
    } catch (error) {
      if (!isErasedNumber(error)) throw error;
      this.forgetUsers();
      await this.tryOutWith(client, nobodysEvent(this.clock.now()));
    }
  }

  private async tryOutWith(client: ClientBase, rows: EventRows): Promise<void> {
    await client.query('BEGIN');
    try {
      await client.query(RESOLVE_NOTHING);
      await insert(client, { ...rows, events: [{ ...rows.events[0]!, id: randomUUID() }] });
    } finally {
      await client.query('ROLLBACK');
    }
  }

  private async storeKept(
    events: readonly NormalisedEvent[],
    isLastTry: boolean,
  ): Promise<StoreOutcome[]> {
    const isKept = await readIsKept(this.dataSource);
    const kept = events.filter(isKept);
    if (kept.length === events.length) return await this.storeHalves(events, isLastTry);
    const outcomes = (await this.store(kept, isLastTry)).values();
    return events.map((event) => (isKept(event) ? outcomes.next().value! : TOO_OLD));
  }

  private async storeHalves(
    events: readonly NormalisedEvent[],
    isLastTry: boolean,
  ): Promise<StoreOutcome[]> {
    const middle = Math.floor(events.length / 2);
    const first = await this.store(events.slice(0, middle), isLastTry);
    return [...first, ...(await this.store(events.slice(middle), isLastTry))];
  }

  private async storeOn(
    client: ClientBase,
    events: readonly NormalisedEvent[],
  ): Promise<StoreOutcome[]> {
    if (!this.seenClients.has(client)) {
      // A new connection may lead to another server than the one that gave the numbers.
      this.seenClients.add(client);
      this.numbers.forget();
    }
    const { rows, refused } = await this.numbers.resolve(client, events);
    const outcomes = rows.events.some(({ identity }) => identity !== undefined)
      ? await insertWithIdentities(client, rows)
      : await this.insertRows(client, rows);
    if (!refused) return outcomes;
    const stored = outcomes.values();
    return refused.map((refusal) => refusal ?? stored.next().value!);
  }

  private async insertRows(client: ClientBase, rows: EventRows): Promise<StoreOutcome[]> {
    const count = rows.events.length;
    if (count === 0) return [];
    if (!this.expectsDuplicates) {
      try {
        await this.copyRows(client, rows);
        this.known = firstOf(rows);
        return Array<StoreOutcome>(count).fill('stored');
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    }
    const stored = await insert(client, rows);
    this.expectsDuplicates = stored.includes(false);
    return stored.map(outcomeOf);
  }

  private async copyRows(client: ClientBase, rows: EventRows): Promise<void> {
    const buffer = this.buffers.take(copyBytes(rows));
    await copyIn(client, COPY, encodeCopy(rows, buffer));
    // After a failure it may still be on its way.
    this.buffers.give(buffer);
  }
}

function firstOf({ events, userSeqs, nameIds, sourceIds }: EventRows): EventRows {
  return {
    events: [events[0]!],
    userSeqs: [userSeqs[0]!],
    nameIds: [nameIds[0]!],
    sourceIds: [sourceIds[0]!],
  };
}

function nobodysEvent(time: number): EventRows {
  const event = { time, id: '', user: '', isAnonymous: false, bot: false, name: '' };
  return {
    events: [{ ...event, source: undefined, properties: undefined, identity: undefined }],
    userSeqs: [0],
    nameIds: [0],
    sourceIds: [DEFAULT_SOURCE_ID],
  };
}

function refusalFor(error: unknown): Refusal {
  if (isBelowHorizon(error)) return new Refusal('too_old');
  return new Refusal(isTraitsLimit(error) ? 'too_many_traits' : 'refused_by_database');
}

function outcomeOf(isNew: boolean): StoreOutcome {
  return isNew ? 'stored' : 'duplicate';
}

/**
 * What events say about their users takes effect with them, and only once: a retry that comes after a
 * merge was undone must not bring it back.
 */
async function insertWithIdentities(client: ClientBase, rows: EventRows): Promise<StoreOutcome[]> {
  try {
    const erased = await beginAndFindErased(client, rows.events);
    const known = await wereSentBefore(client, rows.events);
    const marks = known.map((isKnown, index) => isKnown || erased[index] === true);
    const fresh = marks.includes(true) ? without(rows, marks) : rows;
    const stored = (await insertAndApply(client, fresh)).values();
    await client.query('COMMIT');
    return known.map((isKnown, index) => {
      if (erased[index]) return ERASED;
      return outcomeOf(!isKnown && stored.next().value!);
    });
  } catch (error) {
    // On a connection that was lost there is nothing to undo.
    await client.query('ROLLBACK').catch(() => {});
    return await storeWithoutOverfull(client, rows, error);
  }
}

/**
 * What is said of a user who would have too many traits is refused at once, all that a batch says:
 * halving it to the last one would keep the others waiting.
 */
async function storeWithoutOverfull(
  client: ClientBase,
  rows: EventRows,
  error: unknown,
): Promise<StoreOutcome[]> {
  const user = overfullUser(error);
  const marks = rows.events.map(
    ({ identity }, index) => identity !== undefined && rows.userSeqs[index] === user,
  );
  if (user === undefined || !marks.includes(true)) throw error;
  const stored = (await insertWithIdentities(client, without(rows, marks))).values();
  return marks.map((isMarked) => (isMarked ? TOO_MANY_TRAITS : stored.next().value!));
}

async function insertAndApply(client: ClientBase, rows: EventRows): Promise<boolean[]> {
  if (rows.events.length === 0) return [];
  const stored = await insert(client, rows);
  const seqs: number[] = [];
  const changes: string[] = [];
  for (const [index, { identity }] of rows.events.entries()) {
    if (identity === undefined || !stored[index] || !changesUsers(identity)) continue;
    seqs.push(rows.userSeqs[index]!);
    changes.push(identity);
  }
  if (seqs.length > 0) await applyIdentities(client, seqs, changes);
  return stored;
}

async function insert(client: ClientBase, rows: EventRows): Promise<boolean[]> {
  const { events, userSeqs, nameIds, sourceIds } = rows;
  const result = await client.query<{ stored: boolean[] }>(
    `SELECT store_events($1::timestamptz[], $2::uuid[], $3::integer[], $4::integer[],
       $5::smallint[], $6::boolean[], $7::jsonb[]) AS stored`,
    [
      // None of these needs quotes in an array's text, and the driver would look at each character.
      `{${events.map(({ time }) => new Date(time).toISOString()).join()}}`,
      `{${events.map(({ id }) => id).join()}}`,
      `{${userSeqs.join()}}`,
      `{${nameIds.join()}}`,
      `{${sourceIds.join()}}`,
      `{${events.map(({ bot }) => (bot ? 't' : 'f')).join()}}`,
      events.map(({ properties }) => properties ?? null),
    ],
  );
  return result.rows[0]!.stored;
}
