import { useEffect, useState } from 'preact/hooks';
import { postForCsv, postJson } from '../../api/client.js';
import { ALL_ROWS } from '../../api/questions.js';
import type { QueryAnswer, Row } from '../../api/types.js';
import { useDashboard } from '../../dashboard-context.js';
import { CsvButton } from '../../parts/csv-button.js';
import { Answered, Nothing, Panel } from '../../parts/panel.js';
import { Suggested } from '../../parts/suggested.js';
import { Table, type Column } from '../../parts/table.js';
import { filterBy, nameOf, valueText, withFilter, type Value } from '../../state/filters.js';
import { figureText } from '../../state/format.js';
import { CHART_METRICS, FEW_ROWS, MANY_ROWS } from '../../state/view-state.js';
import { useFigures } from '../../use-figures.js';

const KINDS = { event: 'Events', source: 'Sources', property: 'Properties', trait: 'Traits' };
type Kind = keyof typeof KINDS;

const METRICS = ['unique_users', 'events', 'impressions', 'clicks', 'ctr'] as const;
/** Whose the events were is in raw events alone: numbers of people by trait come from rollups. */
const TRAIT_METRICS = ['unique_users'] as const;

/** A filter takes no longer texts. */
const MAX_VALUE = 1_000;

/** What the figures are made of. A click on a row shows it alone. */
export function Breakdown() {
  const { state, update, frame, suggestions } = useDashboard();
  const { by, rows: limit } = state;
  const kind = by.split(':', 1)[0] as Kind;
  const metrics: readonly string[] = kind === 'trait' ? TRAIT_METRICS : METRICS;
  const question = { ...frame.scope, metrics, dimensions: [by] };
  const asked = useFigures([by, limit], async (signal) => {
    const answer = await postJson<QueryAnswer>('query', { ...question, limit }, signal);
    return { ...answer, by, metrics, limit };
  });
  const choose = (chosen: Kind): void => {
    const [first = ''] = { property: suggestions.properties, trait: suggestions.traits }[
      chosen as string
    ] ?? [undefined];
    const isField = chosen === 'property' || chosen === 'trait';
    update({
      rows: FEW_ROWS,
      by: isField ? `${chosen}:${first || (chosen === 'property' ? 'path' : 'plan')}` : chosen,
    });
  };
  return (
    <Panel
      title="By what"
      isLoading={asked.isLoading}
      actions={
        <CsvButton
          name={`by-${nameOf(by)}`}
          of={`the figures by ${nameOf(by)}`}
          csv={() => postForCsv('query', { ...question, limit: ALL_ROWS })}
        />
      }
    >
      <div class="tabs" role="group" aria-label="What the figures are broken down by">
        {(Object.entries(KINDS) as [Kind, string][]).map(([one, name]) => (
          <button key={one} type="button" aria-pressed={one === kind} onClick={() => choose(one)}>
            {name}
          </button>
        ))}
        {(kind === 'property' || kind === 'trait') && <FieldName kind={kind} />}
      </div>
      <Answered asked={asked}>
        {({ results, meta, ...shown }) =>
          results.length === 0 ? (
            <Nothing>
              Nothing here has a {nameOf(shown.by)}. Choose another one, or another range.
            </Nothing>
          ) : (
            <>
              <Rows by={shown.by} metrics={shown.metrics} rows={results} />
              <footer class="quiet">
                {meta.next_cursor !== null && shown.limit < MANY_ROWS && (
                  <button type="button" class="small" onClick={() => update({ rows: MANY_ROWS })}>
                    Show more
                  </button>
                )}
                {meta.next_cursor !== null &&
                  shown.limit === MANY_ROWS &&
                  'The CSV has all of them. '}
                {meta.raw_rows > 0 &&
                  `Read from ${figureText('events', meta.raw_rows)} raw events.`}
              </footer>
            </>
          )
        }
      </Answered>
    </Panel>
  );
}

function FieldName({ kind }: { kind: 'property' | 'trait' }) {
  const { state, update, suggestions } = useDashboard();
  const name = nameOf(state.by);
  const [text, setText] = useState(name);
  useEffect(() => setText(name), [state.by]);
  const names = kind === 'property' ? suggestions.properties : suggestions.traits;
  const take = (value: string): void => {
    if (value !== '' && value !== name) update({ by: `${kind}:${value}` });
  };
  return (
    <Suggested
      label={`Name of the ${kind}`}
      value={text}
      suggestions={names}
      onInput={setText}
      onDone={take}
    />
  );
}

interface RowsProps {
  by: string;
  metrics: readonly string[];
  rows: readonly Row[];
}

function Rows({ by, metrics, rows }: RowsProps) {
  const { state, update } = useDashboard();
  const most = Math.max(1, ...rows.map((row) => numberOf(row, metrics[0]!)));
  const columns: Column<Row>[] = [
    {
      title: nameOf(by),
      share: (row) => numberOf(row, metrics[0]!) / most,
      cell: (row) => (
        <RowName
          value={row[by]}
          by={by}
          onChoose={(value) => update({ filters: withFilter(state.filters, filterBy(by, value)) })}
        />
      ),
    },
    ...metrics.map((metric) => ({
      title: CHART_METRICS[metric as keyof typeof CHART_METRICS],
      isNumber: true,
      cell: (row: Row) => figureText(metric, row[metric] as number | null),
    })),
  ];
  return (
    <Table
      caption={`Figures by ${nameOf(by)}`}
      columns={columns}
      rows={rows}
      keyOf={(row) => JSON.stringify(row[by])}
    />
  );
}

interface RowNameProps {
  value: unknown;
  by: string;
  onChoose: (value: Value) => void;
}

/** A list or an object is no value to filter by, and neither is what many names share. */
function RowName({ value, by, onChoose }: RowNameProps) {
  const text = valueText(value);
  const isOthers = by === 'event' && value === '(other)';
  // Longer ones are no value of a filter.
  const isPlain = value === null || (typeof value !== 'object' && text.length <= MAX_VALUE);
  if (!isPlain || isOthers) return <span title={text}>{text}</span>;
  return (
    <button
      type="button"
      class={`link ${value === null || value === '' ? 'muted' : ''}`}
      title={`Only ${nameOf(by)} ${text}`}
      onClick={() => onChoose(value as Value)}
    >
      {text}
    </button>
  );
}

function numberOf(row: Row, metric: string): number {
  return Number(row[metric] ?? 0);
}
