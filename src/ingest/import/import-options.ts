import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { formatOfName, type FileFormat } from '../../common/file-format.js';
import { isSourceName } from '../normalise.js';
import { ImportError } from './import-error.js';

/** What a file is, wherever it comes from. */
export interface FileOptions {
  format: FileFormat;
  /** Of an access log: the host name of the site. */
  site: string;
  /** For events that name none. */
  source: string | undefined;
}

/** What the command line says. */
export interface ImportOptions extends FileOptions {
  /** `-` is standard input. */
  file: string;
  /** Where rejected lines go. */
  rejectedFile: string;
}

/** How options are called where they are given, such as `--site`. */
export interface Wording {
  /** @param value shows the option with it, such as `--format csv` */
  name: (option: keyof FileOptions, value?: string) => string;
  /** What is thrown for an option that can't be used. */
  wrong: (message: string) => Error;
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

/** Every format, as it's called where it's given. */
export const FORMATS: readonly FileFormat[] = ['csv', 'ndjson', 'combined'];
const HOST_NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i;
const COMMAND_LINE: Wording = {
  name: (option, value) => `--${option}${value === undefined ? '' : ` ${value}`}`,
  wrong: (message) => usage(`${message}.`),
};

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
  const format = values.format ?? formatOfName(file);
  if (format === undefined) {
    throw usage(`What is ${file}? Say --format csv, --format ndjson or --format combined.`);
  }
  const { site, source, rejected } = values;
  return {
    file,
    ...readFileOptions({ format, site, source }, COMMAND_LINE),
    rejectedFile: readRejectedFile(rejected, file),
  };
}

/**
 * Checks what is said about a file.
 *
 * @param given as it was given, text or not
 * @throws what `wording` makes of the first option that can't be used, and of what it takes
 */
export function readFileOptions(
  given: Partial<Record<keyof FileOptions, unknown>>,
  wording: Wording,
): FileOptions {
  const { format, site, source } = given;
  if (!isFormat(format)) {
    throw wording.wrong(`${wording.name('format')} must be csv, ndjson or combined`);
  }
  return { format, site: readSite(site, format, wording), source: readSource(source, wording) };
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

function isFormat(format: unknown): format is FileFormat {
  return FORMATS.some((one) => one === format);
}

function readSite(site: unknown, format: FileFormat, { name, wrong }: Wording): string {
  if (format !== 'combined') {
    if (site !== undefined) throw wrong(`${name('site')} belongs to ${name('format', 'combined')}`);
    return '';
  }
  if (site === undefined) {
    throw wrong(
      `An access log needs ${name('site')}, the host name of its site, such as example.com`,
    );
  }
  if (typeof site !== 'string' || !HOST_NAME.test(site)) {
    throw wrong(`${name('site')} must be a host name, such as example.com`);
  }
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

function readSource(source: unknown, { name, wrong }: Wording): string | undefined {
  if (source === undefined || isSourceName(source)) return source;
  throw wrong(
    `${name('source')} must be text of 1 to 100 characters, none of them a control character`,
  );
}

function usage(message: string): ImportError {
  return new ImportError(`${message}\n\n${IMPORT_USAGE}`, 2);
}
