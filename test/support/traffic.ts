import { randomUUID } from 'node:crypto';
import { query } from './program.js';

const SENDERS = 8;

/** Clients that send events one after the other, and remember which were acknowledged. */
export class Traffic {
  readonly acknowledged = new Set<string>();
  private stopped = false;
  private readonly senders: Promise<void>[];
  private readonly waiting: { count: number; resolve: () => void }[] = [];

  constructor(url: string) {
    this.senders = Array.from({ length: SENDERS }, (_, sender) => this.send(url, sender));
  }

  /** Waits until so many events more were acknowledged. */
  more(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ count: this.acknowledged.size + count, resolve });
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.senders);
  }

  /** What was acknowledged and isn't in the database of a running program. */
  async lost(dataDir: string): Promise<string[]> {
    const rows = await query<{ id: string }>(dataDir, 'SELECT id FROM events');
    const stored = new Set(rows.map(({ id }) => id));
    return [...this.acknowledged].filter((id) => !stored.has(id));
  }

  private async send(url: string, sender: number): Promise<void> {
    while (!this.stopped) {
      const id = randomUUID();
      try {
        const parameters = `timestamp=1224567997&user=${sender}&event=click&id=${id}`;
        const response = await fetch(`${url}/analytics?${parameters}`, { method: 'POST' });
        await response.arrayBuffer();
        if (response.status === 204 && !response.headers.has('X-Analytics-Rejected')) this.note(id);
      } catch {
        // The server is away: the event isn't acknowledged.
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  private note(id: string): void {
    this.acknowledged.add(id);
    for (const [index, { count, resolve }] of this.waiting.entries()) {
      if (this.acknowledged.size < count) continue;
      this.waiting.splice(index, 1);
      resolve();
    }
  }
}
