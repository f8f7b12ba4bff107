import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseJson } from '../../common/json-object.js';
import type { Line } from '../lines.js';
import type { NormalisedEvent, NormaliseRules } from '../normalise.js';
import type { Outcome } from '../outcome.js';
import { Refusal } from '../refusal.js';
import { judgeItem } from './judge.js';
import type { Receipts } from './receipts.js';
import { isEvent, settle, type Judged } from './settle.js';

const EVENTS_A_GROUP = 1_000;
/** Judged in one go: about a millisecond. */
const LINES_A_TURN = 500;
/** Groups that are being stored while the next is read. */
const MAX_IN_FLIGHT = 8;

/** By its number in the stream, from 0; empty lines are counted. Of an event its text is given up. */
type JudgedLine = readonly [number, Judged];

/** What a run does with events. */
export interface StreamTarget {
  write(events: NormalisedEvent[]): Promise<Outcome[]>;
  noteRefusal(refusal: Refusal, text: string): void;
}

/** Lines of one stream on their way: a few groups are stored at once, receipts come in order. */
export class StreamRun {
  private group: JudgedLine[] = [];
  private readonly inFlight: { lines: JudgedLine[]; outcomes: Promise<Outcome[]> }[] = [];

  constructor(
    readonly receipts: Receipts,
    private readonly target: StreamTarget,
  ) {}

  /** Judges lines and sends full groups on; waits while too many are being stored. */
  async add(lines: readonly Line[], rules: NormaliseRules): Promise<void> {
    for (const [index, line] of lines.entries()) {
      // A small body can decompress to very many lines; others are served in between.
      if (index > 0 && index % LINES_A_TURN === 0) await nextTurn();
      if (line.problem === undefined && line.text.trim() === '') continue;
      const judged = judgeLine(line, rules);
      const { number, text } = line;
      this.group.push([number - 1, judged instanceof Refusal ? { refusal: judged, text } : judged]);
      if (this.group.length >= EVENTS_A_GROUP) await this.dispatch();
    }
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

  private async dispatch(): Promise<void> {
    const lines = this.group;
    if (lines.length === 0) return;
    this.group = [];
    const outcomes = this.target.write(lines.map(([, judged]) => judged).filter(isEvent));
    // It's looked at in its turn; until then a failure isn't one that nobody handles.
    outcomes.catch(() => {});
    this.inFlight.push({ lines, outcomes });
    if (this.inFlight.length >= MAX_IN_FLIGHT) await this.settleOldest();
  }

  private async settleOldest(): Promise<void> {
    const { lines, outcomes } = this.inFlight.shift()!;
    settle(lines, await outcomes, this.receipts, (refusal, text) =>
      this.target.noteRefusal(refusal, text),
    );
  }
}

function judgeLine({ text, problem }: Line, rules: NormaliseRules): NormalisedEvent | Refusal {
  if (problem?.code === 'line_too_long') return new Refusal('line_too_long');
  const item = problem ? undefined : parseJson(text);
  return item === undefined ? new Refusal('unreadable_line') : judgeItem(item, rules);
}
