// Runs the simulator against a faulty copy of the library, in a process of its own.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { withFaultyCopy } from '../helpers/unit/faulty-copy.js';
import type { Settings } from './fleet/plan.js';
import { simulateFleetSeed } from './fleet/simulate.js';
import type { Mutation } from './mutation.js';
import { simulateSeed } from './simulate.js';

export interface Found {
  readonly seed: number;
  /** The promise that broke. */
  readonly promise: string;
}

/** The first of `seeds` seeds from `start` on that finds the mutation: it breaks a promise with it, and none without it. */
export async function find(mutation: Mutation, start: number, seeds: number): Promise<Found | undefined> {
  const { route = 'relay', fleet } = mutation;
  const end = start + seeds;
  return withFaultyCopy(mutation, { paths: ['test/simulation', 'test/helpers/unit/random.js'] }, async directory => {
    for (let from = start; from < end; ) {
      const found = readResult(
        await run(directory, from, end - from, fleet ? ['--fleet', ...optionsOf(fleet)] : ['--route', route]),
      );
      if (!found) return undefined;
      const { violation } = fleet ? simulateFleetSeed(found.seed, fleet) : await simulateSeed(found.seed, {}, route);
      if (!violation) return found;
      from = found.seed + 1;
    }
    return undefined;
  });
}

function run(directory: string, start: number, seeds: number, what: readonly string[]): Promise<string> {
  const program = join(directory, 'test/simulation/run.js');
  const args = [program, '--start', String(start), '--seeds', String(seeds), ...what, '--jobs', '1', '--no-shrink'];
  // What runs there is no part of what is measured here.
  const { NODE_V8_COVERAGE: _, ...env } = process.env;
  return new Promise(resolve => {
    execFile(process.execPath, args, { env, maxBuffer: 2 ** 26 }, (_error, stdout) => resolve(stdout));
  });
}

const optionsOf = (settings: Settings): string[] =>
  Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);

function readResult(output: string): Found | undefined {
  const match = /seed (\d+) broke "([^"]+)"/.exec(output);
  if (match) return { seed: Number(match[1]), promise: match[2]! };
  if (output.includes('every promise was kept')) return undefined;
  throw new Error(`The simulator did not come to its end: ${output}`);
}
