import { useState } from 'preact/hooks';
import { getJson } from '../api/client.js';
import type { EventLine, UserAnswer } from '../api/types.js';
import { useAnswer } from '../api/use-answer.js';
import { useDashboard } from '../dashboard-context.js';
import { CsvButton } from '../parts/csv-button.js';
import { eventsCsv, Properties } from '../parts/event-table.js';
import { Answered, Nothing, Panel } from '../parts/panel.js';
import { ViewLink } from '../parts/view-link.js';
import { bucketText, figureText, momentText } from '../state/format.js';
import { dayOf } from '../state/dates.js';

const FIRST = 50;
/** That the API answers at once; all of them are in the export. */
const MOST = 1_000;

/** All that is known of one person, and what they did. */
export function User() {
  const { state, now } = useDashboard();
  const { user = '', isAnonymous } = state;
  const [limit, setLimit] = useState(FIRST);
  // Addresses lose such parts, however they are written.
  const hasAddress = user !== '.' && user !== '..';
  const asked = useAnswer(
    hasAddress ? JSON.stringify([user, isAnonymous, limit]) : undefined,
    (signal) =>
      getJson<UserAnswer>(
        `users/${encodeURIComponent(user)}`,
        { limit: String(limit), ...(isAnonymous && { kind: 'anonymous' }) },
        signal,
      ),
    now,
  );
  return (
    <>
      <p>
        <ViewLink to={{ view: 'people', user: undefined }}>← All people</ViewLink>
      </p>
      {hasAddress ? (
        <Answered asked={asked}>
          {(answer) => (
            <>
              <About answer={answer} />
              <Timeline
                answer={answer}
                isLoading={asked.isLoading}
                onMore={limit < MOST ? () => setLimit(MOST) : undefined}
              />
            </>
          )}
        </Answered>
      ) : (
        <Nothing>
          The API has no address for a user whose id is {user}. Their events are in the export.
        </Nothing>
      )}
    </>
  );
}

function About({ answer }: { answer: UserAnswer }) {
  const { zone } = useDashboard().state;
  const { id, kind, traits, identities, groups, counts, events } = answer;
  const merged = identities.filter((one) => one.merge !== undefined);
  return (
    <Panel title={id}>
      <dl class="facts">
        <Fact name="Kind" value={kind} />
        <Fact name="Events" value={figureText('events', events)} />
        <Fact name="First event" value={answer.first_seen && momentText(answer.first_seen, zone)} />
        <Fact name="Last event" value={answer.last_seen && momentText(answer.last_seen, zone)} />
        {answer.raw_from !== undefined && (
          <Fact name="Events are kept from" value={momentText(answer.raw_from, zone)} />
        )}
      </dl>
      <h3>Traits</h3>
      {Object.keys(traits).length === 0 ? (
        <Nothing>None. An identify call, or an import of users, sets them.</Nothing>
      ) : (
        <Properties values={traits} />
      )}
      <h3>Events by name</h3>
      <Properties values={counts} />
      {groups.length > 0 && (
        <>
          <h3>Groups</h3>
          <ul>
            {groups.map((group) => (
              <li key={group.id}>
                {group.id}, since {momentText(group.since, zone)}
                <Properties values={group.traits} />
              </li>
            ))}
          </ul>
        </>
      )}
      {merged.length > 0 && (
        <>
          <h3>Anonymous users who were merged</h3>
          <ul>
            {merged.map((one) => (
              <li key={one.id}>
                {one.id}, since {momentText(one.since!, zone)}, by {one.merged_by}
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

function Fact({ name, value }: { name: string; value: string | null }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value ?? '–'}</dd>
    </div>
  );
}

interface TimelineProps {
  answer: UserAnswer;
  isLoading: boolean;
  onMore: (() => void) | undefined;
}

function Timeline({ answer: { id, recent, events }, isLoading, onMore }: TimelineProps) {
  const { zone } = useDashboard().state;
  const days = byDay(recent, zone);
  return (
    <Panel
      title="Timeline"
      isLoading={isLoading}
      actions={
        <CsvButton name={`events-of-${id}`} of="the events shown" csv={() => eventsCsv(recent)} />
      }
    >
      {recent.length === 0 && <Nothing>No event is kept.</Nothing>}
      {[...days].map(([day, ofDay]) => (
        <section key={day} aria-label={day}>
          <h3>{bucketText(Date.parse(ofDay[0]!.timestamp), 'day', zone)}</h3>
          <ol class="timeline">
            {ofDay.map((event) => (
              <TimelineEvent key={`${event.id} ${event.timestamp}`} event={event} zone={zone} />
            ))}
          </ol>
        </section>
      ))}
      {events > recent.length && (
        <footer class="quiet">
          {figureText('events', recent.length)} of {figureText('events', events)} events.{' '}
          {!onMore && 'All of them are in the export of the API. '}
          {onMore && (
            <button type="button" class="small" onClick={onMore}>
              Show more
            </button>
          )}
        </footer>
      )}
    </Panel>
  );
}

/** They come newest first, and so do the days. */
function byDay(events: readonly EventLine[], zone: string): Map<string, EventLine[]> {
  const days = new Map<string, EventLine[]>();
  for (const event of events) {
    const day = dayOf(Date.parse(event.timestamp), zone);
    const ofDay = days.get(day);
    if (ofDay) ofDay.push(event);
    else days.set(day, [event]);
  }
  return days;
}

function TimelineEvent({ event, zone }: { event: EventLine; zone: string }) {
  const { timestamp, event: name, source, anonymous, user, properties } = event;
  const time = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'medium' });
  return (
    <li>
      <time dateTime={timestamp}>{time.format(new Date(timestamp))}</time>
      <div>
        <strong>{name}</strong>
        <span class="quiet">
          {' '}
          {source}
          {anonymous && `, as the anonymous ${user}`}
        </span>
        <Properties values={properties} />
      </div>
    </li>
  );
}
