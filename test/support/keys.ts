import { KeyAdmin, type MadeKey } from '../../src/access/keys/key-admin.js';
import { parseKeyRules } from '../../src/access/keys/key-rules.js';
import type { TestApplication } from './application.js';

/** Makes a key as the command line does, beside the server. */
export function makeKey({ dataSource }: TestApplication, rules: object): Promise<MadeKey> {
  const admin = new KeyAdmin((work) =>
    dataSource.transaction((manager) => work((text, values) => manager.query(text, values))),
  );
  return admin.create(parseKeyRules({ name: 'test', ...rules }), 'test');
}

/** A request with a body of JSON. */
export function json(body: unknown): RequestInit {
  return { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}

export function withHeaders(init: RequestInit, headers: Record<string, string>): RequestInit {
  return { ...init, headers: { ...(init.headers as object), ...headers } };
}
