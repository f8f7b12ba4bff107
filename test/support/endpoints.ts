import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenAPIObject } from '@nestjs/swagger';
import { findProjectRoot } from '../../src/project-root.js';

/** As much of JSON Schema as the document uses. */
export interface Schema {
  $ref?: string;
  type?: string;
  example?: unknown;
  default?: unknown;
  format?: string;
  enum?: unknown[];
  nullable?: boolean;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  additionalProperties?: boolean | Schema;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  example?: unknown;
  schema: Schema;
}

export interface Operation {
  parameters?: Parameter[];
  requestBody?: {
    required?: boolean;
    content: Record<string, { schema: Schema; examples?: Record<string, { value: unknown }> }>;
  };
  responses: Record<
    string,
    {
      description?: string;
      headers?: Record<string, unknown>;
      content?: Record<string, { schema: Schema }>;
    }
  >;
}

/** One method of one path. */
export interface Endpoint {
  method: string;
  path: string;
  operation: Operation;
}

/** The checked-in document; `npm run check` fails when it isn't what the controllers say. */
export const document = JSON.parse(
  readFileSync(join(findProjectRoot(), 'openapi.json'), 'utf8'),
) as OpenAPIObject & {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

/** Every endpoint that the document has: what is tried on all of them is tried on new ones, too. */
export const endpoints: Endpoint[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
);

/** A request that works, by the document's own examples. */
export interface ExampleRequest extends Endpoint {
  url: string;
  /** Of the body; empty without one. */
  type: string;
  body?: string;
}

/** One for each kind of body that it takes; files have no example. */
export function examplesOf(endpoint: Endpoint): ExampleRequest[] {
  const { path, operation } = endpoint;
  const url = pathOf(path, operation) + queryOf(operation);
  const contents = Object.entries(operation.requestBody?.content ?? {});
  const of = (type: string): ExampleRequest => ({ ...endpoint, url, type });
  if (contents.length === 0) return [of('')];
  const shown = contents.filter(([, { schema }]) => schema.format !== 'binary');
  return shown.flatMap(([type, { schema, examples }]) => {
    const given = examples
      ? Object.values(examples).map(({ value }) => value)
      : [exampleOf(schema)];
    return given.map((value) => Object.assign(of(type), { body: encode(type, value) }));
  });
}

/** Sends one; what is in `headers` stands beside or in place of its own. */
export function sendExample(
  base: string,
  { method, url, type, body }: ExampleRequest,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(base + url, {
    method: method.toUpperCase(),
    redirect: 'manual',
    headers: { ...(body !== undefined && { 'Content-Type': type }), ...headers },
    ...(body !== undefined && { body }),
  });
}

/** Whether it stores events. Queries are sent as POST as well. */
export function isWriting({ method, path }: Endpoint): boolean {
  return (
    method === 'post' && /^\/(analytics(\/batch|\/import|\.js)?$|v1\/|batch$|i\/v0\/e$)/.test(path)
  );
}

/** What a schema stands for, where it's a reference. */
export function resolve(schema: Schema): Schema {
  const { $ref } = schema;
  return $ref === undefined ? schema : document.components.schemas[$ref.split('/').at(-1)!]!;
}

function exampleOf(schema: Schema): unknown {
  const { example, properties = {} } = resolve(schema);
  if (example !== undefined) return example;
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, exampleOf(property)]),
  );
}

function pathOf(path: string, { parameters = [] }: Operation): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = parameters.find((one) => one.in === 'path' && one.name === name);
    return encodeURIComponent(String(parameter?.example ?? parameter?.schema.example));
  });
}

/** What the explorer fills in by itself. An object is a parameter for each of its keys. */
function queryOf({ parameters = [] }: Operation): string {
  const given = parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, example, schema, required }): [string, unknown] => {
      const value = example ?? schema.example ?? schema.default;
      return [name, value ?? (required ? schema.enum?.[0] : undefined)];
    })
    .filter(([, value]) => value !== undefined)
    .flatMap(([name, value]): [string, unknown][] =>
      typeof value === 'object' && value !== null ? Object.entries(value) : [[name, value]],
    )
    .map(([name, value]): [string, string] => [name, String(value)]);
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

function encode(type: string, value: unknown): string {
  if (typeof value === 'string') return value;
  return type === 'application/x-www-form-urlencoded'
    ? new URLSearchParams(value as Record<string, string>).toString()
    : JSON.stringify(value);
}
