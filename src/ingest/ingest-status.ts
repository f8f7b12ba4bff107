import { Injectable, Optional } from '@nestjs/common';
import { Spool } from './spool/spool.js';
import type { Waiting } from './spool/spool-directory.js';
import { Availability } from './writer/availability.js';
import { EventWriter } from './writer/event-writer.js';

/** How the way in is doing. */
export interface IngestState {
  /** Whether an event that comes now is kept, be it on disk. */
  takesEvents: boolean;
  isDatabaseAway: boolean;
  /** What lies in the spool; undefined where there is none. */
  waiting: Waiting | undefined;
}

/** The same of this process alone, as far as it knows without asking anybody. */
export interface OwnIngestState {
  /** Events in memory that no batch has taken yet. */
  queued: number;
  isDatabaseAway: boolean;
  /** Undefined where there is no spool. */
  spool: (Waiting & { takesEvents: boolean }) | undefined;
}

/** Tells how the way in is doing, to who watches the server. */
@Injectable()
export class IngestStatus {
  constructor(
    private readonly availability: Availability,
    private readonly writer: EventWriter,
    @Optional() private readonly spool?: Spool,
  ) {}

  async read(): Promise<IngestState> {
    return {
      takesEvents: this.spool?.takesEvents === true,
      isDatabaseAway: this.availability.isAway,
      waiting: await this.spool?.allWaiting(),
    };
  }

  readOwn(): OwnIngestState {
    const { spool } = this;
    return {
      queued: this.writer.waitingEvents,
      isDatabaseAway: this.availability.isAway,
      spool: spool && { ...spool.waiting, takesEvents: spool.takesEvents },
    };
  }
}
