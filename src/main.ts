import { createApp } from './create-app.js';
import { readConfiguration } from './configuration.js';
import { openDatabase } from './database/open-database.js';

const configuration = readConfiguration(process.env);
const dataSource = await openDatabase(configuration.databaseUrl!, (line) =>
  process.stdout.write(`${line}\n`),
);
const app = await createApp(dataSource);
// A stop that was asked for is no failure: the process ends with 0.
app.enableShutdownHooks([], { useProcessExit: true });
await app.listen(configuration.port, configuration.host);
