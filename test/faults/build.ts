// Runs a test against a faulty copy of the library.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { NODE_MODULES, withFaultyCopy } from '../helpers/unit/faulty-copy.js';
import type { Fault } from './faults.js';

/** A test takes milliseconds: one that a fault lets wait for what never comes is ended. */
const HANGS = '--timeout=10s';

/** Whether the test fails, or never ends, with the fault. @throws what it prints, where it passes or can't be run */
export async function findByTest(fault: Fault): Promise<'fails' | 'never ends'> {
  const copied = {
    paths: ['test/helpers', 'test/leader', 'test/system'],
    isTest: (path: string) => path.endsWith(fault.test),
    packageJson: { ava: { files: ['test/**/*.test.js'] } },
  };
  const output = await withFaultyCopy(fault, copied, directory => run(directory, fault));
  const [, failing] = /\[fail\]: (.*)/.exec(output) ?? [];
  if (failing?.includes(fault.title)) return 'fails';
  if (output.includes('Timed out') && output.includes(fault.title)) return 'never ends';
  throw new Error(output);
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
