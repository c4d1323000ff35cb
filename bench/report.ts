// `npm run bench -- report`: plots from the results of a folder, and the tables of the README from bench/results.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { PLOTS } from './plots/plots.js';
import { readmeTables } from './support/readme-tables.js';
import { load, PROJECT, RESULTS } from './support/results.js';

const README = join(PROJECT, 'README.md');

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
  const tables: string[] = [];
  for (const folder of [RESULTS, ...folders.map(({ name }) => join(RESULTS, name)).sort()])
    tables.push(...(await readmeTables(folder)));
  const readme = await readFile(README, 'utf8');
  const [from, to] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (from === -1 || to < from) throw new Error('The README has lost the marks between which the tables stand.');
  await writeFile(README, `${readme.slice(0, from + BEGIN.length)}\n\n${tables.join('\n\n')}\n\n${readme.slice(to)}`);
}
