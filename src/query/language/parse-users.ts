import { z } from 'zod';
import { parseJson } from '../../common/json-object.js';
import { InvalidQueryError, parseWith } from './invalid-query.js';
import { fieldOf, parseFilter } from './parse-filter.js';
import { fieldsOf, type Filter } from './query.js';
import { givenFilters } from './schema-parts.js';

const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;
const DEFAULT_RECENT = 20;
const LIMIT_ACCEPTED = `must be a whole number from 1 to ${MAX_LIMIT}`;
const KIND_ACCEPTED = 'must be known or anonymous';
const TRAIT = 'trait:';

export type UserKind = 'known' | 'anonymous';

/** All about one person. */
export interface UserQuery {
  id: string;
  /** Of the id. */
  kind: UserKind;
  /** How many of the latest events. */
  limit: number;
}

/** People by their traits. */
export interface UsersQuery {
  /** Of traits alone; all have to be true. */
  filters: Filter[];
  /** Undefined for both. */
  kind: UserKind | undefined;
  limit: number;
  /** The number of the last one of the page before; 0 for the first page. */
  after: number;
}

const kind = z.enum(['known', 'anonymous'], KIND_ACCEPTED);
const limit = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, LIMIT_ACCEPTED)
  .transform(Number)
  .refine((value) => value <= MAX_LIMIT, LIMIT_ACCEPTED);

export const userSchema = z.strictObject(
  { kind: kind.default('known'), limit: limit.default(DEFAULT_RECENT) },
  'must be kind and limit',
);

const CURSOR_ACCEPTED = 'must be the next_cursor of an answer';

const cursor = z.string().transform((value, context): number => {
  const text = Buffer.from(value, 'base64url').toString();
  const seq = /^\d{1,10}$/.test(text) ? Number(text) : MAX_SEQ + 1;
  if (seq <= MAX_SEQ) return seq;
  context.addIssue({ code: 'custom', message: CURSOR_ACCEPTED });
  return z.NEVER;
});

/** Of an integer in the database. */
const MAX_SEQ = 2 ** 31 - 1;

export const usersSchema = z.strictObject(
  {
    kind: kind.optional(),
    filters: z
      .string()
      .transform((value) => parseJson(value))
      .pipe(givenFilters)
      .optional(),
    limit: limit.default(DEFAULT_LIMIT),
    cursor: cursor.optional(),
    // The controller reads it.
    format: z.string().optional(),
  },
  'must be trait:<name>, kind, filters, limit, cursor and format',
);

/**
 * @param search the query string, with or without its question mark
 * @throws InvalidQueryError
 */
export function parseUser(id: string, search: string): UserQuery {
  return { id, ...parseWith(userSchema, Object.fromEntries(readOnce(search))) };
}

/** The same for a list; names of traits stand in names of parameters. */
export function parseUsers(search: string): UsersQuery {
  const given = readOnce(search);
  const isTrait = ([name]: [string, string]): boolean => name.startsWith(TRAIT);
  const traits = given.filter(isTrait).map(([name, value]) => filterOf(name, value));
  const rest = given.filter((entry) => !isTrait(entry));
  const unknown = rest.find(([name]) => !Object.hasOwn(usersSchema.shape, name));
  if (unknown) {
    const accepted = ['trait:<name>', ...Object.keys(usersSchema.shape)].join(', ');
    throw new InvalidQueryError(unknown[0], `is no field; accepted are ${accepted}`);
  }
  const query = parseWith(usersSchema, Object.fromEntries(rest));
  for (const [index, filter] of (query.filters ?? []).entries()) {
    if (fieldsOf(filter).every(({ of }) => of === 'trait')) continue;
    throw new InvalidQueryError(`filters[${index}]`, 'must look at trait:<name> alone');
  }
  return {
    filters: [...traits, ...(query.filters ?? [])],
    kind: query.kind,
    limit: query.limit,
    after: query.cursor ?? 0,
  };
}

export function writeUsersCursor(seq: number): string {
  return Buffer.from(String(seq)).toString('base64url');
}

/** Not as the framework reads it: there brackets in a trait's name would mean something. */
function readOnce(search: string): [string, string][] {
  const given = [...new URLSearchParams(search)];
  for (const [index, [name]] of given.entries()) {
    const first = given.findIndex(([other]) => other === name);
    if (first !== index) {
      throw new InvalidQueryError(
        name,
        name.startsWith(TRAIT)
          ? 'must be given once; filters=[["is","trait:plan",["pro","free"]]] takes one of several'
          : 'must be given once',
      );
    }
  }
  return given;
}

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?$/;

/** A text that is a number stands for it, too: a query string has no other way to write one. */
function filterOf(name: string, text: string): Filter {
  if (!fieldOf(name)) {
    throw new InvalidQueryError(name, 'must be trait:<name>, a name of 1 to 255 characters');
  }
  const number = NUMBER.test(text) ? Number(text) : Number.NaN;
  const values = Number.isFinite(number) ? [text, number] : [text];
  return parseFilter(['is', name, values], (_, message) => {
    throw new InvalidQueryError(name, message);
  });
}
