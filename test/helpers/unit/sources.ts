// The sources of a folder as text: which file imports which, and what each says outside of strings and comments.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export interface Source {
  /** Below the folder, without its extension: `router/group`. */
  readonly name: string;
  /** The folder in it, or the file itself where it is in none. */
  readonly room: string;
  /** Other files of the project, by name; those outside of the folder begin with `../`. */
  readonly imports: readonly string[];
  /** Packages and Node's own modules. */
  readonly packages: readonly string[];
  /** Without comments and strings. */
  readonly code: string;
}

/** All files of a folder, by name. Ava runs in the root of the package. */
export function readSources(root = 'lib'): ReadonlyMap<string, Source> {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));
  return new Map(files.map(file => [file.slice(0, -3), readSource(root, file)]));
}

function readSource(root: string, file: string): Source {
  const name = file.slice(0, -3);
  const text = withoutComments(readFileSync(join(root, file), 'utf8'));
  const from = [
    ...text.replace(/"(?:\\.|[^"\\\n])*"/g, "''").matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)'([^']+)'/g),
  ].map(([, path]) => path!);
  const isLocal = (path: string) => path.startsWith('.');
  return {
    name,
    room: name.includes('/') ? name.slice(0, name.indexOf('/')) : name,
    imports: from.filter(isLocal).map(path => normalize(join(dirname(name), path)).replace(/\.js$/, '')),
    packages: from.filter(path => !isLocal(path)),
    code: text.replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, "''"),
  };
}

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');

/** A way from a file back to itself by imports; `undefined` where there is none. */
export function findRing(imports: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of imports.get(name) ?? []) {
      const ring = visit(next, [...path, name]);
      if (ring) return ring;
    }
    done.add(name);
    return undefined;
  };
  for (const name of imports.keys()) {
    const ring = visit(name, []);
    if (ring) return ring;
  }
  return undefined;
}
