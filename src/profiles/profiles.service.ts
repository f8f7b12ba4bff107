import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { parseJsonObject } from '../common/json-object.js';
import { UnreadableRequestError } from '../common/errors.js';
import { requireUtf8 } from '../ingest/batch/read-batch.js';
import { receivedBody } from '../ingest/body/body.middleware.js';
import { Refusal } from '../ingest/refusal.js';
import { beginningOf, RejectionLog } from '../ingest/rejection-log.js';
import type { ProfileDto } from './profiles.dto.js';
import { readProfile } from './profile.js';
import { RefusedProfileError } from './profile-errors.js';
import { ProfileStore } from './profile-store.js';

const ROUTE = 'PUT /analytics/users';

/** Sets what is known of one user. */
@Injectable()
export class ProfilesService {
  constructor(
    private readonly store: ProfileStore,
    private readonly rejections: RejectionLog,
    private readonly clock: Clock,
  ) {}

  /**
   * @param user the known user's id
   * @throws UnreadableRequestError, RefusedProfileError, OverloadedError, and an AnalyticsError that
   *   tells to try again
   */
  async put(request: IncomingMessage, user: string): Promise<ProfileDto> {
    const { traits, text } = readTraits(request);
    const profile = readProfile({ user, traits }, this.clock.now());
    const [outcome] = profile instanceof Refusal ? [profile] : await this.store.store([profile]);
    if (outcome instanceof Refusal) {
      this.rejections.note(outcome, ROUTE, beginningOf(`${JSON.stringify(user)} ${text}`));
      throw new RefusedProfileError(outcome, outcome.code === 'too_many_traits' ? 422 : 400);
    }
    return { id: user, kind: 'known', traits: await this.store.traitsOf(user) };
  }
}

/** By content type alone a browser has to ask before it sends this from another site. */
function readTraits(request: IncomingMessage): { traits: unknown; text: string } {
  const type = (request.headers['content-type'] ?? '').toLowerCase();
  if (!/^application\/json\s*(;|$)/.test(type)) {
    throw new UnreadableRequestError(
      'unsupported_content_type',
      'the body must be application/json in UTF-8',
      415,
    );
  }
  const body = receivedBody(request);
  if (body instanceof Refusal) throw unreadable(body);
  requireUtf8(type);
  const text = body.bytes.toString('utf8');
  body.release?.();
  const fields = parseJsonObject(text);
  if (!fields || !Object.hasOwn(fields, 'traits') || fields['traits'] === null) {
    throw new UnreadableRequestError(
      'unreadable_body',
      'the body must be a JSON object such as {"traits": {"plan": "pro"}}',
      400,
    );
  }
  const others = Object.keys(fields).filter((key) => key !== 'traits');
  if (others.length > 0) {
    throw new UnreadableRequestError(
      'unknown_field',
      `the body has only the field traits; ${JSON.stringify(others[0]!.slice(0, 100))} belongs into it`,
      400,
    );
  }
  return { traits: fields['traits'], text };
}

function unreadable({ code }: Refusal): UnreadableRequestError {
  switch (code) {
    case 'body_too_large':
      return new UnreadableRequestError(code, 'the body must be at most 64 KB', 413);
    case 'unsupported_encoding':
      return new UnreadableRequestError(code, 'the body may be gzip, deflate or br', 415);
    default:
      return new UnreadableRequestError('unreadable_body', 'the body must be a JSON object', 400);
  }
}
