import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BodyRun } from '../../ingest/body/read-to-end.js';
import { Refusal } from '../../ingest/refusal.js';
import { beginningOf } from '../../ingest/rejection-log.js';
import { readProfile, type Profile } from '../profile.js';
import type { ProfileOutcome } from '../profile-store.js';
import type { ProfileImportDto } from '../profiles.dto.js';
import { ImportReceipts } from './import-receipts.js';
import type { ProfileRecord } from './read-records.js';

/** In one transaction; others who change users wait for it. */
const PROFILES_A_GROUP = 1_000;
/** The same in bytes. */
const BYTES_A_GROUP = 1024 * 1024;
/** A profile in memory without its texts. */
const PROFILE_BYTES = 200;
/** Judged in one go: about a millisecond. */
const RECORDS_A_TURN = 200;
/** Longer ones take turns, those of all imports. */
const LONG_CHARACTERS = 64 * 1024;

/** What a run does with profiles. */
export interface ImportTarget {
  now(): number;
  /** @see Share.hold */
  hold(bytes: number): boolean;
  /** @see Turns.next */
  turn(): Promise<void>;
  store(profiles: readonly Profile[]): Promise<ProfileOutcome[]>;
  noteRefusal(refusal: Refusal, text: string): void;
}

interface Judged {
  profile: Profile;
  line: number;
  /** Of its line, for the log of rejections. */
  text: string;
}

/** Profiles of one import on their way: one group is stored, in order, while the next is read. */
export class ImportRun implements BodyRun {
  private readonly receipts = new ImportReceipts();
  private group: Judged[] = [];
  private groupBytes = 0;
  private bytesInFlight = 0;
  private inFlight: Promise<void> = Promise.resolve();

  constructor(private readonly target: ImportTarget) {}

  /** @throws what storing the group before met */
  async add(records: readonly ProfileRecord[]): Promise<void> {
    for (const [place, record] of records.entries()) {
      // A small body can decompress to very many lines; others are served in between.
      if (place > 0 && place % RECORDS_A_TURN === 0) await nextTurn();
      if (record.text.length > LONG_CHARACTERS) await this.target.turn();
      this.judge(record);
      if (this.group.length >= PROFILES_A_GROUP || this.groupBytes >= BYTES_A_GROUP) {
        await this.dispatch();
      }
    }
    // Where there's no room to hold what isn't stored, that is stored first.
    if (!this.tellHeld()) await this.finish();
  }

  /** Sends what is left, and waits for all of it. */
  async finish(): Promise<void> {
    await this.dispatch();
    await this.inFlight;
    this.tellHeld();
  }

  async settleStored(): Promise<void> {
    await this.inFlight.catch(() => {});
  }

  get total(): number {
    return this.receipts.total;
  }

  /** @see ImportReceipts.toResult */
  toResult(incomplete?: string): ProfileImportDto {
    return this.receipts.toResult(incomplete);
  }

  private judge({ line, text, read }: ProfileRecord): void {
    const item = read();
    const profile = item instanceof Refusal ? item : readProfile(item, this.target.now());
    const beginning = beginningOf(text);
    if (profile instanceof Refusal) {
      this.refuse(profile, line, beginning);
      return;
    }
    this.group.push({ profile, line, text: beginning });
    this.groupBytes +=
      PROFILE_BYTES + 2 * (beginning.length + profile.user.length + (profile.change?.length ?? 0));
  }

  private async dispatch(): Promise<void> {
    await this.inFlight;
    const { group } = this;
    this.group = [];
    this.bytesInFlight = this.groupBytes;
    this.groupBytes = 0;
    this.inFlight = this.storeGroup(group);
    // It's looked at before the next; until then a failure isn't one that nobody handles.
    this.inFlight.catch(() => {});
  }

  private async storeGroup(group: readonly Judged[]): Promise<void> {
    try {
      const outcomes = await this.target.store(group.map(({ profile }) => profile));
      for (const [index, outcome] of outcomes.entries()) {
        const { line, text } = group[index]!;
        if (outcome instanceof Refusal) this.refuse(outcome, line, text);
        else this.receipts.addStored();
      }
    } finally {
      this.bytesInFlight = 0;
    }
  }

  private refuse(refusal: Refusal, line: number, text: string): void {
    this.receipts.addRejected(line, refusal);
    this.target.noteRefusal(refusal, text);
  }

  private tellHeld(): boolean {
    return this.target.hold(this.groupBytes + this.bytesInFlight);
  }
}
