import { chromium, type Browser } from 'playwright-core';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The machine's own browser, without a window and with a profile that is thrown away. */
export function launchChromium(): Promise<Browser> {
  // `npm test` says where it is.
  const executablePath = process.env['CHROMIUM'];
  if (executablePath === undefined) throw new Error('CHROMIUM is not set: run npm test');
  return chromium.launch({ executablePath, args: ARGS });
}
