import type { EventLine } from '../api/types.js';
import { toCsv } from '../state/csv.js';
import { momentText } from '../state/format.js';
import type { Column } from './table.js';
import { ViewLink } from './view-link.js';

export function eventColumns(zone: string): Column<EventLine>[] {
  return [
    { title: 'Time', cell: ({ timestamp }) => momentText(timestamp, zone) },
    { title: 'Event', cell: ({ event }) => event },
    { title: 'User', cell: (event) => <EventUser event={event} /> },
    { title: 'Source', cell: ({ source }) => source },
    { title: 'Properties', cell: ({ properties }) => <Properties values={properties} /> },
  ];
}

/** Whose it is by now: an anonymous user may have become known since. */
function EventUser({ event: { user, person, anonymous } }: { event: EventLine }) {
  if (user === undefined) return <span class="quiet">nobody</span>;
  const isAnonymous = person === undefined && anonymous === true;
  return (
    <>
      <ViewLink to={{ view: 'people', user: person ?? user, isAnonymous }}>
        {person ?? user}
      </ViewLink>
      {isAnonymous && <span class="quiet"> (anonymous)</span>}
    </>
  );
}

/** As text: what was sent is never markup. */
export function Properties({ values }: { values: Record<string, unknown> | undefined }) {
  const entries = Object.entries(values ?? {});
  if (entries.length === 0) return null;
  return (
    <dl class="properties">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

const CSV_COLUMNS = [
  'timestamp',
  'user',
  'event',
  'id',
  'source',
  'properties',
  'anonymous',
  'person',
  'bot',
] as const;

export function eventsCsv(events: readonly EventLine[]): string {
  return toCsv([CSV_COLUMNS, ...events.map((event) => CSV_COLUMNS.map((name) => event[name]))]);
}
