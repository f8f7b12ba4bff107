import type { ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { withClient } from '../ingest/store/database-client.js';
import { UnknownUserError } from '../query/engine/refusals.js';
import { inSnapshot } from '../query/engine/snapshot.js';
import { Download, fileNameOf } from './download.js';
import { exportPerson } from './export-person.js';
import { readPerson, type Named } from './person.js';
import { TooManyExportsError } from './privacy-errors.js';

/** Each has a connection of the pool for as long as its client takes. */
const MAX_EXPORTS = 2;
/** Of one statement. */
const TIMEOUT_MS = 120_000;
/** Of all of one, however slowly its client reads. */
const MAX_MS = 3_600_000;

/** Sends all that is kept of a person. */
@Injectable()
export class ExportService {
  private running = 0;

  constructor(private readonly dataSource: DataSource) {}

  /**
   * @param named one of the person's identities
   * @param signal aborted when the client goes away
   * @throws UnknownUserError, TooManyExportsError before anything was sent
   */
  async send(named: Named, response: ServerResponse, signal: AbortSignal): Promise<void> {
    if (this.running >= MAX_EXPORTS) throw new TooManyExportsError(MAX_EXPORTS);
    this.running += 1;
    try {
      await withClient(
        this.dataSource,
        (client) =>
          inSnapshot(client, TIMEOUT_MS, async (snapshot) => {
            const users = await readPerson(client, named);
            const [person] = users;
            if (!person) throw new UnknownUserError(named.kind);
            const download = new Download(response, fileNameOf(person.kind, person.id));
            await download.send(exportPerson(client, snapshot, users), signal);
          }),
        MAX_MS,
      );
    } finally {
      this.running -= 1;
    }
  }
}
