// A folder outside of the project, in which the programs of the documentation are compiled and run as a user's would be.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The project's own folder, seen from dist/test/helpers/readme. */
export const PROJECT = fileURLToPath(new URL('../../../../', import.meta.url));

/** What a user of these programs has installed. */
const PACKAGES = ['@nats-io', 'co', 'pg', 'redis', 'sdk-base', '@types'];

const OUR_COMPILER = join(PROJECT, 'node_modules/typescript/bin/tsc');

const COMPILER_OPTIONS = {
  module: 'nodenext',
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable'],
  types: ['node'],
  strict: true,
  noUnusedLocals: true,
};

/** What runs for longer hangs. */
const HANGS_MS = 300_000;

/** What a program did. */
export interface Ran {
  /** Of its standard output. */
  readonly lines: readonly string[];
  readonly stderr: string;
  /** `undefined` where it was stopped because all was seen. */
  readonly code: number | null | undefined;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Ends a program that doesn't end by itself, with Ctrl-C. */
  until?(lines: readonly string[]): boolean;
}

/** The path of a new folder with these files and an installed library; removed by {@link removeFolder}. */
export async function makeFolder(files: readonly { readonly file: string; readonly text: string }[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'csc-readme-'));
  await mkdir(join(folder, 'node_modules'));
  await symlink(PROJECT, join(folder, 'node_modules/cluster-shared-client'));
  for (const name of PACKAGES) await symlink(join(PROJECT, 'node_modules', name), join(folder, 'node_modules', name));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS }));
  for (const { file, text } of files) await writeFile(join(folder, file), text);
  return folder;
}

export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

/** Compiles what is TypeScript. @returns what the compiler complains of */
export async function compile(folder: string, compiler = OUR_COMPILER): Promise<string> {
  const { lines } = await run(folder, [compiler, '-p', folder]);
  return lines.join('\n');
}

/** Runs Node, in a process group of its own, until it ends or `until` says so. */
export async function run(folder: string, args: readonly string[], { env, until }: RunOptions = {}): Promise<Ran> {
  // What runs here says nothing of what the tests of lib/ cover.
  const { NODE_V8_COVERAGE: _, ...inherited } = process.env;
  const child = spawn(process.execPath, args, { cwd: folder, detached: true, env: { ...inherited, ...env } });
  const lines: string[] = [];
  let stderr = '';
  let isStopped = false;
  createInterface({ input: child.stdout }).on('line', line => {
    if (isStopped) return;
    lines.push(line);
    isStopped = until?.(lines) ?? false;
    if (isStopped) signalGroup(child, 'SIGINT');
  });
  child.stderr.on('data', chunk => {
    if (!isStopped) stderr += chunk;
  });
  const overdue = setTimeout(() => {
    stderr += `\nIt ran for longer than ${HANGS_MS} ms.`;
    signalGroup(child, 'SIGKILL');
  }, HANGS_MS);
  const [code] = await once(child, 'close');
  clearTimeout(overdue);
  return { lines, stderr, code: isStopped ? undefined : code };
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid!, signal);
  } catch {
    // It has ended already.
  }
}
