// The packed library, and a folder in which it is installed with what it depends on.

import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT } from './folder.js';

const execute = promisify(execFile);

/** What `npm pack` made, in a folder of its own. */
export interface Packed {
  readonly folder: string;
  readonly tarball: string;
  readonly files: readonly string[];
  /** In bytes. */
  readonly size: number;
  readonly unpackedSize: number;
}

interface PackReport {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** Packs what was built already. */
export async function pack(): Promise<Packed> {
  const folder = await mkdtemp(join(tmpdir(), 'csc-packed-'));
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await execute('npm', args, { cwd: PROJECT });
  const [{ filename, size, unpackedSize, files }] = JSON.parse(stdout) as [PackReport];
  return {
    folder,
    tarball: join(folder, filename),
    files: files.map(({ path }) => path).sort(),
    size,
    unpackedSize,
  };
}

/** The path of a new folder with the consumers' sources and the unpacked library, as npm would have installed it. */
export async function makeConsumer({ tarball }: Packed): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'csc-consumer-'));
  const modules = join(folder, 'node_modules');
  const library = join(modules, 'cluster-shared-client');
  await mkdir(library, { recursive: true });
  await execute('tar', ['-xzf', tarball, '--strip-components=1', '-C', library]);
  const { dependencies } = JSON.parse(await readFile(join(library, 'package.json'), 'utf8'));
  for (const name of [...Object.keys(dependencies), '@types'])
    await symlink(join(PROJECT, 'node_modules', name), join(modules, name));
  await cp(join(PROJECT, 'test/package/consumers'), folder, { recursive: true });
  return folder;
}
