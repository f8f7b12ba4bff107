import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { percentile } from './statistics.js';

/** What the figures depend on. */
export interface Machine {
  cores: number;
  processor: string;
  memoryGb: number;
  platform: string;
  node: string;
  /** Of writing a page of 8 KB and making sure of it, in the folder of the databases; median. */
  fsyncMs: number;
  /** Of the minute before: what else the machine does. */
  loadBefore: number;
}

const FSYNCS = 200;
const PAGE_BYTES = 8192;

/** @param folder where the databases will lie */
export function describeMachine(folder: string): Machine {
  return {
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown processor',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    fsyncMs: measureFsync(join(folder, 'fsync')),
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** @param databases one line each */
export function machineLines(machine: Machine, databases: string[]): string[] {
  const { cores, processor, memoryGb, platform, node, fsyncMs, loadBefore } = machine;
  return [
    `${cores} cores (${processor}), ${memoryGb} GB, ${platform}, Node.js ${node}`,
    `fsync of 8 KB: ${fsyncMs.toFixed(2)} ms (median); load before: ${loadBefore.toFixed(2)}`,
    ...databases,
  ];
}

function measureFsync(file: string): number {
  const page = Buffer.alloc(PAGE_BYTES, 1);
  const descriptor = openSync(file, 'w');
  try {
    const times = Array.from({ length: FSYNCS }, () => {
      const begun = performance.now();
      writeSync(descriptor, page);
      fdatasyncSync(descriptor);
      return performance.now() - begun;
    });
    return percentile(times, 0.5);
  } finally {
    closeSync(descriptor);
    rmSync(file);
  }
}
