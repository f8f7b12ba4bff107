import { useEffect, useRef, useState } from 'preact/hooks';
import { LiveWatch } from '../api/live.js';
import type { EventLine } from '../api/types.js';
import { useDashboard } from '../dashboard-context.js';
import { CsvButton } from '../parts/csv-button.js';
import { eventColumns, eventsCsv } from '../parts/event-table.js';
import { Nothing, Panel } from '../parts/panel.js';
import { Suggested } from '../parts/suggested.js';
import { Table } from '../parts/table.js';

/** Older ones make room. */
const SHOWN = 200;
/** A flood is drawn a few times a second, not for each event. */
const DRAW_MS = 250;
/** What is said of missing events is about now. */
const TOLD_MS = 30_000;

/** Events as they arrive. */
export function Live() {
  const { state, update, suggestions } = useDashboard();
  const [isPaused, setPaused] = useState(false);
  const [name, setName] = useState(state.only);
  useEffect(() => setName(state.only), [state.only]);
  const { events, isConnected, missing } = useLiveEvents(isPaused, state.only, state.includeBots);
  return (
    <Panel
      title="Live"
      actions={
        <>
          <Connection isConnected={isConnected} isPaused={isPaused} />
          <button type="button" class="small" onClick={() => setPaused(!isPaused)}>
            {isPaused ? 'Go on' : 'Pause'}
          </button>
          <CsvButton name="live" of="the events shown" csv={() => eventsCsv(events)} />
        </>
      }
    >
      <Suggested
        label="Only events named"
        value={name}
        suggestions={suggestions.events}
        placeholder="any"
        onInput={setName}
        onDone={(only) => update({ only })}
      />
      {missing !== '' && <p class="quiet">{missing}</p>}
      {events.length === 0 ? (
        <Nothing>
          Nothing arrived since this page was opened. Events appear here as they do.
        </Nothing>
      ) : (
        <Table
          caption="Events, the latest to arrive first"
          columns={eventColumns(state.zone)}
          rows={events}
          keyOf={({ id, timestamp, user }) => `${id} ${timestamp} ${user ?? ''}`}
        />
      )}
    </Panel>
  );
}

function Connection({ isConnected, isPaused }: { isConnected: boolean; isPaused: boolean }) {
  const text = isConnected ? 'Connected' : 'Connecting …';
  return (
    <span class={`connection ${isConnected && !isPaused ? 'on' : ''}`} role="status">
      {isPaused ? 'Paused' : text}
    </span>
  );
}

function useLiveEvents(isPaused: boolean, name: string, includeBots: boolean) {
  const [events, setEvents] = useState<EventLine[]>([]);
  const [isConnected, setConnected] = useState(false);
  const [missing, setMissing] = useState('');
  const waiting = useRef<EventLine[]>([]);
  const place = useRef('');
  // Others are shown from now on.
  useEffect(() => {
    setEvents([]);
    waiting.current = [];
    place.current = '';
  }, [name, includeBots]);
  useEffect(() => {
    if (isPaused) return undefined;
    const draw = setInterval(() => {
      const arrived = waiting.current.splice(0);
      if (arrived.length > 0) {
        setEvents((before) => [...arrived.toReversed(), ...before].slice(0, SHOWN));
      }
    }, DRAW_MS);
    let forget: ReturnType<typeof setTimeout> | undefined;
    const watch = new LiveWatch(
      {
        onEvent: (event) => {
          waiting.current.push(event);
          if (waiting.current.length > SHOWN) waiting.current.shift();
        },
        onConnected: setConnected,
        onMissing: (count) => {
          setMissing(missingText(count));
          clearTimeout(forget);
          forget = setTimeout(() => setMissing(''), TOLD_MS);
        },
      },
      {
        ...(name !== '' && { event: JSON.stringify([name]) }),
        ...(includeBots && { bots: 'include' }),
      },
      place.current,
    );
    return () => {
      clearInterval(draw);
      clearTimeout(forget);
      watch.stop();
      // After a pause it goes on from here.
      place.current = watch.place;
      setConnected(false);
      setMissing('');
    };
  }, [isPaused, name, includeBots]);
  return { events, isConnected, missing };
}

function missingText(count: number | undefined): string {
  return count === undefined
    ? 'The connection was broken for a while: some events that arrived then are not shown. All of them are stored.'
    : `More events arrive than can be shown: ${count} were left out just now. All of them are stored.`;
}
