import { z } from 'zod';
import { AnalyticsError } from '../../common/errors.js';

/** A query that can't be read: the path of the offending field, and what is accepted there. */
export class InvalidQueryError extends AnalyticsError {
  readonly code = 'invalid_query';
  readonly retryable = false;
  override readonly status = 400;
  override readonly details: { path: string };

  constructor(path: string, accepted: string) {
    super(path === '' ? accepted : `${path}: ${accepted}`);
    this.details = { path };
  }
}

/** Such as `filters[0][2]`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      return index === 0 ? String(part) : `.${String(part)}`;
    })
    .join('');
}

/** @throws InvalidQueryError for the first thing that is wrong */
export function parseWith<Output>(schema: z.ZodType<Output>, value: unknown): Output {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const accepted = fieldsAt(schema, issue.path);
    const path = pathText([...issue.path, issue.keys[0]!]);
    throw new InvalidQueryError(path, `is no field; accepted are ${accepted.join(', ')}`);
  }
  throw new InvalidQueryError(pathText(issue!.path), issue!.message);
}

/** The fields of the object that a path leads to. */
function fieldsAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const [part, ...rest] = path;
  if (schema instanceof z.ZodArray) return fieldsAt(schema.element, rest);
  if (schema instanceof z.ZodOptional) return fieldsAt(schema.unwrap(), path);
  if (!(schema instanceof z.ZodObject)) return [];
  const shape = schema.shape as Record<string, z.core.$ZodType>;
  return part === undefined ? Object.keys(shape) : fieldsAt(shape[String(part)]!, rest);
}
