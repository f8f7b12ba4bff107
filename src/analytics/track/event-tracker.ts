import type { IncomingMessage } from 'node:http';
import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type ExecutionContext,
} from '@nestjs/common';
import { browserAgentOf } from '../../access/browser-agent.js';
import { hasOptedOut } from '../../access/privacy-signals.js';
import { RequestIdentities } from '../../access/request-identities.js';
import { nodeRequest, type HttpRequest } from '../../common/http.js';
import { Seldom } from '../../common/seldom.js';
import { BatchService } from '../../ingest/batch/batch.service.js';
import type { SenderRules } from '../../ingest/normalise.js';
import { Refusal } from '../../ingest/refusal.js';
import { refusalOf } from '../../ingest/senders.js';
import { RejectionLog } from '../../ingest/rejection-log.js';
import type { TrackOptions } from './track-options.js';

/** What goes wrong goes wrong with every request: it's told now and then. */
const TELL_INTERVAL_MS = 10_000;

/** A handler that has answered. */
export interface Handled {
  context: ExecutionContext;
  result: unknown;
}

/** Stores the events of handlers that are decorated with `Track`. */
@Injectable()
export class EventTracker implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Track');
  private readonly underWay = new Set<Promise<void>>();
  private readonly notices = new Seldom(TELL_INTERVAL_MS);
  private untold = 0;

  constructor(
    private readonly batches: BatchService,
    private readonly identities: RequestIdentities,
    private readonly rejections: RejectionLog,
  ) {}

  /**
   * Stores an event while nobody waits for it. What can't be stored is logged, and noted among the
   * rejections.
   */
  trackLater(event: string, options: TrackOptions, handled: Handled): void {
    const tracking = this.track(event, options, handled).catch(() => {});
    this.underWay.add(tracking);
    void tracking.finally(() => this.underWay.delete(tracking));
  }

  /**
   * The same for who waits: an event that is refused is logged alone.
   *
   * @throws whatever the options' functions do; AnalyticsError when it isn't known to be stored
   */
  async track(event: string, options: TrackOptions, handled: Handled): Promise<void> {
    try {
      await this.store(event, options, handled);
    } catch (error) {
      const refusal = refusalOf(error);
      this.note(event, refusal ?? new Refusal('untracked'), error);
      if (!refusal) throw error;
    }
  }

  /** Those that are under way are stored. */
  async beforeApplicationShutdown(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  private async store(event: string, options: TrackOptions, handled: Handled): Promise<void> {
    const { context, result } = handled;
    const { source, user, anonymous, properties, timestamp, id } = options;
    const request = requestOf(context);
    const given = await user?.(context, result);
    const whose = await this.whose(request, user !== undefined, given);
    const item = {
      event,
      user: given ?? undefined,
      anonymous: anonymous?.(context, result),
      source,
      timestamp: textOf(timestamp?.(context, result)),
      id: id?.(context, result),
      properties: await properties?.(context, result),
    };
    const receipts = await this.batches.store([item], routeOf(event), 'all', whose);
    if (receipts.hasNew) this.identities.stored(whose.sender);
    const [receipt] = receipts.toResult().receipts;
    if (receipt?.status === 'rejected') this.tell(event, receipt.message);
  }

  /** @param isGiven whether the options say whose it is: nobody's where they say null */
  private async whose(
    request: IncomingMessage | undefined,
    isGiven: boolean,
    user: string | number | null | undefined,
  ): Promise<SenderRules> {
    const isOut = request !== undefined && hasOptedOut(request);
    if (isOut || user === null) return { sender: undefined, hasOptedOut: true };
    const sender = isGiven || !request ? undefined : await this.identities.of(request);
    return { sender, hasOptedOut: false, agent: request && browserAgentOf(request) };
  }

  private note(event: string, refusal: Refusal, error: unknown): void {
    this.rejections.note(refusal, routeOf(event), '');
    this.tell(event, error);
  }

  private tell(event: string, trouble: unknown): void {
    this.untold += 1;
    this.notices.do(() => {
      const others = this.untold > 1 ? `, ${this.untold - 1} others since the last time` : '';
      this.untold = 0;
      const text = trouble instanceof Error ? trouble.message : String(trouble);
      this.logger.error(`An event ${JSON.stringify(event)} is not stored${others}: ${text}`);
    });
  }
}

/** @returns undefined for what isn't HTTP */
function requestOf(context: ExecutionContext): IncomingMessage | undefined {
  if (context.getType() !== 'http') return undefined;
  return nodeRequest(context.switchToHttp().getRequest<HttpRequest>());
}

function routeOf(event: string): string {
  return `@Track ${event}`;
}

/** A date that is none is refused for what it is. */
function textOf(timestamp: Date | string | number | undefined): string | number | undefined {
  if (!(timestamp instanceof Date)) return timestamp;
  return Number.isNaN(timestamp.getTime()) ? 'Invalid Date' : timestamp.toISOString();
}
