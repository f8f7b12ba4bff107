import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseJson } from '../../common/json-object.js';
import type { BodyRun } from '../body/read-to-end.js';
import type { Line } from '../lines.js';
import type { NormalisedEvent, NormaliseRules } from '../normalise.js';
import type { Outcome } from '../outcome.js';
import { Refusal } from '../refusal.js';
import { beginningOf, OPTED_OUT } from '../rejection-log.js';
import { EVENT_BYTES } from '../writer/write-queue.js';
import type { BatchResultDto } from './batch.dto.js';
import { judgeItem } from './judge.js';
import type { Receipts } from './receipts.js';
import { isEvent, settle, type Judged } from './settle.js';

const EVENTS_A_GROUP = 1_000;
/** The same in bytes: all groups of a stream together fit the writer's queue. */
const BYTES_A_GROUP = 1024 * 1024;
/** Judged in one go: about a millisecond. */
const LINES_A_TURN = 500;
/** Longer lines take turns, those of all streams: one may take a tenth of a second to parse. */
const LONG_LINE_CHARACTERS = 64 * 1024;
/** Groups that are being stored while the next is read. */
const MAX_IN_FLIGHT = 8;

/** Lines that are stored together. Of an event its text is given up. */
interface Group {
  readonly judged: Judged[];
  /** The lines' places in the stream, from 0; empty lines are counted. */
  readonly indexes: number[];
  /** What they take in memory. */
  bytes: number;
}

/** What a run does with events. */
export interface StreamTarget {
  /** @see Share.hold */
  hold(bytes: number): boolean;
  /** @see Turns.next */
  turn(): Promise<void>;
  write(events: NormalisedEvent[]): Promise<Outcome[]>;
  noteRefusal(refusal: Refusal, text: string): void;
}

/** Lines of one stream on their way: a few groups are stored at once, receipts come in order. */
export class StreamRun implements BodyRun {
  private group: Group = emptyGroup();
  private readonly inFlight: { group: Group; outcomes: Promise<Outcome[]> }[] = [];
  /** Of the groups that are being stored. */
  private bytesInFlight = 0;

  constructor(
    readonly receipts: Receipts,
    private readonly target: StreamTarget,
  ) {}

  /**
   * Judges lines and sends full groups on; waits while too many are being stored. Where there's no
   * room to hold what isn't stored yet, that is stored first, and few receipts are kept.
   */
  async add(lines: readonly Line[], rules: NormaliseRules): Promise<void> {
    for (let place = 0; place < lines.length; place += 1) {
      const line = lines[place]!;
      // A small body can decompress to very many lines; others are served in between.
      if (place > 0 && place % LINES_A_TURN === 0) await nextTurn();
      if (line.text.length > LONG_LINE_CHARACTERS) await this.target.turn();
      if (line.problem === undefined && line.text.trim() === '') continue;
      const judged = judgeLine(line, rules);
      const { number, text } = line;
      this.group.judged.push(
        judged instanceof Refusal
          ? { refusal: judged, text: rules.hasOptedOut ? OPTED_OUT : beginningOf(text) }
          : judged,
      );
      this.group.indexes.push(number - 1);
      this.group.bytes += EVENT_BYTES + 2 * text.length;
      if (isFull(this.group)) await this.dispatch();
    }
    if (this.tellHeld()) return;
    await this.dispatch();
    await this.makeRoom();
  }

  /** Sends what is left, and waits for all of it. */
  async finish(): Promise<void> {
    await this.dispatch();
    while (this.inFlight.length > 0) await this.settleOldest();
  }

  /** After a failure: what else was stored counts, too. */
  async settleStored(): Promise<void> {
    while (this.inFlight.length > 0) await this.settleOldest().catch(() => {});
  }

  toResult(): BatchResultDto {
    return this.receipts.toResult();
  }

  get total(): number {
    return this.receipts.total;
  }

  private async dispatch(): Promise<void> {
    const { group } = this;
    if (group.judged.length === 0) return;
    this.group = emptyGroup();
    const outcomes = this.target.write(group.judged.filter(isEvent));
    // It's looked at in its turn; until then a failure isn't one that nobody handles.
    outcomes.catch(() => {});
    this.inFlight.push({ group, outcomes });
    this.bytesInFlight += group.bytes;
    if (this.inFlight.length >= MAX_IN_FLIGHT) await this.settleOldest();
    await this.makeRoom();
  }

  private async makeRoom(): Promise<void> {
    while (!this.tellHeld() && this.inFlight.length > 0) await this.settleOldest();
    if (!this.tellHeld()) this.receipts.keepFew();
  }

  private tellHeld(): boolean {
    return this.target.hold(this.bytesInFlight + this.group.bytes + this.receipts.bytes);
  }

  private async settleOldest(): Promise<void> {
    const { group, outcomes } = this.inFlight.shift()!;
    const settled = await outcomes.finally(() => {
      this.bytesInFlight -= group.bytes;
    });
    settle(group.judged, settled, {
      receipts: this.receipts,
      indexOf: (place) => group.indexes[place]!,
      noteRefusal: (refusal, text) => this.target.noteRefusal(refusal, text),
    });
  }
}

function emptyGroup(): Group {
  return { judged: [], indexes: [], bytes: 0 };
}

function isFull({ judged, bytes }: Group): boolean {
  return judged.length >= EVENTS_A_GROUP || bytes >= BYTES_A_GROUP;
}

function judgeLine({ text, problem }: Line, rules: NormaliseRules): NormalisedEvent | Refusal {
  if (problem?.code === 'line_too_long') return new Refusal('line_too_long');
  const item = problem ? undefined : parseJson(text);
  return item === undefined ? new Refusal('unreadable_line') : judgeItem(item, rules);
}
