import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { builtFile } from '../common/built-file.js';
import { StaticFile } from '../common/static-file.js';
import type { DialectAnswer } from '../dialects/dialect.service.js';
import { SegmentService } from '../dialects/segment/segment.service.js';
import { TRACKER_PATH } from './tracker-path.js';

/** A browser asks again after an hour, and needn't wait for the answer for a day. */
const CACHE_CONTROL = 'public, max-age=3600, stale-while-revalidate=86400';

/** The script that pages load, and what it sends. */
@Injectable()
export class TrackerService {
  private readonly script = StaticFile.read(
    builtFile(import.meta.dirname, 'public/analytics.js'),
    'text/javascript; charset=utf-8',
  );

  constructor(private readonly segment: SegmentService) {}

  send(request: IncomingMessage, response: ServerResponse): void {
    // Pages of any origin may load it, those that isolate themselves from other origins, too.
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
    this.script.send(request, response, CACHE_CONTROL);
  }

  /** @throws what `SegmentService.receiveBatch` does */
  receive(request: IncomingMessage): Promise<DialectAnswer> {
    const agent = request.headers['user-agent'];
    return this.segment.receiveBatch(request, `POST ${TRACKER_PATH}`, agent);
  }
}
