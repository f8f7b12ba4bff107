import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.process>;

/** Of IPv6 a network is one client: it has more addresses than anyone could count. */
const NETWORK_BITS = 64;

/** What a proxy says of whom it asks for. */
const FORWARDED = [
  'forwarded',
  'x-forwarded-for',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
] as const;
/** By which one can be told that says nothing of it. */
const PROXIED = ['via', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-server'] as const;

/** Of requests that are being answered: each is asked about several times. */
const fromThisMachine = new WeakMap<IncomingMessage, boolean>();

/**
 * Whether a request comes from this machine itself. One that a proxy on it sends on doesn't, unless the
 * proxy says so.
 */
export function isFromThisMachine(request: IncomingMessage): boolean {
  const known = fromThisMachine.get(request);
  if (known !== undefined) return known;
  const isIt = comesFromThisMachine(request);
  fromThisMachine.set(request, isIt);
  return isIt;
}

function comesFromThisMachine(request: IncomingMessage): boolean {
  // None at all: a socket in the file system. What proxies are believed to say counts besides.
  for (const address of [parse(request.socket.remoteAddress), addressOf(request)]) {
    if (address !== undefined && address.range() !== 'loopback') return false;
  }
  const { headers } = request;
  const asked = FORWARDED.flatMap((name) => addressesOf(name, headers[name]));
  if (asked.length === 0) return PROXIED.every((name) => headers[name] === undefined);
  return asked.every((one) => parse(one)?.range() === 'loopback');
}

/**
 * Who asks, for who counts requests: an IPv4 address, or the /64 network of an IPv6 one.
 *
 * @returns undefined for this machine itself
 */
export function clientOf(request: IncomingMessage): string | undefined {
  if (isFromThisMachine(request)) return undefined;
  const address = addressOf(request);
  if (!address) return undefined;
  if (address.kind() === 'ipv4') return address.toString();
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/${NETWORK_BITS}`);
  return `${network.toString()}/${NETWORK_BITS}`;
}

/** Express and Fastify know it as `ip`, by the proxies that they are told to trust. */
function addressOf(request: IncomingMessage & { ip?: string | undefined }): Address | undefined {
  return parse(request.ip ?? request.socket.remoteAddress);
}

function parse(text: string | undefined): Address | undefined {
  if (text === undefined) return undefined;
  const plain = text.trim().replace(/^\[(.*)\](:\d+)?$/, '$1');
  return ipaddr.isValid(plain) ? ipaddr.process(plain) : undefined;
}

function addressesOf(name: (typeof FORWARDED)[number], value: string | string[] | undefined) {
  if (value === undefined) return [];
  const parts = String(value).split(',');
  if (name !== 'forwarded') return parts;
  return parts.flatMap((part) => {
    const named = [...part.matchAll(/(?:^|;)\s*for="?([^";]*)/gi)].map((match) => match[1]!);
    return named.length > 0 ? named : [''];
  });
}
