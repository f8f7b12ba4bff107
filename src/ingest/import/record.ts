import { v5 as uuidV5 } from 'uuid';
import type { EventFields } from '../normalise.js';
import type { LineProblem } from '../lines.js';
import { Refusal } from '../refusal.js';

/** One line of the file, or several that a quoted field spans, and what it stands for. */
export interface ImportRecord {
  /** Number of its first line, from 1. */
  line: number;
  text: string;
  /** Empty for a line that is readable, and no event. */
  events: EventFields[];
  problem?: LineProblem;
}

/** The name space of derived ids. Changing it would store every file a second time. */
const LINE_NAMESPACE = '3f6f1f0a-58c1-5a53-8f0e-0a7f4a3a1c55';

const MISSING_TIMESTAMP = new Refusal('missing_timestamp');

/**
 * The id of an event that brings none: from the line's place and content, so that a second run
 * stores nothing, and two equal lines of one file are two events.
 *
 * @param part tells several events of one line apart
 */
export function lineId(line: number, text: string, part = ''): string {
  return uuidV5(`${line}\0${part}\0${text}`, LINE_NAMESPACE);
}

/** A line that holds one event. */
export function eventRecord(line: number, text: string, fields: EventFields): ImportRecord {
  const { timestamp, id } = fields;
  if (timestamp === undefined || timestamp === null || timestamp === '') {
    return { line, text, events: [], problem: MISSING_TIMESTAMP };
  }
  const event = { ...fields, id: id ?? lineId(line, text) };
  return { line, text, events: [event] };
}
