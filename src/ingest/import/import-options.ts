import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isSourceName } from '../normalise.js';
import { ImportError } from './import-error.js';

export type ImportFormat = 'csv' | 'ndjson' | 'combined';

/** What the command line says. */
export interface ImportOptions {
  /** `-` is standard input. */
  file: string;
  format: ImportFormat;
  /** Of an access log: the host name of the site. */
  site: string;
  /** Where rejected lines go. */
  rejectedFile: string;
  /** For events that name none. */
  source: string | undefined;
}

export const IMPORT_USAGE = `Usage: npm run import -- FILE [options]

Stores the events of a file: CSV with the header timestamp,user,event (and id, source, properties;
any other column becomes a property), newline-delimited JSON of the same fields, or a web server's
access log in the combined format. FILE may be compressed by gzip; - is standard input.

  --format csv|ndjson|combined   what FILE is; without it, by its name: .csv, .ndjson, .jsonl, .log
  --site HOST                    the site of an access log, such as example.com
  --source NAME                  the source of events that name none
  --rejected FILE                where rejected lines go; without it FILE.rejected
  --help

The events go through the server at ANALYTICS_URL, or the one on this machine's HOST and PORT; where
none runs, right into the database. An event without id gets one from its line's number and content:
importing a file twice stores nothing twice. Lines of the rejected file are the line's number, the
reason, and the line, with tabs between.
`;

const FORMATS: readonly string[] = ['csv', 'ndjson', 'combined'];
const FORMAT_BY_NAME: [RegExp, ImportFormat][] = [
  [/\.csv(\.gz)?$/i, 'csv'],
  [/\.(ndjson|jsonl)(\.gz)?$/i, 'ndjson'],
  [/\.log(\.\d+)?(\.gz)?$/i, 'combined'],
];
const HOST_NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i;

/**
 * @param argv what stands behind `npm run import --`
 * @returns undefined when help is asked for
 * @throws ImportError when it can't be used
 */
export function parseImportOptions(argv: string[]): ImportOptions | undefined {
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  const [file] = positionals;
  if (file === undefined || positionals.length > 1)
    throw usage('Name one FILE, or - for standard input.');
  const format = values.format ?? FORMAT_BY_NAME.find(([name]) => name.test(file))?.[1];
  if (format === undefined) {
    throw usage(`What is ${file}? Say --format csv, --format ndjson or --format combined.`);
  }
  if (!isFormat(format)) throw usage('--format must be csv, ndjson or combined.');
  return {
    file,
    format,
    site: readSite(values.site, format),
    rejectedFile: readRejectedFile(values.rejected, file),
    source: readSource(values.source),
  };
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        format: { type: 'string' },
        site: { type: 'string' },
        source: { type: 'string' },
        rejected: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function isFormat(format: string): format is ImportFormat {
  return FORMATS.includes(format);
}

function readSite(site: string | undefined, format: ImportFormat): string {
  if (format !== 'combined') {
    if (site !== undefined) throw usage('--site belongs to --format combined.');
    return '';
  }
  if (site === undefined) {
    throw usage('An access log needs --site, the host name of its site, such as example.com.');
  }
  if (!HOST_NAME.test(site)) throw usage('--site must be a host name, such as example.com.');
  return site;
}

function readRejectedFile(path: string | undefined, file: string): string {
  if (path === undefined) return `${file === '-' ? 'stdin' : file}.rejected`;
  // What it names is made anew, so FILE would be gone.
  if (path === '' || resolve(path) === resolve(file)) {
    throw usage('--rejected must name a file, and another than FILE.');
  }
  return path;
}

function readSource(source: string | undefined): string | undefined {
  if (source !== undefined && !isSourceName(source)) {
    throw usage('--source must be text of 1 to 100 characters, none of them a control character.');
  }
  return source;
}

function usage(message: string): ImportError {
  return new ImportError(`${message}\n\n${IMPORT_USAGE}`, 2);
}
