// Builds a faulty copy of the library with the tests beside it, and runs one of them there.

import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Fault } from './faults.js';

const BUILD = fileURLToPath(new URL('../..', import.meta.url));
const NODE_MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

/** A test takes milliseconds: one that a fault lets wait for what never comes is ended. */
const HANGS = '--timeout=10s';

/** Whether the test fails, or never ends, with the fault. @throws what it prints, where it passes or can't be run */
export async function findByTest(fault: Fault): Promise<'fails' | 'never ends'> {
  const directory = await mkdtemp(join(tmpdir(), 'fault-'));
  try {
    await build(fault, directory);
    const output = await run(directory, fault);
    const [, failing] = /\[fail\]: (.*)/.exec(output) ?? [];
    if (failing?.includes(fault.title)) return 'fails';
    if (output.includes('Timed out') && output.includes(fault.title)) return 'never ends';
    throw new Error(output);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function build({ name, file, find, replace, test }: Fault, directory: string): Promise<void> {
  const isCode = (path: string) => !/\.(map|d\.ts)$/.test(path) && (!/\.test\.js$/.test(path) || path.endsWith(test));
  for (const part of ['lib', 'test/helpers', 'test/leader', 'test/system'])
    await cp(join(BUILD, part), join(directory, part), { recursive: true, filter: isCode });
  await symlink(NODE_MODULES, join(directory, 'node_modules'));
  await writeFile(join(directory, 'package.json'), '{ "type": "module", "ava": { "files": ["test/**/*.test.js"] } }');
  const path = join(directory, 'lib', file);
  const code = await readFile(path, 'utf8');
  if (code.split(find).length !== 2) throw new Error(`"${name}" can't be built: ${file} has to have once: ${find}`);
  await writeFile(
    path,
    code.replace(find, () => replace),
  );
}

function run(directory: string, { test, title }: Fault): Promise<string> {
  const ava = join(NODE_MODULES, 'ava/entrypoints/cli.mjs');
  // What runs there is no part of what is measured here.
  const { NODE_V8_COVERAGE: _, ...env } = process.env;
  const args = [ava, HANGS, '--match', `${title.replaceAll('*', '\\*')}*`, join('test', test)];
  return new Promise(resolve => {
    execFile(process.execPath, args, { cwd: directory, env }, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}
