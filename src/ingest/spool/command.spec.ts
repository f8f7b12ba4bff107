import { describe, expect, it } from '@jest/globals';
import type { NormalisedEvent } from '../normalise.js';
import { decodeEvents, encodeEvents } from './command.js';
import { decodeRecords } from './record.js';

const EVENT: NormalisedEvent = {
  time: 1_224_567_997_000,
  id: '0190a1b2-0000-7000-8000-000000000001',
  user: 'u-1',
  isAnonymous: true,
  bot: true,
  name: 'click',
  source: 'shop',
  properties: '{"a":1}',
  identity: '{"at":1,"by":"test"}',
};
const NOBODYS = { ...EVENT, user: undefined, bot: false, source: undefined, identity: undefined };

describe("the spool's events", () => {
  it('are read as they were written', () => {
    const [record] = encodeEvents([EVENT, NOBODYS]);
    const [payload] = decodeRecords(record!).payloads;
    expect(decodeEvents(payload!)).toEqual([EVENT, NOBODYS]);
  });

  it('of earlier versions are those of known users, and of no bots', () => {
    const { time, id, name, properties } = EVENT;
    const first = [time, id, 'u-1', name, null, properties];
    const second = [...first, true, EVENT.identity];
    const payload = JSON.stringify({ type: 'events', events: [first, second] });
    const known = { ...EVENT, isAnonymous: false, bot: false, source: undefined };
    expect(decodeEvents(payload)).toEqual([
      { ...known, identity: undefined },
      { ...known, isAnonymous: true },
    ]);
  });
});
