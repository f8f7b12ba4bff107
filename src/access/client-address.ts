import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.process>;

/** Of IPv6 a network is one client: it has more addresses than anyone could count. */
const NETWORK_BITS = 64;

/** What a proxy says of whom it asks for. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip'] as const;

/**
 * Whether a request comes from this machine itself. One that a proxy on it sends on doesn't, unless the
 * proxy says so.
 */
export function isFromThisMachine(request: IncomingMessage): boolean {
  const address = addressOf(request);
  // None at all: a socket in the file system.
  if (address !== undefined && address.range() !== 'loopback') return false;
  return FORWARDED.flatMap((name) => addressesOf(name, request.headers[name])).every(
    (one) => parse(one)?.range() === 'loopback',
  );
}

/**
 * Who asks, for who counts requests: an IPv4 address, or the /64 network of an IPv6 one.
 *
 * @returns undefined for this machine itself
 */
export function clientOf(request: IncomingMessage): string | undefined {
  const address = addressOf(request);
  if (!address || address.range() === 'loopback') return undefined;
  if (address.kind() === 'ipv4') return address.toString();
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/${NETWORK_BITS}`);
  return `${network.toString()}/${NETWORK_BITS}`;
}

/** Express and Fastify know it as `ip`, by the proxies that they are told to trust. */
function addressOf(request: IncomingMessage & { ip?: string | undefined }): Address | undefined {
  const text = request.ip ?? request.socket.remoteAddress;
  return text === undefined ? undefined : parse(text);
}

function parse(text: string): Address | undefined {
  const plain = text.trim().replace(/^\[(.*)\](:\d+)?$/, '$1');
  return ipaddr.isValid(plain) ? ipaddr.process(plain) : undefined;
}

function addressesOf(name: (typeof FORWARDED)[number], value: string | string[] | undefined) {
  if (value === undefined) return [];
  const parts = String(value).split(',');
  if (name !== 'forwarded') return parts;
  return parts.map((part) => /(?:^|;)\s*for="?([^";]*)/i.exec(part)?.[1] ?? '');
}
