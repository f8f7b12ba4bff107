#!/usr/bin/env node
// The part of `npm run build` that is for browsers: each a file or two that load nothing from elsewhere.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const SHARED = { bundle: true, minify: true, legalComments: 'none', logLevel: 'warning' };

/** Browsers of the last five years: old ones get the page, and not its events. */
await build({
  ...SHARED,
  entryPoints: ['src/tracker/script/analytics.ts'],
  outfile: 'dist/src/tracker/public/analytics.js',
  format: 'iife',
  target: 'es2020',
  // Without it, "use strict" is left out.
  tsconfigRaw: {},
});
await build({
  ...SHARED,
  entryPoints: { dashboard: 'src/dashboard/page/main.tsx' },
  outdir: 'dist/src/dashboard/public',
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
});
cpSync(
  join('src', 'dashboard', 'page', 'index.html'),
  join('dist', 'src', 'dashboard', 'public', 'index.html'),
);
