import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readConfiguration } from '../src/configuration.js';
import { parseDockerfile, readAssignments } from './support/docker/dockerfile.js';

interface Service {
  image?: string;
  build?: { context: string; dockerfile: string };
  command?: string[];
  environment: Record<string, string>;
  ports?: string[];
  volumes: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  init?: boolean;
  restart: string;
  stop_grace_period: string;
}

interface Composition {
  services: { analytics: Service; timescaledb: Service };
  volumes: Record<string, unknown>;
}

const FOLDER = 'docker';
/** After it a stopping server kills a worker that hangs. */
const LONGEST_STOP_S = 20;

/** @param env what the person's shell has set */
function readComposition(env: Record<string, string> = {}): Composition {
  const text = readFileSync(join(FOLDER, 'docker-compose.yml'), 'utf8');
  const filledIn = text.replaceAll(
    /\$\{(\w+):-([^}]*)\}/g,
    (_, name: string, otherwise: string) => env[name] ?? otherwise,
  );
  expect(filledIn).not.toContain('$');
  return parse(filledIn) as Composition;
}

/** @returns the names that readConfiguration asks for */
function configurationNames(): Set<string> {
  const names = new Set<string>();
  const env = new Proxy<Record<string, string>>(
    {},
    {
      get: (_, name) => {
        names.add(String(name));
        return undefined;
      },
    },
  );
  readConfiguration(env);
  return names;
}

const { services, volumes } = readComposition();
const { analytics, timescaledb } = services;
const dockerfile = parseDockerfile(readFileSync(join(FOLDER, 'Dockerfile'), 'utf8'));
const imageEnv = Object.assign(
  {},
  ...dockerfile
    .at(-1)!
    .instructions.filter(({ name }) => name === 'ENV')
    .map(({ rest }) => readAssignments(rest)),
) as Record<string, string>;

describe('the server in the compose file', () => {
  it('is published on the loopback only, on the port that the image listens on', () => {
    expect(analytics.ports).toEqual([`127.0.0.1:8080:${imageEnv['PORT']}`]);
    expect(imageEnv['HOST']).toBe('0.0.0.0');
  });

  it('is built from the project with the Dockerfile beside the compose file', () => {
    expect(join(FOLDER, analytics.build!.context)).toBe('.');
    expect(analytics.build!.dockerfile).toBe(join(FOLDER, 'Dockerfile'));
  });

  it('is given variables that the configuration knows, with values that it takes', () => {
    const { NODE_ENV, ...env } = { ...imageEnv, ...analytics.environment };
    expect(NODE_ENV).toBe('production');
    expect([...configurationNames()]).toEqual(expect.arrayContaining(Object.keys(env)));
    expect(readConfiguration(env)).toMatchObject({
      host: '0.0.0.0',
      port: 8080,
      databaseUrl: expect.stringContaining('timescaledb'),
    });
  });

  it('keeps its data folder in a volume', () => {
    expect(analytics.volumes).toEqual([`analytics-data:${imageEnv['DATA_DIR']}`]);
  });

  it('starts once the database answers, and again whenever it ends', () => {
    expect(analytics.depends_on).toEqual({ timescaledb: { condition: 'service_healthy' } });
    expect(analytics.restart).toBe('unless-stopped');
    expect(timescaledb.restart).toBe('unless-stopped');
  });

  it('has the time to finish its work when stopped', () => {
    expect(analytics.stop_grace_period).toMatch(/^\d+s$/);
    expect(Number.parseInt(analytics.stop_grace_period)).toBeGreaterThan(LONGEST_STOP_S);
    expect(analytics.init).toBe(true);
  });
});

describe('the database in the compose file', () => {
  it('is one exact version of TimescaleDB', () => {
    expect(timescaledb.image).toMatch(/^timescale\/timescaledb:2\.\d+\.\d+-pg17$/);
  });

  it('cannot be reached from outside', () => {
    expect(timescaledb.ports).toBeUndefined();
  });

  it.each([{}, { POSTGRES_PASSWORD: 'chosen' }])('takes the server in, with %j', (env) => {
    const composition = readComposition(env).services;
    const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB } = composition.timescaledb.environment;
    const url = new URL(composition.analytics.environment['DATABASE_URL']!);
    expect(url.hostname).toBe('timescaledb');
    expect(url.username).toBe(POSTGRES_USER);
    expect(url.password).toBe(POSTGRES_PASSWORD);
    expect(url.pathname).toBe(`/${POSTGRES_DB}`);
  });

  it('is asked over TCP whether it is ready, which it is not while it is being set up', () => {
    const [kind, ...test] = timescaledb.healthcheck!.test;
    expect(kind).toBe('CMD');
    expect(test.slice(0, 3)).toEqual(['pg_isready', '-h', '127.0.0.1']);
  });

  it('keeps its data in a volume and reports to nobody', () => {
    expect(timescaledb.volumes).toEqual(['timescaledb-data:/var/lib/postgresql/data']);
    expect(Object.keys(volumes)).toEqual(['analytics-data', 'timescaledb-data']);
    expect(timescaledb.command).toContain('timescaledb.telemetry_level=off');
  });
});
