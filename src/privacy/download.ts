import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { within } from '../common/within.js';

/** A client that takes nothing for so long holds up a snapshot of the database. */
const STALLED_MS = 60_000;

/** A file that is sent as it's made, no faster than the client takes it. */
export class Download {
  constructor(
    private readonly response: ServerResponse,
    private readonly name: string,
  ) {}

  /**
   * What fails before the first part is thrown; after it the connection is broken off, so that nobody
   * takes a part for the whole.
   */
  async send(parts: AsyncGenerator<string>, signal: AbortSignal): Promise<void> {
    const first = await parts.next();
    this.response.setHeader('Content-Type', 'application/json; charset=utf-8');
    this.response.setHeader('Cache-Control', 'no-store');
    this.response.setHeader('Content-Disposition', `attachment; filename="${this.name}"`);
    try {
      await this.write(String(first.value), signal);
      for await (const part of parts) await this.write(part, signal);
      this.response.end();
    } catch (error) {
      this.response.destroy();
      throw error;
    }
  }

  private async write(part: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.response.write(part)) return;
    const late = (): Error => new Error('the client takes nothing');
    await within(STALLED_MS, once(this.response, 'drain', { signal }), late);
  }
}

const MAX_NAME_LENGTH = 60;

/** A name for a file of somebody: letters, digits, dots, dashes and underscores. */
export function fileNameOf(kind: string, id: string): string {
  const safe = id.replaceAll(/[^\w.-]+/g, '_').slice(0, MAX_NAME_LENGTH);
  return `${kind}-${safe}.json`;
}
