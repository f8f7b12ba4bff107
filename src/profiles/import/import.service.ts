import type { IncomingMessage } from 'node:http';
import { Injectable, Optional } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { UnreadableRequestError } from '../../common/errors.js';
import { requireKnownParameters } from '../../common/known-parameters.js';
import { Turns } from '../../common/turns.js';
import { requireUtf8 } from '../../ingest/batch/read-batch.js';
import { StreamOptions } from '../../ingest/batch/stream.service.js';
import { isStream } from '../../ingest/body/body.middleware.js';
import { awaitedChunks } from '../../ingest/body/awaited-chunks.js';
import { bodyChunks } from '../../ingest/body/body-chunks.js';
import { boundedChunks } from '../../ingest/body/bounded-chunks.js';
import { readToEnd } from '../../ingest/body/read-to-end.js';
import { Room } from '../../ingest/body/room.js';
import { readLines } from '../../ingest/lines.js';
import { Refusal } from '../../ingest/refusal.js';
import { RejectionLog } from '../../ingest/rejection-log.js';
import { Senders } from '../../ingest/senders.js';
import type { ProfileImportDto } from '../profiles.dto.js';
import { ProfileStore } from '../profile-store.js';
import { ImportRun } from './import-run.js';
import { readCsv, readNdjson, type ProfileRecord } from './read-records.js';

const ROUTE = 'POST /analytics/users/import';
/** Of all imports: lines whose end hasn't come, and profiles that aren't stored yet. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;

/** Stores profiles as they arrive, a group at a time, and never holds all of them. */
@Injectable()
export class ProfileImportService {
  private readonly room = new Room(MAX_HELD_BYTES);
  private readonly turns = new Turns();

  constructor(
    private readonly store: ProfileStore,
    private readonly rejections: RejectionLog,
    private readonly clock: Clock,
    private readonly senders: Senders,
    @Optional() private readonly options?: StreamOptions,
  ) {}

  /**
   * @throws UnreadableRequestError when nothing could be read, InterruptedStreamError with what was
   *   stored so far when no more could be
   */
  async receive(request: IncomingMessage): Promise<ProfileImportDto> {
    const records = this.open(request);
    const share = this.room.share();
    const run = new ImportRun({
      now: () => this.clock.now(),
      hold: (bytes) => share.hold(bytes),
      turn: () => this.turns.next(),
      store: (profiles) => this.store.store(profiles),
      noteRefusal: (refusal, text) => this.rejections.note(refusal, ROUTE, text),
    });
    const incomplete = await readToEnd(request, 'file', run, async () => {
      for await (const group of records) {
        await run.add(group);
        group.length = 0;
      }
    }).finally(() => share.hold(0));
    return run.toResult(incomplete);
  }

  /** By content type alone a browser has to ask before it sends this from another site. */
  private open(request: IncomingMessage): AsyncGenerator<ProfileRecord[]> {
    requireKnownParameters(request, []);
    const type = (request.headers['content-type'] ?? '').toLowerCase();
    const isCsv = /^text\/csv\s*(;|$)/.test(type);
    if (!isCsv && !isStream(request)) throw unsupported('unsupported_content_type');
    requireUtf8(type);
    const chunks = bodyChunks(request);
    if (chunks instanceof Refusal) throw unsupported(chunks.code);
    const allowed = this.senders.whileAllowed(request, awaitedChunks(chunks, request), 'admin');
    const lines = readLines(boundedChunks(allowed, this.room, this.options?.maxBytes));
    return isCsv ? readCsv(lines) : readNdjson(lines);
  }
}

function unsupported(code: string): UnreadableRequestError {
  const accepted =
    'profiles are application/x-ndjson or text/csv in UTF-8, plain or as gzip, deflate or br';
  return new UnreadableRequestError(code, accepted, 415);
}
