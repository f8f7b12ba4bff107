import { useRef, useState } from 'preact/hooks';
import { formatOfName, type FileFormat } from '../../../common/file-format.js';
import type { ApiError } from '../api/client.js';
import type { ImportOptions } from '../api/import.js';
import type { ImportAnswer } from '../api/types.js';
import { useDashboard } from '../dashboard-context.js';
import { Choice } from '../parts/choice.js';
import { CsvButton } from '../parts/csv-button.js';
import { Panel } from '../parts/panel.js';
import { Table, type Column } from '../parts/table.js';
import { ViewLink } from '../parts/view-link.js';
import { toCsv } from '../state/csv.js';
import type { ImportState } from '../state/use-import.js';
import { bytesText, figureText, percentText } from '../state/format.js';

const FORMATS: [FileFormat, string][] = [
  ['csv', 'CSV'],
  ['ndjson', 'Newline-delimited JSON'],
  ['combined', 'Access log, combined format'],
];

/** Brings files of events in. */
export function Import() {
  const { importing } = useDashboard();
  const { running, result, problem, start, forgetResult } = importing;
  return (
    <Panel title="Import" isLoading={running !== undefined}>
      <p class="quiet">
        CSV with the header <code>timestamp,user,event</code>, newline-delimited JSON of the same
        fields, or a web server&apos;s access log; each may be compressed by gzip. Bringing in the
        same file again stores nothing twice.
      </p>
      {running ? (
        <Progress running={running} />
      ) : (
        <ImportForm
          onChoose={forgetResult}
          onStart={(file, options) => void start(file, options)}
        />
      )}
      {problem && <Failure problem={problem} />}
      {result && <Result result={result} />}
    </Panel>
  );
}

/** What was broken off can be sent again; what is wrong with a file stays wrong. */
function Failure({ problem }: { problem: ApiError }) {
  const wasBrokenOff = problem.status === 0 || problem.status >= 500;
  return (
    <div class="problem" role="alert">
      <strong>{problem.message}</strong>
      <p>
        {wasBrokenOff
          ? 'The same file can be brought in again: nothing is stored twice.'
          : 'Choose another file, format or host name.'}
      </p>
    </div>
  );
}

interface ImportFormProps {
  onChoose: () => void;
  onStart: (file: File, options: ImportOptions) => void;
}

function ImportForm({ onChoose, onStart }: ImportFormProps) {
  const [file, setFile] = useState<File>();
  const [format, setFormat] = useState<FileFormat>('csv');
  const [site, setSite] = useState('');
  const [source, setSource] = useState('');
  const input = useRef<HTMLInputElement>(null);
  const take = (taken: File | undefined): void => {
    onChoose();
    setFile(taken);
    const found = taken && formatOfName(taken.name);
    if (found) setFormat(found);
  };
  const isReady = file !== undefined && (format !== 'combined' || site !== '');
  return (
    <form
      class="import"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) onStart(file, { format, site, source });
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        take(event.dataTransfer?.files[0]);
      }}
    >
      <label class="field">
        <span>File (or drop one here)</span>
        <input
          ref={input}
          type="file"
          accept=".csv,.ndjson,.jsonl,.log,.gz,text/csv"
          onChange={(event) => take(event.currentTarget.files?.[0])}
        />
      </label>
      {file && (
        <p class="quiet">
          {file.name}, {bytesText(file.size)}
        </p>
      )}
      <Choice
        label="Format"
        value={format}
        options={FORMATS}
        onChoose={(value) => setFormat(value as FileFormat)}
      />
      {format === 'combined' && (
        <label class="field">
          <span>Host name of the site (needed)</span>
          <input
            type="text"
            required
            placeholder="example.com"
            title="An access log doesn't say which site it's of: Import waits for this."
            value={site}
            onInput={(event) => setSite(event.currentTarget.value)}
          />
        </label>
      )}
      <label class="field">
        <span>Source of events that name none</span>
        <input
          type="text"
          maxLength={100}
          placeholder="default"
          value={source}
          onInput={(event) => setSource(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={!isReady}>
        Import
      </button>
    </form>
  );
}

function Progress({
  running: { name, share, abort },
}: {
  running: NonNullable<ImportState['running']>;
}) {
  return (
    <div class="progress">
      <progress max={1} value={share} aria-label="How much of the file is sent" />
      <span role="status">
        {name}:{' '}
        {share < 1 ? percentText(share) : 'All of it is sent; the last events are being stored …'}
      </span>
      <button type="button" class="small" onClick={abort}>
        Stop
      </button>
    </div>
  );
}

type Receipt = ImportAnswer['receipts'][number];

const COLUMNS: Column<Receipt>[] = [
  { title: 'Line', isNumber: true, cell: ({ line }) => figureText('line', line) },
  { title: 'Reason', cell: ({ code }) => <code>{code}</code> },
  { title: 'What is accepted', cell: ({ message }) => message },
];

function Result({ result }: { result: ImportAnswer }) {
  const { lines, stored, duplicates, accepted = 0, rejected, skipped, receipts } = result;
  const text = (count: number): string => figureText('events', count);
  return (
    <section aria-label="What became of it">
      <p role="status" class="done">
        {text(lines)} lines read: {text(stored)} events stored, {text(duplicates)} were there
        already
        {accepted > 0 && `, ${text(accepted)} wait on disk for the database`}. {text(skipped)} lines
        are no event, {text(rejected)} were rejected.
      </p>
      {result.incomplete !== undefined && (
        <div class="problem" role="alert">
          <strong>The rest was not read: {result.incomplete}</strong>
          <p>The same file can be brought in again: nothing is stored twice.</p>
        </div>
      )}
      <p>
        <ViewLink to={{ view: 'overview', range: 'all', filters: [] }}>Show all time</ViewLink>
      </p>
      {receipts.length > 0 && (
        <>
          <CsvButton
            name="rejected-lines"
            of="the rejected lines"
            csv={() =>
              toCsv([
                ['line', 'code', 'message'],
                ...receipts.map(({ line, code, message }) => [line, code, message]),
              ])
            }
          />
          <Table
            caption="Lines that were rejected"
            columns={COLUMNS}
            rows={receipts}
            keyOf={({ line }) => String(line)}
          />
          {result.receipts_omitted !== undefined && (
            <p class="quiet">And {text(result.receipts_omitted)} more.</p>
          )}
        </>
      )}
    </section>
  );
}
