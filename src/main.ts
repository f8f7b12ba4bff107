import { runKeys } from './access/command/keys.command.js';
import { SystemClock } from './common/clock.js';
import { readConfiguration, type Configuration } from './configuration.js';
import { createServerLog } from './operations/log/server-log.js';
import { openDirectSink } from './direct-sink.js';
import { explain } from './explain.js';
import { runImport } from './ingest/import/import.command.js';
import { findProjectRoot } from './project-root.js';
import { openToolDatabase } from './tool-database.js';
import { runRetentionCommand } from './retention/command/retention.command.js';
import { runRollups } from './rollup/command/rollups.command.js';
import { startServer } from './server/server.js';
import { baseUrl } from './server/start-message.js';
import { startSupervisor } from './server/supervisor.js';
import { runWorker } from './server/worker.js';

/** A terminal and npm may both pass one Ctrl-C on: only a later signal is a second one. */
const SAME_SIGNAL_MS = 2_000;
const INTERRUPTED = 130;

/** For people, until the server's configuration says something else. */
let serverLog = createServerLog({ format: 'text', level: 'warn' });

/** Runs the server until a signal, or the loss of its database, ends it. */
async function serve(): Promise<number> {
  const ending = endOnSignals('Stopping: finishing what is under way …');
  const ended = new Promise<number>((resolve) => {
    ending.signal.addEventListener('abort', () => resolve(ending.signal.reason as number));
  });
  try {
    const configuration = readConfiguration(process.env);
    serverLog = createServerLog(configuration.log);
    const start = configuration.workers > 1 ? startSupervisor : startServer;
    const server = await start(configuration, databaseOptions(ending));
    const exitCode = await ended;
    await server.stop();
    log('Stopped.');
    return exitCode;
  } catch (error) {
    if (ending.signal.aborted) return ended;
    serverLog.fail(explain(error));
    return 1;
  }
}

/** `import FILE …`: through the running server, or right into the database. */
async function importFile(args: string[]): Promise<number> {
  return runCommand((configuration, ending) =>
    runImport(args, {
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      localUrl: baseUrl(configuration.host, configuration.port),
      analyticsUrl: configuration.analyticsUrl,
      analyticsKey: configuration.analyticsKey,
      openDirectSink: () => openDirectSink(configuration, databaseOptions(ending)),
      signal: ending.signal,
    }),
  );
}

/** `rollups verify` and its like: in the database, whether a server runs or not. */
async function tendRollups(args: string[]): Promise<number> {
  return runCommand((configuration, ending) =>
    runRollups(args, {
      stdout: process.stdout,
      stderr: process.stderr,
      openDatabase: () => openToolDatabase(configuration, databaseOptions(ending)),
      signal: ending.signal,
    }),
  );
}

/** `keys create …` and its like. */
async function tendKeys(args: string[]): Promise<number> {
  return runCommand((configuration, ending) =>
    runKeys(args, {
      stdout: process.stdout,
      stderr: process.stderr,
      openDatabase: () => openToolDatabase(configuration, databaseOptions(ending)),
    }),
  );
}

/** `retention preview` and its like. */
async function tendRetention(args: string[]): Promise<number> {
  return runCommand((configuration, ending) =>
    runRetentionCommand(args, {
      stdout: process.stdout,
      stderr: process.stderr,
      options: configuration.retention ?? {},
      now: new SystemClock().now(),
      openDatabase: () => openToolDatabase(configuration, databaseOptions(ending)),
      signal: ending.signal,
    }),
  );
}

/** @param run gets what ends it in order, and answers the exit code */
async function runCommand(
  run: (configuration: Configuration, ending: AbortController) => Promise<number>,
): Promise<number> {
  const ending = endOnSignals('Stopping …');
  try {
    return await run(readConfiguration(process.env), ending);
  } catch (error) {
    // It was still waiting for the database.
    if (error instanceof Error && error.name === 'AbortError') return INTERRUPTED;
    log(explain(error));
    return 1;
  }
}

function databaseOptions(ending: AbortController) {
  return {
    projectRoot: findProjectRoot(),
    log,
    signal: ending.signal,
    onLost: (error: Error) => {
      serverLog.fail(`The database is lost: ${error.message}`);
      ending.abort(1);
    },
  };
}

/** The first signal ends in order; a later one at once. */
function endOnSignals(message: string): AbortController {
  const ending = new AbortController();
  let first = 0;
  const onSignal = (): void => {
    const now = performance.now();
    if (first === 0) {
      first = now;
      log(message);
      ending.abort(0);
    } else if (now - first > SAME_SIGNAL_MS) {
      process.exit(INTERRUPTED);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, onSignal);
  return ending;
}

function log(line: string): void {
  serverLog.tell(line);
}

const [command, ...args] = process.argv.slice(2);
switch (command) {
  case 'import':
    process.exitCode = await importFile(args);
    break;
  case 'keys':
    process.exitCode = await tendKeys(args);
    break;
  case 'rollups':
    process.exitCode = await tendRollups(args);
    break;
  case 'retention':
    process.exitCode = await tendRetention(args);
    break;
  case 'worker':
    // The connection to the supervisor would keep it from its end.
    process.exit(await runWorker());
    break;
  default:
    // Connections to a database that hangs would keep it from its end.
    process.exit(await serve());
}
