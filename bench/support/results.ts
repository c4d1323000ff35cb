// What is kept of a run: the machine, the date and every single figure, in bench/results/NAME.json.

import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

// From dist/bench/support back to the sources.
const FOLDER = fileURLToPath(new URL('../../../bench/results/', import.meta.url));

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly platform: string;
  readonly node: string;
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

/** Returns where it was written. */
export async function save(name: string, result: object): Promise<string> {
  const file = `${FOLDER}${name}.json`;
  await mkdir(FOLDER, { recursive: true });
  await writeFile(file, `${JSON.stringify({ date: new Date().toISOString(), ...machine(), ...result }, null, 1)}\n`);
  return file;
}
