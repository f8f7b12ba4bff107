import type { IncomingMessage, ServerResponse } from 'node:http';
import bodyParser from 'body-parser';
import type { UnreadableRequestError } from './errors.js';

type WithBody = IncomingMessage & { body?: unknown };

/** What differs between bodies of JSON that are held as a whole. */
interface JsonBodyRules {
  maxBytes: number;
  /** By whatever content type; without it by that of JSON alone. */
  anyType?: boolean;
  /** What a status of the parser is told as: 413, 415, or 400. */
  explain(status: number | undefined): UnreadableRequestError;
}

/** Bodies of JSON: what goes wrong is told when they're asked for, where errors are mapped to answers. */
export class JsonBodies {
  private readonly problems = new WeakMap<IncomingMessage, UnreadableRequestError>();
  private readonly parse;

  constructor(private readonly rules: JsonBodyRules) {
    const { maxBytes: limit, anyType = false } = rules;
    this.parse = bodyParser.json({ limit, strict: false, ...(anyType && { type: () => true }) });
  }

  /** Takes a body; an application around this one may have parsed it already. */
  readonly receive = (request: WithBody, response: ServerResponse, next: () => void): void => {
    if (request.body !== undefined && request.body !== null) {
      next();
      return;
    }
    this.parse(request, response, (error?: unknown) => {
      if (error !== undefined && error !== null) {
        this.problems.set(request, this.rules.explain((error as { status?: number }).status));
      }
      next();
    });
  };

  /**
   * @returns undefined where there is none
   * @throws UnreadableRequestError
   */
  of(request: WithBody): unknown {
    const problem = this.problems.get(request);
    if (problem) throw problem;
    return request.body;
  }
}
