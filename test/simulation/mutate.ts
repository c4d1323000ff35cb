// Runs the simulator against a faulty copy of the library, in a process of its own.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { withFaultyCopy } from '../helpers/unit/faulty-copy.js';
import type { Mutation } from './mutation.js';
import { simulateSeed } from './simulate.js';

export interface Found {
  readonly seed: number;
  /** The promise that broke. */
  readonly promise: string;
}

/** The first of `seeds` seeds from `start` on that finds the mutation: it breaks a promise with it, and none without it. */
export async function find(mutation: Mutation, start: number, seeds: number): Promise<Found | undefined> {
  const { route = 'relay' } = mutation;
  const end = start + seeds;
  return withFaultyCopy(mutation, { paths: ['test/simulation', 'test/helpers/unit/random.js'] }, async directory => {
    for (let from = start; from < end; ) {
      const found = readResult(await run(directory, from, end - from, route));
      if (!found) return undefined;
      const { violation } = await simulateSeed(found.seed, {}, route);
      if (!violation) return found;
      from = found.seed + 1;
    }
    return undefined;
  });
}

function run(directory: string, start: number, seeds: number, route: string): Promise<string> {
  const program = join(directory, 'test/simulation/run.js');
  const args = [
    program,
    '--start',
    String(start),
    '--seeds',
    String(seeds),
    '--route',
    route,
    '--jobs',
    '1',
    '--no-shrink',
  ];
  // What runs there is no part of what is measured here.
  const { NODE_V8_COVERAGE: _, ...env } = process.env;
  return new Promise(resolve => {
    execFile(process.execPath, args, { env, maxBuffer: 2 ** 26 }, (_error, stdout) => resolve(stdout));
  });
}

function readResult(output: string): Found | undefined {
  const match = /seed (\d+) broke "([^"]+)"/.exec(output);
  if (match) return { seed: Number(match[1]), promise: match[2]! };
  if (output.includes('every promise was kept')) return undefined;
  throw new Error(`The simulator did not come to its end: ${output}`);
}
