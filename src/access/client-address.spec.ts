import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { clientOf, isFromThisMachine } from './client-address.js';

function request(remoteAddress: string | undefined, headers = {}, ip?: string): IncomingMessage {
  const fields = { socket: { remoteAddress }, headers, ...(ip !== undefined && { ip }) };
  return fields as unknown as IncomingMessage;
}

describe('this machine', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', undefined])('is %s', (address) => {
    expect(isFromThisMachine(request(address))).toBe(true);
    expect(clientOf(request(address))).toBeUndefined();
  });

  it.each(['203.0.113.7', '::ffff:203.0.113.7', 'fe80::1', '2001:db8::7', '10.0.0.1'])(
    'is not %s',
    (address) => {
      expect(isFromThisMachine(request(address))).toBe(false);
      expect(isFromThisMachine(request('127.0.0.1', {}, address))).toBe(false);
      // Whoever can reach the server past its proxy can claim any address.
      expect(isFromThisMachine(request(address, {}, '127.0.0.1'))).toBe(false);
      expect(clientOf(request(address, {}, '127.0.0.1'))).toBeDefined();
    },
  );

  it.each([
    [{ 'x-forwarded-for': '127.0.0.1' }, true],
    [{ 'x-forwarded-for': '::1, 127.0.0.1' }, true],
    [{ 'x-forwarded-for': '[::1]:4711' }, true],
    [{ forwarded: 'for=127.0.0.1;proto=http, for="[::1]"' }, true],
    [{ 'x-forwarded-for': '203.0.113.7, 127.0.0.1' }, false],
    [{ 'x-forwarded-for': '' }, false],
    [{ 'x-real-ip': '203.0.113.7' }, false],
    [{ forwarded: 'by=127.0.0.1' }, false],
    [{ forwarded: 'for=_hidden' }, false],
    [{ forwarded: 'for=127.0.0.1;for=203.0.113.7' }, false],
    [{ via: '1.1 proxy' }, false],
    [{ 'x-forwarded-host': 'analytics.example' }, false],
    [{ 'cf-connecting-ip': '203.0.113.7' }, false],
    [{ via: '1.1 dev', 'x-forwarded-for': '127.0.0.1' }, true],
  ])('behind a proxy on it that says %o: %s', (headers, isIt) => {
    expect(isFromThisMachine(request('127.0.0.1', headers))).toBe(isIt);
  });
});

describe('clientOf', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
  ])('%s is %s', (address, client) => {
    expect(clientOf(request(address))).toBe(client);
  });
});
