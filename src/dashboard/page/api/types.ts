/** Answers of the API, as far as the dashboard reads them; `/docs` describes them. */

export type Figures = Record<string, number | null>;
export type Row = Record<string, unknown>;

export interface QueryAnswer {
  results: Row[];
  totals: Figures;
  query: { date_range: [string, string] };
  meta: {
    buckets: number;
    deltas: number;
    raw_rows: number;
    anonymous_events: number;
    bot_events: number;
    milliseconds: number;
    next_cursor: string | null;
  };
}

export interface FunnelAnswer {
  results: {
    step: number;
    event: string;
    users: number;
    conversion: number | null;
    step_conversion: number | null;
    median_seconds: number | null;
  }[];
  meta: { bot_events: number };
}

export interface RetentionAnswer {
  results: { cohort: string; size: number; retained: (number | null)[] }[];
  meta: { bot_events: number };
}

export interface EventLine {
  timestamp: string;
  /** Absent for nobody. */
  user?: string;
  anonymous?: boolean;
  /** The known user whom the anonymous one was merged into. */
  person?: string;
  event: string;
  id: string;
  source: string;
  properties?: Record<string, unknown>;
  bot?: boolean;
}

export interface EventsAnswer {
  results: EventLine[];
  meta: { next_cursor: string | null };
}

export interface Person {
  id: string;
  kind: 'known' | 'anonymous';
  traits: Record<string, unknown>;
  created_at: string;
}

export interface PeopleAnswer {
  results: Person[];
  meta: { next_cursor: string | null };
}

export interface UserAnswer extends Person {
  first_seen: string | null;
  last_seen: string | null;
  events: number;
  counts: Record<string, number>;
  identities: (Person & { merge?: number; since?: string; merged_by?: string })[];
  groups: { id: string; traits: Record<string, unknown>; since: string }[];
  recent: EventLine[];
  raw_from?: string;
}

export interface RejectionsAnswer {
  rejections: { time: string; code: string; message: string; route: string; input: string }[];
  counts: Record<string, number>;
}

export interface ImportAnswer {
  lines: number;
  stored: number;
  duplicates: number;
  accepted?: number;
  rejected: number;
  skipped: number;
  incomplete?: string;
  receipts: { line: number; code: string; message: string }[];
  receipts_omitted?: number;
}
