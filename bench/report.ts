// `npm run bench -- report`: plots from the results of a folder; and from bench/results what the README shows of them, so that
// it never shows a plot that isn't there.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { PLOTS } from './plots/plots.js';
import { readmeTables } from './support/readme-tables.js';
import { load, PROJECT, RESULTS } from './support/results.js';

const README = join(PROJECT, 'README.md');

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
  if (!relative(RESULTS, folder).startsWith('..')) await writeReadme();
}

async function writeReadme(): Promise<void> {
  const folders = (await readdir(RESULTS, { withFileTypes: true })).filter(entry => entry.isDirectory());
  const parts = await imagesIn(RESULTS);
  for (const folder of [RESULTS, ...folders.map(({ name }) => join(RESULTS, name)).sort()])
    parts.push(...(await readmeTables(folder)));
  const readme = await readFile(README, 'utf8');
  const [from, to] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (from === -1 || to < from) throw new Error('The README has lost the marks between which the tables stand.');
  await writeFile(README, `${readme.slice(0, from + BEGIN.length)}\n\n${parts.join('\n\n')}\n\n${readme.slice(to)}`);
}

async function imagesIn(folder: string): Promise<string[]> {
  const files = await readdir(folder);
  return Object.entries(IMAGES)
    .filter(([name]) => files.includes(`${name}.svg`))
    .map(([name, text]) => `![${text}](${relative(PROJECT, join(folder, `${name}.svg`))})`);
}
