#!/usr/bin/env node
// `npm run openapi`: writes openapi.json from the controllers; `npm run check` fails when it differs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiText } from './support/openapi.mjs';
import { prepare } from './support/prepare.mjs';
import { failWith, projectRoot } from './support/project.mjs';

try {
  await prepare();
  writeFileSync(join(projectRoot, 'openapi.json'), await openApiText());
} catch (error) {
  failWith(error);
}
