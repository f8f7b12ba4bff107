// Native ESM: run by `npm test`, which starts the database servers first (scripts/test.mjs).
const shared = {
  testEnvironment: 'node',
  transform: { '^.+\\.ts$': '@swc/jest' },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.timescaledb'],
};

/** The end-to-end suite runs once on each storage. */
const endToEnd = (storage) => ({
  ...shared,
  displayName: storage,
  testMatch: ['<rootDir>/test/**/*.e2e-spec.ts'],
  globals: { storage },
});

export default {
  testTimeout: 60_000,
  // Much of the time goes by waiting for servers: all cores are worth using.
  maxWorkers: '100%',
  // Modules of a suite stay in memory after it: a worker that had four gigabytes of them took three times
  // as long for the next.
  workerIdleMemoryLimit: '1GB',
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/{src,test}/**/*.spec.ts'] },
    // The built program, started and stopped as a user would, each on its own data.
    {
      ...shared,
      displayName: 'process',
      testMatch: ['<rootDir>/test/process/*.process-spec.ts'],
      globals: { storage: 'plain' },
    },
    // The server as a real browser sees it; left out where there is none.
    {
      ...shared,
      displayName: 'browser',
      testMatch: ['<rootDir>/test/browser/*.browser-spec.ts'],
      globals: { storage: 'plain' },
    },
    endToEnd('plain'),
    endToEnd('timescaledb'),
  ],
};
