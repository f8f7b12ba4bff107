import { readConfiguration } from './configuration.js';
import { explain } from './explain.js';
import { findProjectRoot } from './project-root.js';
import { startServer } from './server/server.js';

/** A terminal and npm may both pass one Ctrl-C on: only a later signal is a second one. */
const SAME_SIGNAL_MS = 2_000;

/** Runs the server until a signal, or the loss of its database, ends it. */
async function serve(): Promise<number> {
  const ending = new AbortController();
  const ended = new Promise<number>((resolve) => {
    ending.signal.addEventListener('abort', () => resolve(ending.signal.reason as number));
  });
  endOnSignals(ending);
  try {
    const server = await startServer(readConfiguration(process.env), {
      projectRoot: findProjectRoot(),
      log,
      signal: ending.signal,
      onLost: (error) => {
        log(`The database is lost: ${error.message}`);
        ending.abort(1);
      },
    });
    const exitCode = await ended;
    await server.stop();
    log('Stopped.');
    return exitCode;
  } catch (error) {
    if (ending.signal.aborted) return ended;
    log(explain(error));
    return 1;
  }
}

/** The first signal ends in order; a later one at once. */
function endOnSignals(ending: AbortController): void {
  let first = 0;
  const onSignal = (): void => {
    const now = performance.now();
    if (first === 0) {
      first = now;
      log('Stopping: finishing what is under way …');
      ending.abort(0);
    } else if (now - first > SAME_SIGNAL_MS) {
      process.exit(130);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, onSignal);
}

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await serve();
