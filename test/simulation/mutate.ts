// Runs the simulator against a faulty copy of the library, in a process of its own.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { withFaultyCopy } from '../helpers/unit/faulty-copy.js';
import type { Settings } from './fleet/plan.js';
import { simulateFleetSeed } from './fleet/simulate.js';
import { simulateHosts } from './hosts/simulate.js';
import type { Mutation } from './mutation.js';
import { simulateSeed } from './simulate.js';

const PATHS = ['test/simulation', 'test/helpers/unit/random.js', 'test/helpers/clocks', 'test/helpers/fleet'];

export interface Found {
  readonly seed: number;
  /** The promise that broke. */
  readonly promise: string;
}

/** The first of `seeds` seeds from `start` on that finds the mutation: it breaks a promise with it, and none without it. */
export async function find(mutation: Mutation, start: number, seeds: number): Promise<Found | undefined> {
  const { route = 'relay', fleet, calls } = mutation;
  const what = calls ? ['--calls'] : fleet ? ['--fleet', ...optionsOf(fleet)] : ['--route', route];
  const end = start + seeds;
  return withFaultyCopy(mutation, { paths: PATHS }, async directory => {
    for (let from = start; from < end; ) {
      const found = readResult(await run(directory, from, end - from, what));
      if (!found) return undefined;
      if (!(await violates(mutation, found.seed))) return found;
      from = found.seed + 1;
    }
    return undefined;
  });
}

/** Whether the library as it is breaks a promise. */
async function violates({ route, fleet, calls }: Mutation, seed: number): Promise<boolean> {
  if (calls) return (await simulateHosts(seed)).violation !== undefined;
  const { violation } = fleet ? simulateFleetSeed(seed, fleet) : await simulateSeed(seed, {}, route);
  return violation !== undefined;
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
