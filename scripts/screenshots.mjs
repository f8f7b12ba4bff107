#!/usr/bin/env node
// `npm run screenshots`: a throwaway server with a shop's last 60 days, and a picture of each view of the
// dashboard, light and dark, on a desktop and a phone, into docs/screenshots.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { sendDemoData } from './screenshots/demo-data.mjs';
import { SCREENSHOTS } from './screenshots/views.mjs';
import { findBrowser, WITHOUT_BROWSER } from './support/browser.mjs';
import { prepare } from './support/prepare.mjs';
import { failWith, projectRoot } from './support/project.mjs';

const FOLDER = join(projectRoot, 'docs', 'screenshots');
const DEVICES = {
  desktop: { width: 1280, height: 900 },
  phone: { width: 390, height: 844 },
};
const ARGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];

/** The built server on data of its own; it's stopped after the work. */
async function withServer(work) {
  const folder = mkdtempSync(join(tmpdir(), 'user-analytics-screenshots-'));
  const env = { ...process.env, DATA_DIR: folder, PORT: '0', HOST: '127.0.0.1' };
  for (const name of ['DATABASE_URL', 'WRITE_KEYS', 'WEB_CONCURRENCY']) delete env[name];
  const server = spawn(process.execPath, [join('dist', 'src', 'main.js')], {
    cwd: projectRoot,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    await work(await addressOf(server));
  } finally {
    server.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

async function addressOf(server) {
  for await (const line of createInterface({ input: server.stdout })) {
    const [, address] = /^ *Dashboard +(\S+)\/dashboard$/.exec(line) ?? [];
    if (address) {
      server.stdout.resume();
      return address;
    }
  }
  throw new Error('The server ended before it was ready.');
}

async function takePictures(base, browser) {
  for (const [device, viewport] of Object.entries(DEVICES)) {
    for (const colorScheme of ['light', 'dark']) {
      const context = await browser.newContext({ viewport, colorScheme, timezoneId: 'UTC' });
      for (const { name, search, before } of SCREENSHOTS) {
        const page = await context.newPage();
        await page.goto(`${base}/dashboard${search}`);
        await settled(page);
        await before?.(page, base);
        await settled(page);
        const path = join(FOLDER, `${name}-${colorScheme}-${device}.png`);
        await page.screenshot({ path });
        console.log(path);
        await page.close();
      }
      await context.close();
    }
  }
}

/** Until everything that was asked is answered. */
async function settled(page) {
  await page.locator('#main').waitFor();
  const waiting = page.locator('.loading, [aria-busy="true"]');
  while ((await waiting.count()) > 0) await page.waitForTimeout(50);
}

try {
  await prepare();
  const executablePath = findBrowser();
  if (!executablePath) throw new Error(WITHOUT_BROWSER);
  mkdirSync(FOLDER, { recursive: true });
  await withServer(async (base) => {
    await sendDemoData(base, Date.now());
    const browser = await chromium.launch({ executablePath, args: ARGS });
    await takePictures(base, browser).finally(() => browser.close());
  });
} catch (error) {
  failWith(error);
}
