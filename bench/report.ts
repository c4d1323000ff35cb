// `npm run bench -- report`: plots from the results of a folder; and from bench/results what bench/README.md shows of them, so that
// it never shows a plot that isn't there.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { PLOTS } from './plots/plots.js';
import { pageTables } from './support/page-tables.js';
import { load, PROJECT, RESULTS } from './support/results.js';

const PAGE = join(PROJECT, 'bench/README.md');

/** What those hear who can't see them. */
const IMAGES: Readonly<Record<string, string>> = {
  invoke: "Round trips a second, as a multiple of cluster-client's, for values of several sizes",
  'fan-out': 'Values delivered a second to 1, 8 and 64 subscribers',
  failover: 'Milliseconds until calls and values come from the next leader',
  scale: 'Round trips a second and CPU a call for 2 to 32 workers',
  idle: 'CPU and bytes written a minute by eight idle workers',
};

const BEGIN = '<!-- What follows is written by `npm run bench`. -->';
const END = '<!-- As far as here. -->';

export async function report(folder: string): Promise<void> {
  for (const [name, plot] of Object.entries(PLOTS)) {
    const result = await load(folder, name);
    if (result) await writeFile(join(folder, `${name}.svg`), plot(result));
  }
  // Results that went elsewhere are nobody's but the one's who asked for them.
  if (!relative(RESULTS, folder).startsWith('..')) await writePage();
}

async function writePage(): Promise<void> {
  const folders = (await readdir(RESULTS, { withFileTypes: true })).filter(entry => entry.isDirectory());
  const parts = await imagesIn(RESULTS);
  for (const folder of [RESULTS, ...folders.map(({ name }) => join(RESULTS, name)).sort()])
    parts.push(...(await pageTables(folder)));
  const page = await readFile(PAGE, 'utf8');
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from === -1 || to < from)
    throw new Error('bench/README.md lacks the marks between which the tables are written.');
  await writeFile(PAGE, `${page.slice(0, from + BEGIN.length)}\n\n${parts.join('\n\n')}\n\n${page.slice(to)}`);
}

async function imagesIn(folder: string): Promise<string[]> {
  const files = await readdir(folder);
  return Object.entries(IMAGES)
    .filter(([name]) => files.includes(`${name}.svg`))
    .map(([name, text]) => `![${text}](${relative(dirname(PAGE), join(folder, `${name}.svg`))})`);
}
