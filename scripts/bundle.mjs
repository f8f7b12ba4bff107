#!/usr/bin/env node
// The part of `npm run build` that is for browsers: each a file or two that load nothing from elsewhere.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { minify } from 'terser';

const TRACKER = 'dist/src/tracker/public/analytics.js';
const SHARED = { bundle: true, minify: true, legalComments: 'none', logLevel: 'warning' };

/** Browsers since the autumn of 2020: older ones get the page, and not its events. */
await build({
  ...SHARED,
  entryPoints: ['src/tracker/script/analytics.ts'],
  outfile: TRACKER,
  format: 'iife',
  target: 'es2021',
  // Without it, "use strict" is left out.
  tsconfigRaw: {},
});
// Every page view pays for it: this takes some hundred bytes off what esbuild left.
const tracker = await minify(readFileSync(TRACKER, 'utf8'), {
  ecma: 2020,
  compress: { passes: 3, sequences: false },
});
writeFileSync(TRACKER, tracker.code);
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
