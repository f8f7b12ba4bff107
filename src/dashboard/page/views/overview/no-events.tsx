import { useDashboard } from '../../dashboard-context.js';
import { Nothing } from '../../parts/panel.js';
import { momentText } from '../../state/format.js';

/** There are events, and none here. */
export function NoEvents() {
  const { state, update, extent } = useDashboard();
  if (extent === undefined) return null;
  const hasFilters = state.filters.length > 0;
  return (
    <Nothing>
      No events here. There are some from {momentText(extent.first, state.zone)} to{' '}
      {momentText(extent.last, state.zone)}.{' '}
      {state.range !== 'all' && (
        <button type="button" onClick={() => update({ range: 'all' })}>
          Show all time
        </button>
      )}{' '}
      {hasFilters && (
        <button type="button" onClick={() => update({ filters: [] })}>
          Remove the filters
        </button>
      )}
    </Nothing>
  );
}
