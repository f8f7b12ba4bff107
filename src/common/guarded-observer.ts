import { Logger } from '@nestjs/common';
import { describeError } from './describe-error.js';
import {
  Observer,
  type AnsweredQuestion,
  type CommittedBatch,
  type FoldedDeltas,
} from './observer.js';
import { Seldom } from './seldom.js';

/** One that throws throws with every event. */
const WARNING_MS = 60_000;

/** Keeps what an observer throws from those whom it's told of: what was stored is stored. */
export class GuardedObserver extends Observer {
  private readonly logger = new Logger('Analytics');
  private readonly warnings = new Seldom(WARNING_MS);

  constructor(private readonly observer: Observer) {
    super();
  }

  override committed(batch: CommittedBatch): void {
    this.guard(() => this.observer.committed(batch));
  }

  override spooled(events: number): void {
    this.guard(() => this.observer.spooled(events));
  }

  override rejected(code: string): void {
    this.guard(() => this.observer.rejected(code));
  }

  override answered(question: AnsweredQuestion): void {
    this.guard(() => this.observer.answered(question));
  }

  override folded(pass: FoldedDeltas): void {
    this.guard(() => this.observer.folded(pass));
  }

  private guard(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.warnings.do(() =>
        this.logger.error(`The observer failed: ${describeError(error, true)}`),
      );
    }
  }
}
