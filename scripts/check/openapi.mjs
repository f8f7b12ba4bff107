#!/usr/bin/env node
// openapi.json must be what the controllers say: `npm run openapi` writes it anew.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiText } from '../support/openapi.mjs';
import { projectRoot } from '../support/project.mjs';

const kept = readFileSync(join(projectRoot, 'openapi.json'), 'utf8');
if (kept !== (await openApiText())) {
  console.error('openapi.json differs from what the controllers say: npm run openapi');
  process.exitCode = 1;
}
