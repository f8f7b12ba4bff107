import { useDashboard } from '../dashboard-context.js';
import { filterText } from '../state/filters.js';
import { allowsInterval, INTERVALS, type Comparison, type Interval } from '../state/ranges.js';
import { ADD_FILTER, FilterForm } from './filter-form.js';
import { RangePicker } from './range-picker.js';
import { Choice } from './choice.js';
import { ZonePicker } from './zone-picker.js';

const COMPARISONS: Record<Comparison, string> = {
  previous: 'Previous period',
  year: 'Year before',
  none: 'Nothing',
};

/** What the figures are about. */
export function Toolbar() {
  const { state, update, frame } = useDashboard();
  const intervals = INTERVALS.filter((interval) => allowsInterval(interval, frame.length));
  return (
    <div class="toolbar" role="group" aria-label="What the figures are about">
      <RangePicker />
      <ZonePicker />
      {state.view === 'overview' && (
        <>
          <Choice
            label="Interval"
            value={state.interval ?? ''}
            options={[
              ['', `Auto (${frame.interval})`],
              ...intervals.map((interval): [string, string] => [interval, interval]),
            ]}
            onChoose={(interval) =>
              update({ interval: interval === '' ? undefined : (interval as Interval) })
            }
          />
          <Choice
            label="Compare with"
            value={state.compare}
            options={Object.entries(COMPARISONS)}
            onChoose={(compare) => update({ compare: compare as Comparison })}
          />
        </>
      )}
      <Choice
        label="Bots"
        value={state.includeBots ? 'include' : 'exclude'}
        options={[
          ['exclude', 'Left out'],
          ['include', 'Counted'],
        ]}
        onChoose={(bots) => update({ includeBots: bots === 'include' })}
      />
      <FilterForm />
      <Filters />
    </div>
  );
}

function Filters() {
  const { state, update } = useDashboard();
  if (state.filters.length === 0) return null;
  const without = (index: number) => state.filters.filter((_, place) => place !== index);
  return (
    <ul class="filters" aria-label="Filters">
      {state.filters.map((filter, index) => (
        <li key={JSON.stringify(filter)}>
          <span>{filterText(filter)}</span>
          <button
            type="button"
            aria-label={`Remove the filter ${filterText(filter)}`}
            onClick={() => {
              document.querySelector<HTMLElement>(`#${ADD_FILTER}`)?.focus();
              update({ filters: without(index) });
            }}
          >
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}
