import { useEffect, useRef, useState } from 'preact/hooks';
import { postForCsv, postJson } from '../api/client.js';
import type { FunnelAnswer } from '../api/types.js';
import { FunnelChart } from '../charts/funnel-chart.js';
import { useDashboard } from '../dashboard-context.js';
import { BotsNote } from '../parts/bots-note.js';
import { Choice } from '../parts/choice.js';
import { CsvButton } from '../parts/csv-button.js';
import { Answered, Nothing, Panel } from '../parts/panel.js';
import { PngButton } from '../parts/png-button.js';
import { Suggested } from '../parts/suggested.js';
import { Table, type Column } from '../parts/table.js';
import { filterText } from '../state/filters.js';
import { durationText, figureText, percentText } from '../state/format.js';
import { useFigures } from '../use-figures.js';

const WITHIN: [value: string, text: string][] = [
  ['5m', '5 minutes'],
  ['30m', '30 minutes'],
  ['1h', '1 hour'],
  ['24h', '24 hours'],
  ['7d', '7 days'],
  ['30d', '30 days'],
];

type Step = FunnelAnswer['results'][number];

/** How many people did one thing after another. */
export function Funnel() {
  const { state, update, frame } = useDashboard();
  const { steps, within, zone, filters } = state;
  const canvas = useRef<HTMLCanvasElement>(undefined);
  const question = { ...frame.scope, steps: steps.map((event) => ({ event })), within };
  const isReady = steps.length >= 2;
  const asked = useFigures(isReady ? [steps, within] : undefined, (signal) =>
    postJson<FunnelAnswer>('funnel', question, signal),
  );
  return (
    <Panel
      title="Funnel"
      isLoading={asked.isLoading}
      actions={
        <>
          <CsvButton name="funnel" of="the funnel" csv={() => postForCsv('funnel', question)} />
          <PngButton
            name="funnel"
            of="the funnel"
            picture={() => ({
              canvas: canvas.current,
              legend: [{ text: `${steps.join(' → ')}, within ${within}`, color: '--text' }],
              caption: [`${String(frame.scope.date_range)}, ${zone}`, ...filters.map(filterText)],
            })}
          />
        </>
      }
    >
      <Steps steps={steps} onChange={(next) => update({ steps: next })} />
      <Choice
        label="All steps within"
        value={within}
        options={
          WITHIN.some(([value]) => value === within) ? WITHIN : [...WITHIN, [within, within]]
        }
        onChoose={(value) => update({ within: value })}
      />
      {isReady ? (
        <Answered asked={asked}>
          {({ results, meta }) => (
            <>
              <FunnelChart
                steps={results}
                onDrawn={(drawn) => {
                  canvas.current = drawn;
                }}
              />
              {results[0]!.users === 0 && (
                <Nothing>
                  Nobody did the first step here. Choose another range, or another first event.
                </Nothing>
              )}
              <Table
                caption="Steps of the funnel"
                columns={COLUMNS}
                rows={results}
                keyOf={({ step }) => String(step)}
              />
              <BotsNote events={meta.bot_events} />
            </>
          )}
        </Answered>
      ) : (
        <Nothing>A funnel has two steps at least: add one.</Nothing>
      )}
    </Panel>
  );
}

const COLUMNS: Column<Step>[] = [
  { title: 'Step', cell: ({ step, event }) => `${step}. ${event}` },
  { title: 'Users', isNumber: true, cell: ({ users }) => figureText('users', users) },
  {
    title: 'Of the first step',
    isNumber: true,
    cell: ({ conversion }) => shareText(conversion),
  },
  {
    title: 'Of the step before',
    isNumber: true,
    cell: (step) => shareText(step.step_conversion),
  },
  {
    title: 'Median time from the first step',
    isNumber: true,
    cell: (step) => (step.median_seconds === null ? '–' : durationText(step.median_seconds)),
  },
];

function shareText(share: number | null): string {
  return share === null ? '–' : percentText(share);
}

interface StepsProps {
  steps: readonly string[];
  onChange: (steps: string[]) => void;
}

const MAX_STEPS = 10;

function Steps({ steps, onChange }: StepsProps) {
  const { suggestions } = useDashboard();
  const [texts, setTexts] = useState([...steps]);
  const last = useRef<HTMLButtonElement>(null);
  useEffect(() => setTexts([...steps]), [JSON.stringify(steps)]);
  const replace = (index: number, text: string): string[] =>
    texts.map((one, place) => (place === index ? text : one));
  const take = (next: string[]): void => onChange(next.filter((text) => text !== ''));
  return (
    <div class="steps" role="group" aria-label="Steps, in order">
      {texts.map((text, index) => (
        // A step is its place: two may be of the same event.
        <div class="step" key={index}>
          <Suggested
            label={`Step ${index + 1}`}
            value={text}
            suggestions={suggestions.events}
            placeholder="an event"
            onInput={(value) => setTexts(replace(index, value))}
            onDone={(value) => take(replace(index, value))}
          />
          <button
            type="button"
            class="small"
            aria-label={`Remove step ${index + 1}`}
            onClick={() => {
              // The button will be gone.
              last.current?.focus();
              take(texts.filter((_, place) => place !== index));
            }}
          >
            ×
          </button>
        </div>
      ))}
      {texts.length < MAX_STEPS && (
        <button ref={last} type="button" class="add" onClick={() => setTexts([...texts, ''])}>
          Add a step
        </button>
      )}
    </div>
  );
}
