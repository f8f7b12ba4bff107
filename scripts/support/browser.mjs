import { accessSync, constants } from 'node:fs';

/** Where Debian puts it. */
const CHROMIUM = '/usr/bin/chromium';

export const WITHOUT_BROWSER =
  'The suite that runs in a browser DID NOT RUN: this machine has no Chromium.\n' +
  'On Debian, apt-get install --no-install-recommends chromium brings it; CHROMIUM says where another is.';

/**
 * The browser for the tests: what CHROMIUM says, or Debian's.
 *
 * @returns {string | undefined} undefined where there is none
 * @throws where REQUIRE_BROWSER is 1 and there is none
 */
export function findBrowser() {
  const path = process.env.CHROMIUM || CHROMIUM;
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    if (process.env.REQUIRE_BROWSER !== '1') return undefined;
    throw new Error(`REQUIRE_BROWSER is set.\n${WITHOUT_BROWSER}`);
  }
}
