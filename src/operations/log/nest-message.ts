import { describeError } from '../../common/describe-error.js';

/** What Nest and its modules say of themselves at each start, a line for each route. */
const FRAMEWORK = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

/** What came by Nest's `Logger`. */
export interface NestMessage {
  text: string;
  context: string | undefined;
  /** Whether only who debugs wants it. */
  isFramework: boolean;
}

/**
 * Reads what Nest hands to a logger: the message, and after it what it's about; a stack may stand in
 * between. Errors are described, and stacks left out, for their messages may show what was sent.
 */
export function readNestMessage(message: unknown, rest: readonly unknown[]): NestMessage {
  const last = rest.at(-1);
  const context = typeof last === 'string' && !last.includes('\n') ? last : undefined;
  return { text: textOf(message), context, isFramework: FRAMEWORK.has(context ?? '') };
}

function textOf(message: unknown): string {
  if (message instanceof Error) return describeError(message, true);
  return typeof message === 'string' ? message : JSON.stringify(message);
}
