const isSoak = process.env['SOAK'] === '1';

/** The tests that make faults have two lengths: `npm test` runs the short one, `npm run soak` the long. */
export function inSoak<T>(long: T, short: T): T {
  return isSoak ? long : short;
}
