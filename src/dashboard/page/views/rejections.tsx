import { getJson } from '../api/client.js';
import type { RejectionsAnswer } from '../api/types.js';
import { useAnswer } from '../api/use-answer.js';
import { useDashboard } from '../dashboard-context.js';
import { CsvButton } from '../parts/csv-button.js';
import { Answered, Nothing, Panel } from '../parts/panel.js';
import { Table, type Column } from '../parts/table.js';
import { toCsv } from '../state/csv.js';
import { figureText, momentText } from '../state/format.js';

type Line = RejectionsAnswer['rejections'][number];

const LINES = '500';
const CSV_COLUMNS = ['time', 'code', 'message', 'route', 'input'] as const;

/** What was sent and isn't stored, and why. */
export function Rejections() {
  const { state, now, refresh } = useDashboard();
  const asked = useAnswer(
    'rejections',
    (signal) => getJson<RejectionsAnswer>('rejections', { limit: LINES }, signal),
    now,
  );
  const refreshButton = (
    <button type="button" class="small" onClick={refresh}>
      Refresh
    </button>
  );
  return (
    <Answered asked={asked}>
      {({ counts, rejections }) => {
        const reasons = Object.entries(counts).toSorted(([, one], [, other]) => other - one);
        if (reasons.length === 0) {
          return (
            <Panel title="Rejections" actions={refreshButton}>
              <Nothing>
                Nothing was rejected in the last 7 days. What is sent and cannot be stored is listed
                here, with the reason.
              </Nothing>
            </Panel>
          );
        }
        return (
          <>
            <Panel
              title="Reasons, of the last 7 days"
              actions={
                <CsvButton
                  name="rejection-reasons"
                  of="the reasons"
                  csv={() => toCsv([['code', 'events'], ...reasons])}
                />
              }
            >
              <Table
                caption="How many were rejected, by reason"
                columns={REASON_COLUMNS}
                rows={reasons}
                keyOf={([code]) => code}
              />
            </Panel>
            <Panel
              title="The latest"
              isLoading={asked.isLoading}
              actions={
                <>
                  {refreshButton}
                  <CsvButton
                    name="rejections"
                    of="the rejections"
                    csv={() =>
                      toCsv([
                        CSV_COLUMNS,
                        ...rejections.map((line) => CSV_COLUMNS.map((name) => line[name])),
                      ])
                    }
                  />
                </>
              }
            >
              <p class="quiet">
                Of a reason that comes often only some lines are kept; all of them are counted.
              </p>
              <Table
                caption="What was rejected, the latest first"
                columns={columnsFor(state.zone)}
                rows={rejections}
                keyOf={(line, index) => `${line.time} ${index}`}
                isStacked
              />
            </Panel>
          </>
        );
      }}
    </Answered>
  );
}

const REASON_COLUMNS: Column<[code: string, count: number]>[] = [
  { title: 'Reason', cell: ([code]) => <code>{code}</code> },
  { title: 'Events', isNumber: true, cell: ([, count]) => figureText('events', count) },
];

function columnsFor(zone: string): Column<Line>[] {
  return [
    { title: 'Time', cell: ({ time }) => momentText(time, zone) },
    { title: 'Reason', cell: ({ code }) => <code>{code}</code> },
    { title: 'What is accepted', cell: ({ message }) => message },
    { title: 'Way in', cell: ({ route }) => route },
    { title: 'What was sent', cell: ({ input }) => <code class="input">{input}</code> },
  ];
}
