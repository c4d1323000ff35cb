// What is kept of a run: the machine, the date, the command and every single figure, in one file a bench.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchRun } from './bench.js';
import type { Sample } from './samples.js';

/** From dist/bench/support back to the sources. */
export const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));

export const RESULTS = join(PROJECT, 'bench/results');

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly platform: string;
  readonly node: string;
}

export interface Result extends Machine {
  readonly date: string;
  readonly command: string;
  readonly rounds: number;
  readonly ms: number;
  readonly samples: readonly Sample[];
}

export function machine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

export async function save(folder: string, { bench, rounds, ms }: BenchRun, samples: readonly Sample[]): Promise<void> {
  const command = ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' ');
  const head = { date: new Date().toISOString(), ...machine(), command, rounds, ms };
  await mkdir(folder, { recursive: true });
  await writeFile(fileOf(folder, bench.name), format(head, samples.map(rounded)));
}

export async function load(folder: string, name: string): Promise<Result | undefined> {
  try {
    return JSON.parse(await readFile(fileOf(folder, name), 'utf8')) as Result;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const fileOf = (folder: string, name: string) => join(folder, `${name}.json`);

/** One line a sample. */
function format(head: object, samples: readonly Sample[]): string {
  const lines = samples.map(sample => `  ${JSON.stringify(sample)}`).join(',\n');
  return `${JSON.stringify(head, null, 1).slice(0, -2)},\n "samples": [\n${lines}\n ]\n}\n`;
}

function rounded(sample: Sample): Sample {
  if (!sample.figures) return sample;
  const figures = Object.entries(sample.figures).map(([name, value]) => [name, Number(value.toPrecision(5))]);
  return { ...sample, figures: Object.fromEntries(figures) };
}
