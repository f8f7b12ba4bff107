import { timingSafeEqual } from 'node:crypto';
import { Injectable, Optional } from '@nestjs/common';
import { digestOf, hintOf, type AccessKey } from './keys/access-key.js';

/** Write keys that are given with the configuration. */
export abstract class WriteKeyOptions {
  /** The source of each key. */
  abstract readonly sources: ReadonlyMap<string, string>;
}

/** The write keys of the configuration, in the same form as those of the database; their id is 0. */
@Injectable()
export class EnvironmentKeys {
  readonly all: readonly AccessKey[];

  constructor(@Optional() options?: WriteKeyOptions) {
    this.all = [...(options?.sources ?? [])].map(([secret, source]) => keyOf(secret, source));
  }

  find(secret: string): AccessKey | undefined {
    if (this.all.length === 0) return undefined;
    const digest = digestOf(secret);
    return this.all.find((one) => timingSafeEqual(one.digest, digest));
  }
}

function keyOf(secret: string, source: string): AccessKey {
  return {
    id: 0,
    kind: 'write',
    name: `WRITE_KEYS, ${source}`,
    source,
    origins: null,
    events: null,
    maxAgeS: null,
    hint: hintOf(secret),
    digest: digestOf(secret),
    createdAt: new Date(0),
    createdBy: 'configuration',
    revokedAt: null,
    isEnded: false,
    rotatedFrom: null,
    lastUsedAt: null,
  };
}
