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
import type { Who } from '../state/view-state.js';
import { momentText } from '../state/format.js';

const PAGE = 50;

/** Finds people, by their id or by what is known of them. */
export function People() {
  const { state, update, now } = useDashboard();
  const { who, trait, cursor } = state;
  const parameters = {
    limit: String(PAGE),
    ...(who !== 'everyone' && { kind: who }),
    ...(trait.name !== '' && { [`trait:${trait.name}`]: trait.value }),
  };
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
        <ByTrait key={JSON.stringify(trait)} />
        <Choice
          label="Who"
          value={who}
          options={[
            ['everyone', 'Everyone'],
            ['known', 'Known users'],
            ['anonymous', 'Anonymous ones'],
          ]}
          onChoose={(value) => update({ who: value as Who, cursor: undefined })}
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
              {cursor !== undefined && (
                <button type="button" class="small" onClick={() => update({ cursor: undefined })}>
                  To the first
                </button>
              )}
              {meta.next_cursor !== null && (
                <button
                  type="button"
                  class="small"
                  onClick={() => update({ cursor: meta.next_cursor! })}
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
  const [kind, setKind] = useState('known');
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        if (id !== '') update({ user: id, isAnonymous: kind === 'anonymous' });
      }}
    >
      <label class="field">
        <span>Id</span>
        <input
          type="text"
          value={id}
          spellcheck={false}
          onInput={(event) => setId(event.currentTarget.value)}
        />
      </label>
      <Choice
        label="of a user who is"
        value={kind}
        options={[
          ['known', 'known'],
          ['anonymous', 'anonymous'],
        ]}
        onChoose={setKind}
      />
      <button type="submit" disabled={id === ''}>
        Open
      </button>
    </form>
  );
}

function ByTrait() {
  const { state, update, suggestions } = useDashboard();
  const [name, setName] = useState(state.trait.name);
  const [value, setValue] = useState(state.trait.value);
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        update({ trait: { name, value }, cursor: undefined });
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
