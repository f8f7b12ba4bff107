import { describe, expect, it } from '@jest/globals';
import type { ModuleOptions } from './analytics.options.js';
import { checkOptions } from './check-options.js';

/** As a configuration may bring them, which no compiler sees. */
const check = (options: unknown) => checkOptions(options as ModuleOptions);

describe('the options of the module', () => {
  it.each<[ModuleOptions]>([
    [{}],
    [{ access: {}, limits: {}, timestamps: {}, retention: {}, query: {} }],
    [{ timestamps: { maxFutureMs: Number.POSITIVE_INFINITY } }],
    [
      {
        database: { url: 'postgres://app:secret@db/analytics', schema: 'shop' },
        spool: { directory: './spool', maxBytes: 1 },
        stream: { maxBytes: 1 },
        writeKeys: { sources: new Map([['k-1', 'shop']]) },
        access: { open: true },
        limits: { perAddress: 0, perKey: 1 },
        timestamps: { maxFutureMs: 0, maxAgeMs: 1, oldest: -1 },
        retention: { days: 30, sources: new Map([['app', 90]]), rollupDays: 90 },
        privacy: { erasureDays: 3_650 },
        identity: { issuer: 'https://id.example', traitClaims: ['email'] },
        query: { maxRawRows: 1, timeoutMs: 1, cacheBytes: 0 },
      },
    ],
  ])('are taken as they are: %o', (options) => {
    expect(checkOptions(options)).toBe(options);
  });

  it.each<[unknown, string]>([
    [undefined, 'must be an object'],
    [{ acess: { open: true } }, 'acess is no field; accepted are database, spool, '],
    [{ access: true }, 'access must be an object'],
    [{ access: { open: 'false' } }, 'access.open must be true or false'],
    [{ access: { opened: true } }, 'access.opened is no field; accepted are open'],
    [{ database: { schema: 'shop' } }, 'database.url must be a URL'],
    [{ database: { url: 'mysql://db' } }, 'database.url must be a URL'],
    [{ database: { url: 'postgres://db', schema: 'pg_x' } }, 'database.schema must be'],
    [{ database: { url: 'postgres://db', schema: 'Shop' } }, 'database.schema must be 1 to 63 '],
    [{ spool: { directory: '', maxBytes: 1 } }, 'spool.directory must be a folder'],
    [{ observer: {} }, 'observer must have the methods committed, '],
    [{ identityResolver: Date }, 'identityResolver must be an IdentityResolver'],
    [{ identityResolver: () => {} }, 'identityResolver must be an IdentityResolver'],
    [{ writeKeys: { sources: new Map([[5, 6]]) } }, 'writeKeys.sources must be a Map'],
    [{ identity: { issuer: 'nonsense' } }, 'identity.issuer must be the URL'],
    [{ spool: { maxBytes: 1 } }, 'spool.directory must be a folder'],
    [{ spool: { directory: 'x', maxBytes: '1' } }, 'spool.maxBytes must be a whole number from 1'],
    [{ limits: { perAddress: -1 } }, 'limits.perAddress must be a whole number from 0'],
    [{ timestamps: { maxFutureMs: Number.NaN } }, 'timestamps.maxFutureMs must be a number of'],
    [{ timestamps: { oldest: '2020-01-01' } }, 'timestamps.oldest must be milliseconds'],
    [{ privacy: { erasureDays: 0 } }, 'privacy.erasureDays must be a whole number from 1 to 3650'],
    [{ privacy: {} }, 'privacy.erasureDays must be'],
    [{ writeKeys: { sources: { key: 'shop' } } }, 'writeKeys.sources must be a Map'],
    [{ retention: { days: 1.5 } }, 'retention.days must be a number of days'],
    [{ retention: { sources: { app: 1 } } }, 'retention.sources must be a Map'],
    [{ identity: { issuer: 1 } }, 'identity.issuer must be the URL'],
    [{ query: { timeoutMs: 0 } }, 'query.timeoutMs must be a whole number from 1'],
  ])('are refused: %o', (options, message) => {
    expect(() => check(options)).toThrow(TypeError);
    expect(() => check(options)).toThrow(message);
  });

  it('never shows the URL of a database', () => {
    const database = { url: 'postgres://app:secret@db/analytics', schema: 1 };
    expect(() => check({ database })).toThrow(/^(?!.*secret)/);
  });
});
