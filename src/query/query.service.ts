import { Injectable } from '@nestjs/common';
import { fromQueryString } from './language/shorthand.js';
import {
  parseEvents,
  parseExport,
  type EventKey,
  type ExportQuery,
} from './language/parse-events.js';
import { parseFunnel } from './language/parse-funnel.js';
import { parseQuery } from './language/parse-query.js';
import { parseRetention } from './language/parse-retention.js';
import { parseUser, parseUsers } from './language/parse-users.js';
import { CSV_HEADER } from './event-lines.js';
import { QueryThreads } from './query-threads.js';
import type { AnswerText, Format } from './thread/tasks.js';

/** Of one statement: what comes at once is in memory. */
const EXPORT_PAGE = 1_000;

/** A query as it was given, and how its answer is to be written. */
export interface Asked {
  /** What JSON.parse gives, or the query string. */
  value: unknown;
  isShorthand: boolean;
  format: Format;
  /** When the client goes away, its query ends in the database. */
  signal: AbortSignal;
}

/** Every kind of query but the original report. Throws InvalidQueryError, and what threads throw. */
@Injectable()
export class QueryService {
  constructor(private readonly threads: QueryThreads) {}

  query({ format, signal, ...asked }: Asked): Promise<AnswerText> {
    return this.threads.ask({ kind: 'query', query: parseQuery(jsonOf(asked)), format }, signal);
  }

  funnel({ format, signal, ...asked }: Asked): Promise<AnswerText> {
    return this.threads.ask({ kind: 'funnel', query: parseFunnel(jsonOf(asked)), format }, signal);
  }

  retention({ format, signal, ...asked }: Asked): Promise<AnswerText> {
    const query = parseRetention(jsonOf(asked));
    return this.threads.ask({ kind: 'retention', query, format }, signal);
  }

  events({ format, signal, ...asked }: Asked): Promise<AnswerText> {
    return this.threads.ask({ kind: 'events', query: parseEvents(jsonOf(asked)), format }, signal);
  }

  /** @param search the query string, as it was sent */
  user(id: string, search: string, signal: AbortSignal): Promise<AnswerText> {
    return this.threads.ask({ kind: 'user', query: parseUser(id, search) }, signal);
  }

  /** The same. */
  users(search: string, format: Format, signal: AbortSignal): Promise<AnswerText> {
    return this.threads.ask({ kind: 'users', query: parseUsers(search), format }, signal);
  }

  /** @param given the query string */
  readExport(given: Record<string, unknown>): ExportQuery {
    return parseExport(given);
  }

  /** The export's text, some lines at a time; each part is from a snapshot of its own. */
  async *export(query: ExportQuery, signal: AbortSignal): AsyncGenerator<string> {
    // Along with the first lines: what fails before them is answered as an error.
    let header = query.format === 'csv' ? CSV_HEADER : '';
    let after: EventKey | undefined;
    for (;;) {
      const question = { kind: 'export' as const, query, after, limit: EXPORT_PAGE };
      const { text, last, count } = await this.threads.ask<'export'>(question, signal);
      if (header !== '' || count > 0) yield header + text;
      header = '';
      if (count < EXPORT_PAGE) return;
      after = last;
    }
  }
}

function jsonOf({ value, isShorthand }: Pick<Asked, 'value' | 'isShorthand'>): unknown {
  return isShorthand ? fromQueryString(value as Record<string, unknown>) : value;
}
