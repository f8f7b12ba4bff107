import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { document, type Endpoint, type Schema } from '../endpoints.js';
import type { FuzzAnswer } from './send.js';

const ajv = new Ajv({ strict: false, allErrors: false });
formats.default(ajv);
ajv.addSchema(closed({ components: document.components }), 'document');
const validators = new Map<Schema, ValidateFunction>();

/**
 * What an answer does that the document doesn't say of its endpoint: another status, content type or
 * shape, a field that isn't described, a header that is missing.
 *
 * @returns empty for an answer as described
 */
export function deviations({ operation, method }: Endpoint, answer: FuzzAnswer): string[] {
  const { status, headers, body } = answer;
  if (status >= 500 && status !== 503) return [`status ${status}`];
  const described = operation.responses[String(status)];
  if (!described) return [`status ${status} is not described`];
  const missing = /Retry-After/.test(described.description ?? '') && !headers['retry-after'];
  const found = missing ? ['no Retry-After'] : [];
  const unknown = Object.keys(described.headers ?? {}).length === 0 && headers['x-next-cursor'];
  if (unknown) found.push('X-Next-Cursor is not described');
  if (method === 'head' || !described.content) {
    return body.length > 0 ? [...found, 'a body that is not described'] : found;
  }
  const type = (headers['content-type'] ?? '').split(';')[0]!;
  const content = described.content[type];
  if (!content) return [...found, `content type ${type} is not described`];
  if (type !== 'application/json') return found;
  return [...found, ...shapeOf(content.schema, body)];
}

function shapeOf(schema: Schema, body: Buffer): string[] {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return ['the body is no JSON'];
  }
  let validate = validators.get(schema);
  if (!validate) {
    validate = ajv.compile(closed(schema));
    validators.set(schema, validate);
  }
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** A copy in which objects have the keys that are described, and no others. */
function closed<T extends object>(schema: T): T {
  const text = JSON.stringify(schema, (_key, value: unknown) => {
    if (!isClosable(value)) return value;
    return { ...value, additionalProperties: false };
  });
  return JSON.parse(text.replaceAll('"#/components/', '"document#/components/')) as T;
}

function isClosable(value: unknown): value is Schema {
  return (
    typeof value === 'object' &&
    value !== null &&
    'properties' in value &&
    'type' in value &&
    value.type === 'object' &&
    !('additionalProperties' in value)
  );
}
