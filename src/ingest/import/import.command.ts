import type { Readable } from 'node:stream';
import { showProgress } from '../../common/progress.js';
import type { EventSink } from './event-sink.js';
import { findServer, HttpSink } from './http-sink.js';
import { ImportError } from './import-error.js';
import { IMPORT_USAGE, parseImportOptions, type ImportOptions } from './import-options.js';
import { Importer, type ImportCounts } from './importer.js';
import { openInput, type ImportInput } from './input.js';
import { readRecords } from './read-records.js';
import { RejectedFile } from './rejected-file.js';

/** What an import needs of the process that it runs in. */
export interface ImportContext {
  stdin: Readable;
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
  /** Where the server of this configuration listens when it runs. */
  localUrl: string;
  /** Set explicitly: the events go there or nowhere. */
  analyticsUrl: string | undefined;
  /** By which they are sent, where a server takes them by keys alone. */
  analyticsKey?: string | undefined;
  /** Opens the database itself, for when no server runs. */
  openDirectSink: () => Promise<EventSink>;
  /** Ends the import in order. */
  signal: AbortSignal;
}

const INTERRUPTED = 130;

/**
 * Imports a file: see {@link IMPORT_USAGE}.
 *
 * @param argv what stands behind `npm run import --`
 * @returns the exit code: 0 all was read, 1 it stopped on the way, 2 nothing was begun, 130 it was
 *   interrupted
 */
export async function runImport(argv: string[], context: ImportContext): Promise<number> {
  try {
    const options = parseImportOptions(argv);
    if (options) return await importFile(options, context);
    context.stdout.write(IMPORT_USAGE);
    return 0;
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
    context.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
}

async function importFile(options: ImportOptions, context: ImportContext): Promise<number> {
  const input = await openInput(options.file, context.stdin, context.signal);
  try {
    return await importInput(input, options, context);
  } finally {
    input.close();
  }
}

async function importInput(
  input: ImportInput,
  options: ImportOptions,
  context: ImportContext,
): Promise<number> {
  const rejected = new RejectedFile(options.rejectedFile);
  const sink = await openSink(context);
  try {
    context.stdout.write(`Importing ${nameOf(options.file)} into ${sink.label} …\n`);
    const importer = new Importer(sink, rejected, options.source, context.signal);
    const complete = await run(importer, input, options, context).finally(() => {
      context.stdout.write(summary(importer.counts, options.rejectedFile));
    });
    if (complete) return 0;
    context.stdout.write(
      'Interrupted. Run the same command again to go on: nothing is stored twice.\n',
    );
    return INTERRUPTED;
  } finally {
    await rejected.close().finally(() => sink.close());
  }
}

/** @returns false when it was interrupted */
async function run(
  importer: Importer,
  input: ImportInput,
  options: ImportOptions,
  { stdout, signal }: ImportContext,
): Promise<boolean> {
  const progress = showProgress(stdout, input.size, 'lines');
  try {
    for await (const records of readRecords(input.bytes, options)) {
      for (const record of records) {
        if (signal.aborted) break;
        await importer.add(record);
      }
      if (signal.aborted) break;
      progress.update(importer.counts.lines, input.taken());
    }
    if (!signal.aborted) await importer.finish();
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    progress.stop();
  }
  return !signal.aborted;
}

async function openSink({
  analyticsUrl,
  analyticsKey,
  localUrl,
  openDirectSink,
  stdout,
}: ImportContext): Promise<EventSink> {
  const url = analyticsUrl ?? localUrl;
  const found = await findServer(url);
  if (found === 'found') return new HttpSink(url, analyticsKey);
  if (analyticsUrl !== undefined) {
    throw new ImportError(
      found === 'other'
        ? 'What answers at ANALYTICS_URL is no User Analytics server.'
        : 'Nothing answers at ANALYTICS_URL. Start that server, or unset ANALYTICS_URL.',
    );
  }
  if (found === 'other') stdout.write(`What answers at ${localUrl} is no User Analytics server.\n`);
  return openDirectSink();
}

function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}

function summary(counts: ImportCounts, rejectedFile: string): string {
  const { lines, stored, duplicates, accepted, rejected, skipped } = counts;
  return [
    `${lines} lines read: ${stored} events stored, ${duplicates} were there already.`,
    ...(accepted > 0
      ? [`${accepted} events wait on the server's disk: its database is away.`]
      : []),
    ...(skipped > 0 ? [`${skipped} lines are no event.`] : []),
    ...(rejected > 0 ? [`${rejected} lines rejected: see ${rejectedFile}`] : []),
    '',
  ].join('\n');
}
