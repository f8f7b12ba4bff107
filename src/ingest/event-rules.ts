import { Injectable, Optional } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import type { NormaliseRules } from './normalise.js';

/** Which times events may have. */
export abstract class TimestampOptions {
  /** How far ahead of the server's clock; a day without it. */
  abstract readonly maxFutureMs?: number | undefined;
  /** How far behind it; any without it. */
  abstract readonly maxAgeMs?: number | undefined;
  /** From which moment on, in milliseconds since 1970-01-01T00:00:00Z; any without it. */
  abstract readonly oldest?: number | undefined;
}

const DAY_MS = 24 * 3_600_000;

/** What all events are judged by that arrive in a moment, whichever way. */
@Injectable()
export class EventRules {
  constructor(
    private readonly clock: Clock,
    @Optional() private readonly options?: TimestampOptions,
  ) {}

  /** What holds now. The later of two bounds of the past counts. */
  current(): Required<Pick<NormaliseRules, 'now' | 'bounds'>> {
    const { maxFutureMs = DAY_MS, maxAgeMs, oldest } = this.options ?? {};
    const now = this.clock.now();
    const byAge = maxAgeMs === undefined ? undefined : now - maxAgeMs;
    const bounds = { newest: now + maxFutureMs, oldest: later(byAge, oldest) };
    return { now, bounds };
  }
}

function later(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}
