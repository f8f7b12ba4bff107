import { useEffect, useState } from 'preact/hooks';
import { useDashboard } from '../dashboard-context.js';
import { isZone } from '../state/view-state.js';
import { Suggested } from './suggested.js';

/** Names of now that browsers know, and list by what they were before. */
const RENAMED = [
  'America/Nuuk',
  'Asia/Ho_Chi_Minh',
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'Asia/Yangon',
  'Atlantic/Faroe',
  'Europe/Kyiv',
  'Pacific/Kanton',
];
const ZONES = [
  ...new Set(['UTC', ...Intl.supportedValuesOf('timeZone'), ...RENAMED.filter(isZone)]),
].toSorted();

/** Whose days and hours the figures are of. */
export function ZonePicker() {
  const { state, update } = useDashboard();
  const [text, setText] = useState(state.zone);
  useEffect(() => setText(state.zone), [state.zone]);
  return (
    <Suggested
      label="Time zone"
      value={text}
      suggestions={ZONES}
      onInput={setText}
      onDone={(zone) => {
        if (isZone(zone)) update({ zone });
        else setText(state.zone);
      }}
    />
  );
}
