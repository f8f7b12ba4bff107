import { parseJsonObject } from '../../common/json-object.js';
import type { NormalisedEvent } from '../normalise.js';
import { encodeRecord } from './record.js';

/** So many events make one record: damage to one loses no more, and reading one holds no more. */
const EVENTS_A_RECORD = 100;

type EventTuple = [
  time: number,
  id: string,
  user: string | null,
  name: string,
  source: string | null,
  properties: string | null,
  /** A record of before there were these two is without. */
  isAnonymous?: boolean,
  identity?: string | null,
  /** Nor had earlier ones this. */
  bot?: boolean,
];

/** Events as records of the spool. */
export function encodeEvents(events: readonly NormalisedEvent[]): Buffer[] {
  const records: Buffer[] = [];
  for (let start = 0; start < events.length; start += EVENTS_A_RECORD) {
    const tuples = events.slice(start, start + EVENTS_A_RECORD).map(toTuple);
    records.push(encodeRecord(JSON.stringify({ type: 'events', events: tuples })));
  }
  return records;
}

/** @returns the events of a record's payload; undefined where it's none of ours */
export function decodeEvents(payload: string): NormalisedEvent[] | undefined {
  const command = parseJsonObject(payload);
  if (command?.['type'] !== 'events') return undefined;
  return (command['events'] as EventTuple[]).map(fromTuple);
}

function toTuple(event: NormalisedEvent): EventTuple {
  const { time, id, user, name, source, properties, isAnonymous, identity, bot } = event;
  return [
    time,
    id,
    user ?? null,
    name,
    source ?? null,
    properties ?? null,
    isAnonymous,
    identity ?? null,
    bot,
  ];
}

function fromTuple(tuple: EventTuple): NormalisedEvent {
  const [time, id, user, name, source, properties, isAnonymous = false, identity, bot = false] =
    tuple;
  return {
    time,
    id,
    user: user ?? undefined,
    isAnonymous,
    bot,
    name,
    source: source ?? undefined,
    properties: properties ?? undefined,
    identity: identity ?? undefined,
  };
}
