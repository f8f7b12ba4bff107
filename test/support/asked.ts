import { afterAll, beforeAll } from '@jest/globals';
import { startApplication, type TestApplication } from './application.js';

const PATIENCE_MS = 20_000;

/** A server for the tests of a block, and questions to it by paths without a slash before them. */
export class Asked {
  server!: TestApplication;

  /** Starts it before the tests of the block that calls this, and stops it after them. */
  open(...settings: Parameters<typeof startApplication>): void {
    beforeAll(async () => {
      this.server = await startApplication(...settings);
    });
    afterAll(async () => this.server.stop());
  }

  ask(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.server.base}/${path}`, {
      ...init,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  }

  /** The status, and the code of what was refused. */
  async codeOf(path: string, init: RequestInit = {}): Promise<[number, unknown]> {
    const response = await this.ask(path, init);
    const body = (await response.json().catch(() => ({}))) as { code?: string };
    return [response.status, body.code];
  }
}
