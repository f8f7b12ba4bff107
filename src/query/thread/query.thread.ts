import { workerData } from 'node:worker_threads';
import { stepBack } from '../../common/low-priority.js';
import { QueryEngine } from './query-engine.js';
import type { Failure, Outcome, Question, Task, ThreadSettings } from './tasks.js';

stepBack();
const engine = new QueryEngine(workerData as ThreadSettings);

/** Runs in a thread of its own: uniting sets of users takes long, and events must not wait for it. */
export default async function answer({
  question,
  ...rest
}: Task): Promise<Outcome<Question['kind']>> {
  try {
    return { reply: await engine.run(question, rest) };
  } catch (error) {
    return { failure: describe(error) };
  }
}

function describe(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { code, severity, status, details } = error as Partial<Failure>;
  return {
    name: error.name,
    message: error.message,
    ...(code !== undefined && { code }),
    ...(severity !== undefined && { severity }),
    ...(status !== undefined && { status }),
    ...(details !== undefined && { details }),
    ...(error.stack !== undefined && { stack: error.stack }),
  };
}
