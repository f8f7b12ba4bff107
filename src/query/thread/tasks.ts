import type { MessagePort } from 'node:worker_threads';
import type { HourFigures } from '../engine/run-hour.js';
import type { EventKey, EventsQuery, ExportQuery } from '../language/parse-events.js';
import type { FunnelQuery } from '../language/parse-funnel.js';
import type { RetentionQuery } from '../language/parse-retention.js';
import type { UserQuery, UsersQuery } from '../language/parse-users.js';
import type { Query } from '../language/query.js';

export type Format = 'json' | 'csv';

/** What a thread may be asked. */
export type Question =
  | { kind: 'query'; query: Query; format: Format }
  | { kind: 'funnel'; query: FunnelQuery; format: Format }
  | { kind: 'retention'; query: RetentionQuery; format: Format }
  | { kind: 'events'; query: EventsQuery; format: Format }
  | { kind: 'export'; query: ExportQuery; after: EventKey | undefined; limit: number }
  | { kind: 'user'; query: UserQuery }
  | { kind: 'users'; query: UsersQuery; format: Format }
  | { kind: 'hour'; from: number; to: number };

export interface Task {
  question: Question;
  /** Milliseconds. */
  now: number;
  /** Any message by it gives the task up. */
  cancel: MessagePort;
}

/** An answer as it's sent. */
export interface AnswerText {
  text: string;
  /** Where the next page begins; null for the last. */
  nextCursor: string | null;
  /** How many events of bots it leaves out; undefined where bots are in. */
  botEventsLeftOut?: number;
}

/** Some lines of an export. */
export interface ExportPage {
  text: string;
  /** Of the last line; undefined for no line at all. */
  last: EventKey | undefined;
  count: number;
}

interface Replies {
  query: AnswerText;
  funnel: AnswerText;
  retention: AnswerText;
  events: AnswerText;
  export: ExportPage;
  user: AnswerText;
  users: AnswerText;
  hour: HourFigures;
}

export type Reply<Kind extends Question['kind']> = Replies[Kind];

/** Errors keep no class on their way between threads. */
export interface Failure {
  name: string;
  message: string;
  code?: string;
  severity?: string;
  status?: number;
  details?: object;
  stack?: string;
}

export type Outcome<Kind extends Question['kind']> = { reply: Reply<Kind> } | { failure: Failure };

/** What a thread is started with. */
export interface ThreadSettings {
  /** For the database's driver; without functions, which can't be sent. */
  connection: Record<string, unknown>;
  maxConnections: number;
  cacheBytes: number;
  limits: {
    maxRawRows: number;
    maxBuckets: number;
    maxResultRows: number;
    timeoutMs: number;
  };
}
