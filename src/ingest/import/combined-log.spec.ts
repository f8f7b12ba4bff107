import { describe, expect, it } from '@jest/globals';
import { parseLogLine, readCombinedLog } from './combined-log.js';
import type { ImportRecord } from './record.js';

interface Changes {
  client?: string;
  time?: string;
  request?: string;
  status?: number;
  referrer?: string;
  /** As it stands in the line. */
  userAgent?: string;
}

function line(changes: Changes = {}): string {
  const {
    client = '203.0.113.7',
    time = '17/May/2015:10:05:03 +0200',
    request = 'GET /a?b=c HTTP/1.1',
    status = 200,
    referrer = '-',
    userAgent = String.raw`Agent \"x\" 1.0`,
  } = changes;
  return `${client} - - [${time}] "${request}" ${status} 203023 "${referrer}" "${userAgent}"`;
}

async function read(text: string, site = 'example.com'): Promise<ImportRecord> {
  async function* lines() {
    yield await Promise.resolve([{ number: 1, text }]);
  }
  for await (const [record] of readCombinedLog(lines(), site)) return record!;
  throw new Error('no record');
}

const namesOf = ({ events }: ImportRecord): unknown[] => events.map(({ event }) => event);

describe('readCombinedLog', () => {
  it('makes an impression of a page that was delivered', async () => {
    expect((await read(line())).events).toEqual([
      {
        timestamp: '2015-05-17T10:05:03+0200',
        user: '203.0.113.7',
        event: 'impression',
        id: expect.any(String),
        properties: { path: '/a', query: 'b=c', status: 200, userAgent: 'Agent "x" 1.0' },
        bot: true,
      },
    ]);
  });

  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0', undefined],
    ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', true],
    ['-', undefined],
    ['', undefined],
  ])('tells by %j whether it was a bot', async (userAgent, bot) => {
    for (const { bot: flag } of (await read(line({ userAgent }))).events) expect(flag).toBe(bot);
  });

  it.each([
    ['http://example.com/', 'example.com'],
    ['https://www.example.com:8443/a', 'example.com'],
    ['http://EXAMPLE.com', 'www.example.com'],
  ])('makes a click, too, when it was reached from %s on %s', async (referrer, site) => {
    const record = await read(line({ referrer }), site);
    expect(namesOf(record)).toEqual(['impression', 'click']);
    expect(record.events[0]!.id).not.toBe(record.events[1]!.id);
    expect(record.events[1]!.properties).toMatchObject({ referrer });
  });

  it.each(['http://example.org/', 'http://notexample.com/', 'http://m.example.com/', 'x', '-'])(
    'makes no click of %s',
    async (referrer) => {
      expect(namesOf(await read(line({ referrer })))).toEqual(['impression']);
    },
  );

  it.each([
    ['an asset', { request: 'GET /a/b.PNG?v=1 HTTP/1.1' }],
    ['a font', { request: 'GET /x.woff2 HTTP/1.1' }],
    ['a form', { request: 'POST /a HTTP/1.1' }],
    ['HEAD', { request: 'HEAD /a HTTP/1.1' }],
    ['a redirect', { status: 302 }],
    ['an error', { status: 404 }],
    ['a failure', { status: 500 }],
    ['no request', { request: '-' }],
    ['bytes of a scanner', { request: String.raw`\x16\x03\x01` }],
  ])('makes nothing of %s', async (_, changes) => {
    const record = await read(line(changes));
    expect(record.events).toEqual([]);
    expect(record.problem).toBeUndefined();
  });

  it.each([
    ['304', { status: 304 }],
    ['206', { status: 206 }],
    ['no extension', { request: 'GET /v1.2/page HTTP/1.0' }],
    ['another extension', { request: 'GET /a.html HTTP/1.1' }],
    ['a feed', { request: 'GET /blog.xml?flav=rss20 HTTP/1.1' }],
    ['a whole URL', { request: 'GET http://example.com HTTP/1.1' }],
    ['IPv6', { client: '2001:db8::1' }],
  ])('makes an impression of %s', async (_, changes) => {
    expect(namesOf(await read(line(changes)))).toEqual(['impression']);
  });

  it.each(['', 'text', line().slice(0, -1), line({ time: '17/Mai/2015:10:05:03 +0200' })])(
    'does not read %j',
    (text) => {
      expect(parseLogLine(text)).toBeUndefined();
    },
  );

  it('reads a hostile line in no time', () => {
    const begun = performance.now();
    expect(parseLogLine(`${line()}${String.raw`\\`.repeat(100_000)}"`)).toBeUndefined();
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});
