import type { Tombstones } from '../store/tombstones.js';
import { decodeEvents, encodeEvents } from './command.js';
import { decodeRecords, encodeRecord } from './record.js';

/** What is left of a file. */
export interface Rest {
  bytes: Buffer;
  /** Of events that are readable. */
  events: number;
  /** How many events, and stretches that can't be read, were left out. */
  removed: number;
  isChanged: boolean;
}

/**
 * A spool's file without what is of users who were erased. What was damaged stays so, to be told of when
 * it's replayed, unless one of their ids is in it.
 */
export function withoutErased(bytes: Buffer, tombstones: Tombstones): Rest {
  const { payloads, damaged, torn } = decodeRecords(bytes);
  const rest: Rest = { bytes, events: 0, removed: 0, isChanged: false };
  const parts: Buffer[] = [];
  for (const payload of payloads) {
    const events = decodeEvents(payload);
    if (!events) {
      if (tombstones.holdsIdIn(payload)) rest.removed += 1;
      else parts.push(encodeRecord(payload));
      continue;
    }
    const kept = events.map((event) => tombstones.living(event));
    const living = kept.filter((event) => event !== undefined);
    rest.events += living.length;
    rest.removed += events.length - living.length;
    rest.isChanged ||= kept.some((event, index) => event !== events[index]);
    parts.push(...encodeEvents(living));
  }
  for (const { start, end } of torn ? [...damaged, torn] : damaged) {
    const stretch = bytes.subarray(start, end);
    if (tombstones.holdsIdIn(stretch.toString('utf8'))) rest.removed += 1;
    else parts.push(stretch);
  }
  rest.isChanged ||= rest.removed > 0;
  return { ...rest, bytes: Buffer.concat(parts) };
}
