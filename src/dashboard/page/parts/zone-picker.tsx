import { useState } from 'preact/hooks';
import { useDashboard } from '../dashboard-context.js';
import { isZone } from '../state/view-state.js';
import { Suggested } from './suggested.js';

const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];

/** Whose days and hours the figures are of. */
export function ZonePicker() {
  const { state, update } = useDashboard();
  return <Zone key={state.zone} zone={state.zone} onChoose={(zone) => update({ zone })} />;
}

function Zone({ zone, onChoose }: { zone: string; onChoose: (zone: string) => void }) {
  const [text, setText] = useState(zone);
  const take = (value: string): void => {
    if (isZone(value)) onChoose(value);
    else setText(zone);
  };
  return (
    <Suggested
      label="Time zone"
      value={text}
      suggestions={ZONES}
      onInput={(value) => {
        setText(value);
        // Chosen from the list: nobody types the whole of it at once.
        if (ZONES.includes(value) && value !== zone) onChoose(value);
      }}
      onDone={take}
    />
  );
}
