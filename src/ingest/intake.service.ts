import { Injectable } from '@nestjs/common';
import { EventRules } from './event-rules.js';
import { normalise, type EventFields, type NormalisedEvent } from './normalise.js';
import type { Outcome } from './outcome.js';
import { Refusal } from './refusal.js';
import { beginningOf, RejectionLog } from './rejection-log.js';
import type { Sender } from './senders.js';
import { EventWriter } from './writer/event-writer.js';

/** A call as its mapper left it: an event, or why it's none; and its text for the log of rejections. */
export interface MappedCall {
  fields: EventFields | Refusal;
  text: string;
}

/** Stores what other dialects than ours have been mapped to, all of a request in one transaction. */
@Injectable()
export class IntakeService {
  constructor(
    private readonly writer: EventWriter,
    private readonly rejections: RejectionLog,
    private readonly rules: EventRules,
  ) {}

  /**
   * @param sender who sends them: the mapper has applied whose they are
   * @param route which way in, for the log of rejections
   * @returns what became of each call, in order
   * @throws OverloadedError, UnavailableError or SpoolUnavailableError when it isn't known that all
   *   of it is stored
   */
  async store(
    calls: readonly MappedCall[],
    { keyRules }: Sender,
    route: string,
  ): Promise<Outcome[]> {
    const rules = { ...this.rules.current(), ...keyRules };
    const judged = calls.map(({ fields }) =>
      fields instanceof Refusal ? fields : normalise(fields, rules),
    );
    const written = (await this.writer.write(judged.filter(isEvent))).values();
    const outcomes = judged.map((one) => (isEvent(one) ? written.next().value! : one));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome instanceof Refusal) {
        this.rejections.note(outcome, route, beginningOf(calls[index]!.text));
      }
    }
    return outcomes;
  }
}

function isEvent(judged: NormalisedEvent | Refusal): judged is NormalisedEvent {
  return !(judged instanceof Refusal);
}
