import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Access } from '../../access/access.js';
import { noteAudit } from '../../access/audit-log.js';
import { IdentityResolver } from '../../access/identity-resolver.js';
import { UnreadableRequestError } from '../../common/errors.js';
import { isUserId } from '../../common/text.js';
import { askBy, type Ask } from '../../database/ask.js';
import { UnknownMergeError } from '../profile-errors.js';
import { readCursor, writeCursor } from './cursor.js';
import type {
  MergeDto,
  MergesDto,
  MergesQueryDto,
  PageQueryDto,
  RefusedMergeDto,
  RefusedMergesDto,
  UserReferenceDto,
} from './merges.dto.js';

const MAX_ID = 2 ** 31 - 1;
const MERGES = `
  SELECT merges.id, anonymous.id AS anonymous, known.id AS "user", since, merged_by, undone_at, undone_by
  FROM merges JOIN users AS anonymous ON anonymous.seq = anonymous_seq
    JOIN users AS known ON known.seq = known_seq`;

/** Why a merge is not made, as `merge_users` says it. */
const REASONS: Record<string, string> = {
  belongs_to_another:
    'The anonymous user belongs to another known user: the first one keeps them. Undo that merge first.',
  both_known: 'Both are known users: those are never merged.',
  itself: 'A user is not merged into themself.',
};

interface RefusedRow extends Omit<RefusedMergeDto, 'from' | 'into' | 'message'> {
  from_kind: UserReferenceDto['kind'];
  from_id: string;
  from_seq: number;
  into_kind: UserReferenceDto['kind'];
  into_id: string;
  into_seq: number;
  /** `last_at` in microseconds, which a Date doesn't hold. */
  last: string;
}

/** Which anonymous users belong to whom, who said so, and what of it was undone. */
@Injectable()
export class MergesService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly identities: IdentityResolver,
    private readonly access: Access,
  ) {}

  /** @throws UnreadableRequestError for a cursor that isn't one, or what can be no id */
  async list({ limit, cursor, user, anonymous, active }: MergesQueryDto): Promise<MergesDto> {
    requireId('user', user);
    requireId('anonymous', anonymous);
    const values: unknown[] = [];
    const bind = (value: unknown): string => `$${values.push(value)}`;
    const seqOf = (kind: UserReferenceDto['kind'], id: string): string =>
      `(SELECT seq FROM users WHERE kind = ${bind(kind)} AND id = ${bind(id)})`;
    const [before] = readCursor(cursor, 1) ?? [];
    const conditions = [
      before !== undefined && `merges.id < ${bind(before)}::bigint`,
      user !== undefined && `known_seq = ${seqOf('known', user)}`,
      anonymous !== undefined && `anonymous_seq = ${seqOf('anonymous', anonymous)}`,
      active !== undefined && `(undone_at IS NULL) = ${bind(active)}::boolean`,
    ].filter((condition) => condition !== false);
    const merges = await this.query<MergeDto>(
      `${MERGES} WHERE ${['true', ...conditions].join(' AND ')}
       ORDER BY merges.id DESC LIMIT ${bind(limit + 1)}`,
      values,
    );
    const isLast = merges.length <= limit;
    const page = merges.slice(0, limit);
    return { merges: page, next_cursor: isLast ? null : writeCursor([page.at(-1)!.id]) };
  }

  /** @throws UnreadableRequestError for a cursor that isn't one */
  async listRefused({ limit, cursor }: PageQueryDto): Promise<RefusedMergesDto> {
    const after = readCursor(cursor, 3);
    const rows = await this.query<RefusedRow>(
      `SELECT source.kind AS from_kind, source.id AS from_id, from_seq,
         target.kind AS into_kind, target.id AS into_id, into_seq,
         reason, times, first_at, last_at, refused_by,
         (extract(epoch FROM last_at) * 1000000)::bigint AS last
       FROM merge_refusals JOIN users AS source ON source.seq = from_seq
         JOIN users AS target ON target.seq = into_seq
       WHERE $2::bigint IS NULL OR (last_at, from_seq, into_seq)
         < (timestamptz 'epoch' + $2::bigint * interval '1 microsecond', $3::bigint, $4::bigint)
       ORDER BY last_at DESC, from_seq DESC, into_seq DESC LIMIT $1`,
      [limit + 1, ...(after ?? [null, null, null])],
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const hasMore = rows.length > limit && last !== undefined;
    return {
      refused: page.map(toRefused),
      next_cursor: hasMore ? writeCursor([Number(last.last), last.from_seq, last.into_seq]) : null,
    };
  }

  /** @throws UnknownMergeError */
  async get(id: string): Promise<MergeDto> {
    return await readMerge(askBy(this.dataSource), readId(id));
  }

  /**
   * Undoes a merge; one that is undone stays as it is.
   *
   * @throws UnknownMergeError; UnauthorizedError where the request says something of itself that isn't true
   */
  async undo(request: IncomingMessage, id: string): Promise<MergeDto> {
    const number = readId(id);
    const identity = await this.identities.resolve(request);
    const route = `DELETE /analytics/merges/${number}`;
    const actor = this.access.actorOf(request);
    const by = [route, actor, identity && `token of ${identity.user}`].filter(Boolean).join(', ');
    return await this.dataSource.transaction(async (manager) => {
      const ask = askBy(manager);
      await ask('SELECT undo_merge($1, $2)', [number, by]);
      const merge = await readMerge(ask, number);
      const details = { merge: number };
      await noteAudit(ask, { actor: actor ?? 'anyone', action: 'merge.undo', details });
      return merge;
    });
  }

  private query<Row>(sql: string, values: unknown[]): Promise<Row[]> {
    return this.dataSource.query<Row[]>(sql, values);
  }
}

/** @throws UnknownMergeError */
async function readMerge(ask: Ask, id: number): Promise<MergeDto> {
  const [merge] = await ask<MergeDto>(`${MERGES} WHERE merges.id = $1`, [id]);
  if (!merge) throw new UnknownMergeError();
  return merge;
}

/** @throws UnreadableRequestError for what can be no user's id */
function requireId(name: string, id: string | undefined): void {
  if (id === undefined || isUserId(id)) return;
  const accepted = 'text of 1 to 255 characters, none of them a control character';
  throw new UnreadableRequestError('invalid_parameter', `${name} must be ${accepted}`, 400);
}

/** @throws UnknownMergeError for what can't be one */
function readId(id: string): number {
  const number = /^\d{1,10}$/.test(id) ? Number(id) : MAX_ID + 1;
  if (number > MAX_ID) throw new UnknownMergeError();
  return number;
}

function toRefused(row: RefusedRow): RefusedMergeDto {
  const { reason, times, first_at, last_at, refused_by } = row;
  return {
    from: { kind: row.from_kind, id: row.from_id },
    into: { kind: row.into_kind, id: row.into_id },
    reason,
    message: REASONS[reason] ?? reason,
    times,
    first_at,
    last_at,
    refused_by,
  };
}
