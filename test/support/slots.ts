import type { ExampleRequest } from './endpoints.js';

/** A place in a request that holds text, and the request with another text in it. */
export interface Slot {
  /** Such as `query limit` or `body events[0].user`. */
  name: string;
  request: ExampleRequest;
  with(text: string): ExampleRequest;
}

/** Every text that a request holds: in its path, its query string and its body of JSON. */
export function slotsOf(request: ExampleRequest): Slot[] {
  return [...pathSlots(request), ...querySlots(request), ...bodySlots(request)];
}

function pathSlots(request: ExampleRequest): Slot[] {
  const [path = '', query] = request.url.split('?');
  const names = request.path.split('/');
  return names.flatMap((name, index) => {
    if (!name.startsWith('{')) return [];
    const withText = (text: string): ExampleRequest => {
      const parts = path.split('/').with(index, encodeURIComponent(text));
      const url = [parts.join('/'), query].filter((part) => part !== undefined).join('?');
      return { ...request, url };
    };
    return [{ name: `path ${name}`, request, with: withText }];
  });
}

function querySlots(request: ExampleRequest): Slot[] {
  const [path = '', query = ''] = request.url.split('?');
  const named = (request.operation.parameters ?? [])
    .filter((parameter) => parameter.in === 'query' && parameter.schema.type !== 'object')
    .map(({ name }) => name);
  return named.map((name) => ({
    name: `query ${name}`,
    request,
    with: (text) => {
      const given = new URLSearchParams(query);
      given.set(name, text);
      return { ...request, url: `${path}?${given.toString()}` };
    },
  }));
}

function bodySlots(request: ExampleRequest): Slot[] {
  if (request.type !== 'application/json' || request.body === undefined) return [];
  const value: unknown = JSON.parse(request.body);
  return pathsOf(value, []).map((path) => ({
    name: `body ${path.join('.')}`,
    request,
    with: (text) => ({ ...request, body: JSON.stringify(replaced(value, path, text)) }),
  }));
}

type Path = (string | number)[];

function pathsOf(value: unknown, path: Path): Path[] {
  if (typeof value === 'string') return [path];
  if (typeof value !== 'object' || value === null) return [];
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return entries.flatMap(([key, item]) => pathsOf(item, [...path, key]));
}

function replaced(value: unknown, [key, ...rest]: Path, text: string): unknown {
  if (key === undefined) return text;
  if (Array.isArray(value)) {
    return value.map((item, index) => (index === key ? replaced(item, rest, text) : item));
  }
  const entries = Object.entries(value as object);
  return Object.fromEntries(
    entries.map(([name, item]) => [name, name === key ? replaced(item, rest, text) : item]),
  );
}
