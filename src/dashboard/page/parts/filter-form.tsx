import { useEffect, useRef, useState } from 'preact/hooks';
import { useDashboard } from '../dashboard-context.js';
import { withFilter, type Filter } from '../state/filters.js';
import { Choice } from './choice.js';
import { Suggested } from './suggested.js';

const TESTS: [test: string, text: string][] = [
  ['is', 'is'],
  ['is_not', 'is not'],
  ['contains', 'contains'],
  ['matches', 'matches (* and ?)'],
  ['exists', 'is there'],
];

/** Takes the focus of what is gone. */
export const ADD_FILTER = 'add-filter';

/** A filter that is typed: of the events, sources, properties and traits there are. */
export function FilterForm() {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(false);
  useEffect(() => {
    if (wasOpen.current && !isOpen) button.current?.focus();
    wasOpen.current = isOpen;
  }, [isOpen]);
  if (isOpen) return <Fields onClose={() => setOpen(false)} />;
  return (
    <button ref={button} id={ADD_FILTER} type="button" class="add" onClick={() => setOpen(true)}>
      Add a filter
    </button>
  );
}

function Fields({ onClose }: { onClose: () => void }) {
  const { state, update, suggestions } = useDashboard();
  const [field, setField] = useState('');
  const [test, setTest] = useState('is');
  const [value, setValue] = useState('');
  const fields = [
    'event',
    'source',
    ...suggestions.properties.map((name) => `property:${name}`),
    ...suggestions.traits.map((name) => `trait:${name}`),
  ];
  const isField = /^(event|source|(property|trait):[^]+)$/.test(field);
  const isReady = isField && (test === 'exists' || value !== '');
  const add = (): void => {
    const filter: Filter = test === 'exists' ? [test, field] : [test, field, [value]];
    update({ filters: withFilter(state.filters, filter) });
    onClose();
  };
  return (
    <form
      class="filter-form"
      aria-label="A filter"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) add();
      }}
    >
      <Suggested
        label="Field"
        value={field}
        suggestions={fields}
        onInput={setField}
        placeholder="property:path"
      />
      <Choice label="Test" value={test} options={TESTS} onChoose={setTest} />
      {test !== 'exists' && (
        <Suggested
          label="Value"
          value={value}
          suggestions={field === 'event' ? suggestions.events : []}
          onInput={setValue}
        />
      )}
      <button type="submit" disabled={!isReady}>
        Add
      </button>
      <button type="button" onClick={onClose}>
        Cancel
      </button>
    </form>
  );
}
