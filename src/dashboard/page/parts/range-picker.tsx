import { useEffect, useState } from 'preact/hooks';
import { useDashboard } from '../dashboard-context.js';
import { addDays, dayOf, isDay } from '../state/dates.js';
import { momentText } from '../state/format.js';
import { PRESETS, isPreset, type ChosenRange, type Moment } from '../state/ranges.js';
import { Choice } from './choice.js';

const CUSTOM = 'custom';
const LAST_DAY = '2999-12-31';

/** The usual ranges, and any other by its first and last day. */
export function RangePicker() {
  const { state, update, now } = useDashboard();
  const { range, zone } = state;
  const [isOpen, setOpen] = useState(false);
  // Another range may come by the browser's back button.
  useEffect(() => setOpen(false), [String(range)]);
  const isCustom = typeof range !== 'string' || isOpen;
  const onChoose = (value: string): void => {
    setOpen(value === CUSTOM);
    if (isPreset(value)) update({ range: value });
  };
  return (
    <>
      <Choice
        label="Range"
        value={isCustom ? CUSTOM : range}
        options={[...Object.entries(PRESETS), [CUSTOM, customText(range, zone)]]}
        onChoose={onChoose}
      />
      {isCustom && (
        <Days
          key={String(range)}
          first={firstDay(range, zone, now)}
          last={lastDay(range, zone, now)}
          onChoose={(from, to) => update({ range: [from, addDays(to, 1)] })}
        />
      )}
    </>
  );
}

function Days(props: {
  first: string;
  last: string;
  onChoose: (from: string, to: string) => void;
}) {
  const [first, setFirst] = useState(props.first);
  const [last, setLast] = useState(props.last);
  const isValid = isDay(first) && isDay(last) && first <= last && last <= LAST_DAY;
  return (
    <form
      class="days"
      onSubmit={(event) => {
        event.preventDefault();
        if (isValid) props.onChoose(first, last);
      }}
    >
      <label class="field">
        <span>First day</span>
        <input
          type="date"
          required
          value={first}
          onInput={(event) => setFirst(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>Last day</span>
        <input
          type="date"
          required
          min={first}
          max={LAST_DAY}
          value={last}
          onInput={(event) => setLast(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={!isValid}>
        Show
      </button>
    </form>
  );
}

function customText(range: ChosenRange, zone: string): string {
  if (typeof range === 'string') return 'From … to …';
  const [from, to] = range;
  if (isDay(from) && isDay(to)) {
    const last = addDays(to, -1);
    return from === last ? from : `${from} to ${last}`;
  }
  return range.map((moment) => timeText(moment, zone)).join(' to ');
}

function timeText(moment: Moment, zone: string): string {
  return isDay(moment) ? moment : momentText(moment, zone, false);
}

function firstDay(range: ChosenRange, zone: string, now: number): string {
  if (typeof range === 'string') return addDays(dayOf(now, zone), -6);
  return isDay(range[0]) ? range[0] : dayOf(Date.parse(range[0]), zone);
}

function lastDay(range: ChosenRange, zone: string, now: number): string {
  if (typeof range === 'string') return dayOf(now, zone);
  return isDay(range[1]) ? addDays(range[1], -1) : dayOf(Date.parse(range[1]) - 1, zone);
}
