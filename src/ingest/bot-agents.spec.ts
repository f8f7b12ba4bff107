import { describe, expect, it } from '@jest/globals';
import { isBotAgent } from './bot-agents.js';

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';
const GOOGLEBOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';

describe('isBotAgent', () => {
  it.each([
    GOOGLEBOT,
    CHROME.replace('Chrome/', 'HeadlessChrome/'),
    'curl/8.5.0',
    'python-requests/2.31.0',
    'node',
  ])('knows %j', (agent) => {
    expect(isBotAgent(agent)).toBe(true);
    // From memory, too.
    expect(isBotAgent(agent)).toBe(true);
  });

  it.each([
    CHROME,
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15',
    'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0',
    'Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) AppleWebKit/537.36 Chrome/90 Mobile Safari/537.36',
    'Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UQ1A.240105.004)',
  ])('takes %j for a person', (agent) => {
    expect(isBotAgent(agent)).toBe(false);
    expect(isBotAgent(agent)).toBe(false);
  });

  it.each([undefined, null, '', 7, true, {}, [GOOGLEBOT]])('knows nothing of %j', (agent) => {
    expect(isBotAgent(agent)).toBe(false);
  });

  it('judges the beginning of one that is too long', () => {
    expect(isBotAgent(GOOGLEBOT + ' '.repeat(70_000))).toBe(true);
    expect(isBotAgent(`${CHROME} ${'x'.repeat(512)} Googlebot`)).toBe(false);
  });

  it.each([
    'a',
    '(',
    'Mozilla/5.0 ',
    'Mozilla/5.0 (X11) ',
    'bot',
    'http://',
    '1.0.',
    'a/1.',
    '; ',
    ';a',
    '@a-',
    ' cu',
    'google',
    '\u{1F600}',
    'é',
  ])('needs no longer for 64 KB of %j than for what it looks at', (part) => {
    const long = part.repeat(Math.ceil(65_536 / part.length));
    const short = timed(long.slice(0, 513));
    expect(timed(long)).toBeLessThan(20 * short + 20);
  });
});

/** Milliseconds that a hundred judgements take, of an agent too long to be remembered. */
function timed(agent: string): number {
  const begun = performance.now();
  for (let times = 0; times < 100; times += 1) isBotAgent(agent);
  return performance.now() - begun;
}
