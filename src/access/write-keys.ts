import type { IncomingMessage } from 'node:http';
import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable, Optional } from '@nestjs/common';
import { UnauthorizedError } from './unauthorized-error.js';

/** Which write keys there are. */
export abstract class WriteKeyOptions {
  /** The source of each key. */
  abstract readonly sources: ReadonlyMap<string, string>;
}

/** Who may send events by the dialects of other products, and for which source. */
@Injectable()
export class WriteKeys {
  private readonly known: { digest: Buffer; source: string }[];

  constructor(@Optional() options?: WriteKeyOptions) {
    this.known = [...(options?.sources ?? [])].map(([key, source]) => ({
      digest: digestOf(key),
      source,
    }));
  }

  /**
   * @param key undefined where none was given
   * @returns the key's source; undefined where there are no keys, and anything goes
   * @throws UnauthorizedError for a key that isn't known
   */
  sourceOf(key: string | undefined): string | undefined {
    if (this.known.length === 0) return undefined;
    const digest = digestOf(key ?? '');
    // Each is compared, so that the time tells nothing.
    const found = this.known.filter((one) => timingSafeEqual(one.digest, digest));
    if (found.length > 0) return found[0]!.source;
    throw new UnauthorizedError(
      'invalid_write_key',
      key === undefined
        ? 'a write key is missing: give it by Basic authentication, as a bearer token or as writeKey in the body'
        : 'the write key is not known: WRITE_KEYS has those that are',
    );
  }
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** The key of an `Authorization` header: the user name of Basic, or the token of Bearer. */
export function keyOfHeader({ headers }: IncomingMessage): string | undefined {
  const [scheme = '', value = ''] = (headers.authorization ?? '').trim().split(/ +/, 2);
  switch (scheme.toLowerCase()) {
    case 'basic':
      return Buffer.from(value, 'base64').toString('utf8').split(':', 1)[0] || undefined;
    case 'bearer':
      return value || undefined;
    default:
      return undefined;
  }
}
