import { describe, expect, it } from '@jest/globals';
import { parseTimestamp, TIMESTAMP_ACCEPTED } from './timestamp.js';

describe('parseTimestamp', () => {
  it.each([
    ['0', '1970-01-01T00:00:00.000Z'],
    ['1224567997', '2008-10-21T05:46:37.000Z'],
    ['99999999999', '5138-11-16T09:46:39.000Z'],
    ['1224567997123', '2008-10-21T05:46:37.123Z'],
    ['0000000000001', '1970-01-01T00:00:00.001Z'],
    ['2008-10-21T05:46:37Z', '2008-10-21T05:46:37.000Z'],
    ['2008-10-21t05:46z', '2008-10-21T05:46:00.000Z'],
    ['2008-10-21T05:46:37.1Z', '2008-10-21T05:46:37.100Z'],
    ['2008-10-21T05:46:37,123999999Z', '2008-10-21T05:46:37.123Z'],
    ['2008-10-21T07:46:37+02:00', '2008-10-21T05:46:37.000Z'],
    ['2008-10-21T00:16:37-0530', '2008-10-21T05:46:37.000Z'],
    ['2008-10-21T07:46:37+02', '2008-10-21T05:46:37.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['0099-12-31T23:59:59Z', '0099-12-31T23:59:59.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('reads %s', (text, expected) => {
    expect(parseTimestamp(text)?.toISOString()).toBe(expected);
  });

  it('reads each day of 400 years as programs write it, and no day that a month lacks', () => {
    const DAY_MS = 86_400_000;
    for (let day = 0; day < 400 * 366; day += 1) {
      const time = new Date(Date.UTC(1799, 0, 1) + day * DAY_MS + ((day * 7_919_993) % DAY_MS));
      expect(parseTimestamp(time.toISOString())).toEqual(time);
    }
    for (const text of ['2026-02-29', '2026-04-31', '2026-13-01', '2026-00-10', '2026-01-00']) {
      expect(parseTimestamp(`${text}T00:00:00.000Z`)).toBeUndefined();
    }
  });

  it.each([
    ['nothing', ''],
    ['a word', 'abc'],
    ['a negative number', '-1'],
    ['a sign', '+1224567997'],
    ['an exponent', '1e400'],
    ['a fraction', '1224567997.5'],
    ['12 digits', '122456799700'],
    ['14 digits', '12245679970000'],
    ['hexadecimal', '0x10'],
    ['other digits than ASCII', '١٢٢٤٥٦٧٩٩٧'],
    ['white space', ' 1224567997'],
    ['a line feed behind', '1224567997\n'],
    ['a date alone', '2008-10-21'],
    ['no offset', '2008-10-21T05:46:37'],
    ['a blank for the T', '2008-10-21 05:46:37Z'],
    ['a year of six digits', '+060000-01-01T00:00:00Z'],
    ['a negative year', '-000001-01-01T00:00:00Z'],
    ['the year 0', '0000-12-31T23:59:59Z'],
    ['a moment before the year 1 by its offset', '0001-01-01T00:00:00+00:01'],
    ['a moment after the year 9999 by its offset', '9999-12-31T23:59:59-00:01'],
    ['month 13', '2008-13-01T00:00:00Z'],
    ['day 0', '2008-10-00T00:00:00Z'],
    ['29 February of no leap year', '2023-02-29T00:00:00Z'],
    ['hour 24', '2008-10-21T24:00:00Z'],
    ['minute 60', '2008-10-21T05:60:00Z'],
    ['second 60', '2008-12-31T23:59:60Z'],
    ['an offset of 24 hours', '2008-10-21T05:46:37+24:00'],
    ['an offset of 60 minutes', '2008-10-21T05:46:37+00:60'],
    ['ten digits of fraction', '2008-10-21T05:46:37.1234567890Z'],
    ['the name of a zone', '2008-10-21T05:46:37 Europe/Berlin'],
  ])('refuses %s', (_, text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });

  it('says what is accepted in ASCII, for a header', () => {
    expect(TIMESTAMP_ACCEPTED).toMatch(/^[\x20-\x7e]+$/);
  });
});
