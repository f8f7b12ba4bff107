import { Injectable, Logger } from '@nestjs/common';
import { describeError } from '../../common/describe-error.js';

/** Whether the database takes events. One who writes notes that it doesn't; the replayer, that it does. */
@Injectable()
export class Availability {
  private readonly logger = new Logger('Database');
  private lostAt: number | undefined;
  private lastError: unknown;
  private readonly listeners: (() => void)[] = [];

  get isAway(): boolean {
    return this.lostAt !== undefined;
  }

  /** Why the database is thought to be away. */
  get reason(): unknown {
    return this.lastError;
  }

  /** @param listener is called whenever the database is lost */
  onLost(listener: () => void): void {
    this.listeners.push(listener);
  }

  lost(error: unknown): void {
    this.lastError = error;
    if (this.isAway) return;
    this.lostAt = performance.now();
    this.logger.warn(`The database takes no events: ${describeError(error)}`);
    for (const listener of this.listeners) listener();
  }

  back(): void {
    if (this.lostAt === undefined) return;
    const seconds = ((performance.now() - this.lostAt) / 1000).toFixed(1);
    this.lostAt = undefined;
    this.logger.warn(`The database takes events again, after ${seconds} s.`);
  }
}
