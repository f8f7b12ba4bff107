import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { ClientBase } from 'pg';
import { DataSource } from 'typeorm';
import {
  isContention,
  isDataError,
  isServerTrouble,
  isStatementError,
  isTooMuchAtOnce,
  isTraitsLimit,
  isUnavailable,
} from '../common/database-errors.js';
import { Refusal } from '../ingest/refusal.js';
import { withClient } from '../ingest/store/database-client.js';
import type { Profile } from './profile.js';
import { orTryAgain } from './profile-errors.js';

/** What became of a profile. */
export type ProfileOutcome = 'stored' | Refusal;

const RECORD = `SELECT record_living_profiles(
  $1::text[], $2::user_kind[], $3::timestamptz[], $4::jsonb[]) AS erased`;
const ERASED = new Refusal('erased');
/** Two who stand in each other's way, or a moment without the database, are waited for so long. */
const RETRY_MS = 2_000;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 400;
/** A database that says nothing for so long is given up. */
const ANSWER_MS = 15_000;
const TRY_OUT_MS = 2_000;
const TRAIT = '{"traits":{"tried":true},"at":0}';

/** Sets what is known of users: all of a call in one transaction, which has committed when it answers. */
@Injectable()
export class ProfileStore {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Creates the users that are new, and sets traits in order. A profile that the database refuses is
   * refused alone: they are halved until only its own is left.
   *
   * @returns the outcome of each profile, in order
   * @throws AnalyticsError when it isn't known that all of them are stored; to store them again
   *   changes nothing that is
   */
  async store(profiles: readonly Profile[]): Promise<ProfileOutcome[]> {
    if (profiles.length === 0) return [];
    try {
      const erased = await this.storePatiently(profiles);
      return erased.map((isErased) => (isErased ? ERASED : 'stored'));
    } catch (error) {
      const isLarge = isTooMuchAtOnce(error) && profiles.length > 1;
      if (!isLarge && !(await this.isRefusal(error))) throw orTryAgain(error);
      if (profiles.length === 1) return [refusalFor(error)];
      const middle = Math.floor(profiles.length / 2);
      const first = await this.store(profiles.slice(0, middle));
      return [...first, ...(await this.store(profiles.slice(middle)))];
    }
  }

  /** @returns the person's traits: their own over those of their anonymous users */
  async traitsOf(user: string): Promise<Record<string, unknown>> {
    const rows = await this.dataSource.query<{ traits: Record<string, unknown> }[]>(
      `SELECT alias_traits || traits AS traits FROM users WHERE kind = 'known' AND id = $1`,
      [user],
    );
    return rows[0]?.traits ?? {};
  }

  /** @returns whose users were erased after the time of what is said */
  private async storePatiently(profiles: readonly Profile[]): Promise<boolean[]> {
    const giveUpAt = performance.now() + RETRY_MS;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await withClient(this.dataSource, (client) => record(client, profiles), ANSWER_MS);
      } catch (error) {
        const mayPass = isContention(error) || (isUnavailable(error) && !isTooMuchAtOnce(error));
        if (!mayPass || performance.now() > giveUpAt) throw error;
        await sleep(pause);
      }
    }
  }

  /** Triggers and policies refuse with codes of their own choice: then others are taken. */
  private async isRefusal(error: unknown): Promise<boolean> {
    if (isDataError(error)) return true;
    const mayBe = isStatementError(error) && !isServerTrouble(error) && !isUnavailable(error);
    if (!mayBe) return false;
    try {
      await withClient(this.dataSource, tryOut, TRY_OUT_MS);
      return true;
    } catch {
      return false;
    }
  }
}

async function record(client: ClientBase, profiles: readonly Profile[]): Promise<boolean[]> {
  const { rows } = await client.query<{ erased: boolean[] }>(RECORD, [
    profiles.map(({ user }) => user),
    `{${profiles.map(({ isAnonymous }) => (isAnonymous ? 'anonymous' : 'known')).join()}}`,
    `{${profiles.map(({ time }) => new Date(time).toISOString()).join()}}`,
    profiles.map(({ change }) => change ?? '{}'),
  ]);
  return rows[0]!.erased;
}

/** Stores a profile that nobody could refuse, and undoes it. */
async function tryOut(client: ClientBase): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(RECORD, [[randomUUID()], '{known}', '{9999-12-31}', [TRAIT]]);
  } finally {
    await client.query('ROLLBACK');
  }
}

function refusalFor(error: unknown): Refusal {
  return new Refusal(isTraitsLimit(error) ? 'too_many_traits' : 'refused_by_database');
}
