// The pages of the documentation: the front page, and the README.md beside what each describes.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { PROJECT } from './folder.js';
import { anchorsOf, withoutBlocks } from './markdown.js';

/** Folders with pages in them, at any depth. */
const FOLDERS = ['lib', 'test', 'bench'] as const;

export const FRONT_PAGE = 'README.md';

/** All pages by their path, the front page first. */
export function readPages(): ReadonlyMap<string, string> {
  const below = FOLDERS.flatMap(folder =>
    readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' })
      .filter(path => path === 'README.md' || path.endsWith('/README.md'))
      .map(path => `${folder}/${path}`),
  );
  const paths = [FRONT_PAGE, ...below.sort()];
  return new Map(paths.map(path => [path, readFileSync(join(PROJECT, path), 'utf8')]));
}

/** A link or an image of a page that doesn't lead out of the project. */
export interface Link {
  /** From the root of the project. */
  readonly path: string;
  readonly anchor: string | undefined;
  /** As it is written. */
  readonly text: string;
}

export function linksIn(page: string, markdown: string): Link[] {
  return [...withoutBlocks(markdown).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, text]) => text!)
    .filter(text => !/^[a-z]+:/.test(text))
    .map(text => {
      const [path, anchor] = text.split('#');
      return { path: path ? normalize(join(dirname(page), path)) : page, anchor, text };
    });
}

/** What is wrong with a link; nothing where it leads to a file, and to a heading of it. */
export function problemOf({ path, anchor }: Link): string | undefined {
  const file = join(PROJECT, path);
  if (!existsSync(file)) return 'there is no such file';
  if (anchor === undefined) return undefined;
  const anchors = anchorsOf(withoutBlocks(readFileSync(file, 'utf8')));
  return anchors.includes(anchor) ? undefined : 'there is no such heading';
}
