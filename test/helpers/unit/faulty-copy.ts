// A copy of the library and of some tests in a temporary directory, with one place of the library changed.

import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BUILD = fileURLToPath(new URL('../../..', import.meta.url));
export const NODE_MODULES = fileURLToPath(new URL('../../../../node_modules', import.meta.url));

/** The change. */
export interface Change {
  readonly name: string;
  /** Below dist/lib. */
  readonly file: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly replace: string;
}

export interface Copied {
  /** Paths below dist, beside the library. */
  readonly paths: readonly string[];
  /** Which test files are copied; by default none. */
  readonly isTest?: (path: string) => boolean;
  readonly packageJson?: object;
}

/** Calls `use` with the directory of the copy, and removes it after that. */
export async function withFaultyCopy<T>(
  change: Change,
  { paths, isTest = () => false, packageJson }: Copied,
  use: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'faulty-'));
  try {
    const isCode = (path: string) => !/\.(map|d\.ts)$/.test(path) && (!path.endsWith('.test.js') || isTest(path));
    for (const path of ['lib', ...paths])
      await cp(join(BUILD, path), join(directory, path), { recursive: true, filter: isCode });
    await symlink(NODE_MODULES, join(directory, 'node_modules'));
    await writeFile(join(directory, 'package.json'), JSON.stringify({ type: 'module', ...packageJson }));
    await makeChange(join(directory, 'lib', change.file), change);
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function makeChange(path: string, { name, file, find, replace }: Change): Promise<void> {
  const code = await readFile(path, 'utf8');
  if (code.split(find).length !== 2) throw new Error(`"${name}" can't be built: ${file} has to have once: ${find}`);
  await writeFile(
    path,
    code.replace(find, () => replace),
  );
}
