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
/** The same in characters of their lines: all groups of a stream together fit the writer's queue. */
const CHARACTERS_A_GROUP = 512 * 1024;
/** Of what was refused the beginning is kept: no more is ever shown. */
const SHOWN_CHARACTERS = 1_000;
/** Judged in one go: about a millisecond. */
const LINES_A_TURN = 500;
/** Groups that are being stored while the next is read. */
const MAX_IN_FLIGHT = 8;

/** Lines that are stored together. Of an event its text is given up. */
interface Group {
  readonly judged: Judged[];
  /** The lines' places in the stream, from 0; empty lines are counted. */
  readonly indexes: number[];
  characters: number;
}

/** What a run does with events. */
export interface StreamTarget {
  write(events: NormalisedEvent[]): Promise<Outcome[]>;
  noteRefusal(refusal: Refusal, text: string): void;
}

/** Lines of one stream on their way: a few groups are stored at once, receipts come in order. */
export class StreamRun {
  private group: Group = emptyGroup();
  private readonly inFlight: { group: Group; outcomes: Promise<Outcome[]> }[] = [];

  constructor(
    readonly receipts: Receipts,
    private readonly target: StreamTarget,
  ) {}

  /** Judges lines and sends full groups on; waits while too many are being stored. */
  async add(lines: readonly Line[], rules: NormaliseRules): Promise<void> {
    for (let place = 0; place < lines.length; place += 1) {
      const line = lines[place]!;
      // A small body can decompress to very many lines; others are served in between.
      if (place > 0 && place % LINES_A_TURN === 0) await nextTurn();
      if (line.problem === undefined && line.text.trim() === '') continue;
      const judged = judgeLine(line, rules);
      const { number, text } = line;
      this.group.judged.push(
        judged instanceof Refusal ? { refusal: judged, text: beginning(text) } : judged,
      );
      this.group.indexes.push(number - 1);
      this.group.characters += text.length;
      if (isFull(this.group)) await this.dispatch();
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
    const { group } = this;
    if (group.judged.length === 0) return;
    this.group = emptyGroup();
    const outcomes = this.target.write(group.judged.filter(isEvent));
    // It's looked at in its turn; until then a failure isn't one that nobody handles.
    outcomes.catch(() => {});
    this.inFlight.push({ group, outcomes });
    if (this.inFlight.length >= MAX_IN_FLIGHT) await this.settleOldest();
  }

  private async settleOldest(): Promise<void> {
    const { group, outcomes } = this.inFlight.shift()!;
    settle(group.judged, await outcomes, {
      receipts: this.receipts,
      indexOf: (place) => group.indexes[place]!,
      noteRefusal: (refusal, text) => this.target.noteRefusal(refusal, text),
    });
  }
}

function emptyGroup(): Group {
  return { judged: [], indexes: [], characters: 0 };
}

function isFull({ judged, characters }: Group): boolean {
  return judged.length >= EVENTS_A_GROUP || characters >= CHARACTERS_A_GROUP;
}

/** A copy: a slice would keep the whole text. */
function beginning(text: string): string {
  if (text.length <= SHOWN_CHARACTERS) return text;
  return Buffer.from(text.slice(0, SHOWN_CHARACTERS)).toString();
}

function judgeLine({ text, problem }: Line, rules: NormaliseRules): NormalisedEvent | Refusal {
  if (problem?.code === 'line_too_long') return new Refusal('line_too_long');
  const item = problem ? undefined : parseJson(text);
  return item === undefined ? new Refusal('unreadable_line') : judgeItem(item, rules);
}
