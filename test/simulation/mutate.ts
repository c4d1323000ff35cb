// Builds a faulty copy of the library with the simulator beside it, and runs the one against the other in a process of its own.

import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutation } from './mutation.js';
import { simulateSeed } from './simulate.js';

const BUILD = fileURLToPath(new URL('../..', import.meta.url));
const NODE_MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

export interface Found {
  readonly seed: number;
  /** The promise that broke. */
  readonly promise: string;
}

/** The first of `seeds` seeds from `start` on that finds the mutation: it breaks a promise with it, and none without it. */
export async function find(mutation: Mutation, start: number, seeds: number): Promise<Found | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'mutation-'));
  const { route = 'relay' } = mutation;
  const end = start + seeds;
  try {
    await build(mutation, directory);
    for (let from = start; from < end; ) {
      const found = readResult(await run(directory, from, end - from, route));
      if (!found) return undefined;
      const { violation } = await simulateSeed(found.seed, {}, route);
      if (!violation) return found;
      from = found.seed + 1;
    }
    return undefined;
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function build({ name, file, find: from, replace }: Mutation, directory: string): Promise<void> {
  const isCode = (path: string) => !/\.(map|d\.ts|test\.js)$/.test(path);
  for (const part of ['lib', 'test/simulation', 'test/helpers/unit/random.js'])
    await cp(join(BUILD, part), join(directory, part), { recursive: true, filter: isCode });
  await symlink(NODE_MODULES, join(directory, 'node_modules'));
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
  const path = join(directory, 'lib', file);
  const code = await readFile(path, 'utf8');
  if (code.split(from).length !== 2) throw new Error(`"${name}" can't be built: ${file} has to have once: ${from}`);
  await writeFile(
    path,
    code.replace(from, () => replace),
  );
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
