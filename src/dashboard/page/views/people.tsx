import { useState } from 'preact/hooks';
import { getCsv, getJson } from '../api/client.js';
import type { PeopleAnswer, Person } from '../api/types.js';
import { useAnswer } from '../api/use-answer.js';
import { useDashboard } from '../dashboard-context.js';
import { Choice } from '../parts/choice.js';
import { CsvButton } from '../parts/csv-button.js';
import { Properties } from '../parts/event-table.js';
import { Answered, Nothing, Panel } from '../parts/panel.js';
import { Suggested } from '../parts/suggested.js';
import { Table, type Column } from '../parts/table.js';
import { ViewLink } from '../parts/view-link.js';
import { momentText } from '../state/format.js';

const PAGE = 50;

/** Finds people, by their id or by what is known of them. */
export function People() {
  const { state, now } = useDashboard();
  const [kind, setKind] = useState('');
  const [trait, setTrait] = useState({ name: '', value: '' });
  // The cursors of the pages before, of which the first has none.
  const [pages, setPages] = useState<string[]>([]);
  const parameters = {
    limit: String(PAGE),
    ...(kind !== '' && { kind }),
    ...(trait.name !== '' && { [`trait:${trait.name}`]: trait.value }),
  };
  const cursor = pages.at(-1);
  const asked = useAnswer(
    JSON.stringify([parameters, cursor]),
    (signal) =>
      getJson<PeopleAnswer>('users', { ...parameters, ...(cursor && { cursor }) }, signal),
    now,
  );
  return (
    <Panel
      title="People"
      isLoading={asked.isLoading}
      actions={
        <CsvButton
          name="people"
          of="the people found"
          csv={() => getCsv('users', { ...parameters, limit: '1000' })}
        />
      }
    >
      <div class="searches">
        <OpenById />
        <ByTrait
          onFind={(found) => {
            setPages([]);
            setTrait(found);
          }}
        />
        <Choice
          label="Who"
          value={kind}
          options={[
            ['', 'Everyone'],
            ['known', 'Known users'],
            ['anonymous', 'Anonymous ones'],
          ]}
          onChoose={(value) => {
            setPages([]);
            setKind(value);
          }}
        />
      </div>
      <Answered asked={asked}>
        {({ results, meta }) => (
          <>
            {results.length === 0 ? (
              <Nothing>Nobody is found. Leave a field empty to find everyone.</Nothing>
            ) : (
              <Table
                caption="People, in the order in which they were first seen"
                columns={columnsFor(state.zone)}
                rows={results}
                keyOf={({ id, kind: ofPerson }) => `${ofPerson} ${id}`}
              />
            )}
            <footer>
              {pages.length > 0 && (
                <button type="button" class="small" onClick={() => setPages(pages.slice(0, -1))}>
                  Back
                </button>
              )}
              {meta.next_cursor !== null && (
                <button
                  type="button"
                  class="small"
                  onClick={() => setPages([...pages, meta.next_cursor!])}
                >
                  More
                </button>
              )}
            </footer>
          </>
        )}
      </Answered>
    </Panel>
  );
}

function columnsFor(zone: string): Column<Person>[] {
  return [
    {
      title: 'Id',
      cell: ({ id, kind }) => (
        <ViewLink to={{ view: 'people', user: id, isAnonymous: kind === 'anonymous' }}>
          {id}
        </ViewLink>
      ),
    },
    { title: 'Kind', cell: ({ kind }) => kind },
    { title: 'First stored', cell: (person) => momentText(person.created_at, zone) },
    { title: 'Traits', cell: ({ traits }) => <Properties values={traits} /> },
  ];
}

function OpenById() {
  const { update } = useDashboard();
  const [id, setId] = useState('');
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        if (id !== '') update({ user: id, isAnonymous: false });
      }}
    >
      <label class="field">
        <span>Id of a known user</span>
        <input
          type="text"
          value={id}
          spellcheck={false}
          onInput={(event) => setId(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={id === ''}>
        Open
      </button>
    </form>
  );
}

function ByTrait({ onFind }: { onFind: (trait: { name: string; value: string }) => void }) {
  const { suggestions } = useDashboard();
  const [name, setName] = useState('');
  const [value, setValue] = useState('');
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        onFind({ name, value });
      }}
    >
      <Suggested
        label="Trait"
        value={name}
        suggestions={suggestions.traits}
        placeholder="plan"
        onInput={setName}
      />
      <Suggested label="is" value={value} suggestions={[]} onInput={setValue} />
      <button type="submit">Find</button>
    </form>
  );
}
