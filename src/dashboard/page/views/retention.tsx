import { postForCsv, postJson } from '../api/client.js';
import type { RetentionAnswer } from '../api/types.js';
import { useDashboard } from '../dashboard-context.js';
import { BotsNote } from '../parts/bots-note.js';
import { Choice } from '../parts/choice.js';
import { CsvButton } from '../parts/csv-button.js';
import { Answered, Nothing, Panel } from '../parts/panel.js';
import { Table, type Column } from '../parts/table.js';
import { bucketText, figureText, percentText } from '../state/format.js';
import type { Period } from '../state/view-state.js';
import { useFigures } from '../use-figures.js';

type Cohort = RetentionAnswer['results'][number];

const DAYS: Record<Period, number> = { day: 1, week: 7, month: 30 };
const DAY_MS = 86_400_000;
/** Columns beyond it are in the CSV. */
const MAX_PERIODS = 31;
const MAX_COHORTS = 400;

/** Who came back, by when they came first. */
export function Retention() {
  const { state, update, frame } = useDashboard();
  const { period, zone } = state;
  const question = { ...frame.scope, period };
  const asked = useFigures([period], async (signal) => {
    const answer = await postJson<RetentionAnswer>('retention', question, signal);
    return { ...answer, columns: columnsFor(answer.results, period, zone) };
  });
  // Thousands of cohorts are no table.
  const isLong = frame.length !== undefined && frame.length > MAX_COHORTS * DAYS[period] * DAY_MS;
  const isShort = frame.length !== undefined && frame.length < 2 * DAYS[period] * DAY_MS;
  return (
    <Panel
      title="Retention"
      isLoading={asked.isLoading}
      actions={
        <CsvButton
          name="retention"
          of="the retention"
          csv={() => postForCsv('retention', question)}
        />
      }
    >
      <Choice
        label="By"
        value={period}
        options={[
          ['day', 'day'],
          ['week', 'week'],
          ['month', 'month'],
        ]}
        onChoose={(value) => update({ period: value as Period })}
      />
      {isShort && (
        <Nothing>
          The range has fewer than two {period}s: choose a longer one to see who came back.
        </Nothing>
      )}
      {isLong && <Nothing>The range has very many {period}s: take longer periods.</Nothing>}
      <Answered asked={asked}>
        {({ results, columns, meta }) =>
          results.every(({ size }) => size === 0) ? (
            <>
              <Nothing>
                Nobody came for the first time here. Choose an earlier or a longer range.
              </Nothing>
              <BotsNote events={meta.bot_events} />
            </>
          ) : (
            <>
              <p class="quiet">
                Of the people whose very first event was in a {period}: how many had one in each{' '}
                {period} after it.
              </p>
              <Table
                caption={`Retention by ${period}`}
                columns={columns}
                rows={results}
                keyOf={({ cohort }) => cohort}
              />
              <BotsNote events={meta.bot_events} />
            </>
          )
        }
      </Answered>
    </Panel>
  );
}

function columnsFor(cohorts: readonly Cohort[], period: Period, zone: string): Column<Cohort>[] {
  const periods = Math.min(
    MAX_PERIODS,
    Math.max(...cohorts.map(({ retained }) => retained.length)),
  );
  return [
    { title: 'First seen', cell: ({ cohort }) => bucketText(Date.parse(cohort), period, zone) },
    { title: 'People', isNumber: true, cell: ({ size }) => figureText('users', size) },
    ...Array.from({ length: periods }, (_, place): Column<Cohort> => ({
      title: place === 0 ? `Same ${period}` : `+${place}`,
      isNumber: true,
      isHeat: true,
      share: (cohort) => shareOf(cohort, place) ?? 0,
      cell: (cohort) => cellText(cohort, place),
    })),
  ];
}

function shareOf({ retained, size }: Cohort, place: number): number | undefined {
  const users = retained[place];
  return typeof users === 'number' && size > 0 ? users / size : undefined;
}

/** Nothing where that period isn't over, or not in the range. */
function cellText(cohort: Cohort, place: number) {
  const share = shareOf(cohort, place);
  if (share === undefined) return '';
  return (
    <span
      title={`${figureText('users', cohort.retained[place])} of ${figureText('users', cohort.size)}`}
    >
      {percentText(share)}
    </span>
  );
}
