import { readFile } from 'node:fs/promises';
import type { TestApplication } from '../application.js';
import { accessLog } from '../sample-data.js';

/** Brings the real site's log in, as the dashboard does. */
export async function importAccessLog(server: TestApplication): Promise<void> {
  const response = await server.post('/analytics/import?format=combined&site=semicomplete.com', {
    headers: { 'Content-Type': 'application/octet-stream' },
    body: await readFile(accessLog),
  });
  if (!response.ok) throw new Error(await response.text());
}
