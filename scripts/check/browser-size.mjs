#!/usr/bin/env node
// What a page pays for: bytes as they travel, compressed by gzip.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { projectRoot } from '../support/project.mjs';

const LIMITS = [
  { name: 'the tracker', files: ['tracker/public/analytics.js'], limit: 2.5 * 1_024 },
  {
    name: 'the dashboard',
    files: ['index.html', 'dashboard.js', 'dashboard.css'].map(
      (file) => `dashboard/public/${file}`,
    ),
    limit: 200_000,
  },
];

for (const { name, files, limit } of LIMITS) {
  const sizes = files.map((file) => gzipSync(readFileSync(join(projectRoot, 'dist/src', file))));
  const size = sizes.reduce((sum, { length }) => sum + length, 0);
  console.log(`        ${name}: ${size} bytes of ${limit}`);
  if (size > limit) process.exitCode = 1;
}
