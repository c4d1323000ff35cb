// `npm run bench -- NAME [options]`: runs one bench by name, or all there are. What a bench measures lives in its own file.

import { resolve } from 'node:path';
import { check } from './check.js';
import { compat } from './compat.js';
import { failover } from './failover.js';
import { fanOut } from './fan-out.js';
import { idle } from './idle.js';
import { invoke } from './invoke.js';
import { pm2 } from './pm2.js';
import { report } from './report.js';
import { scale } from './scale.js';
import { stream } from './stream.js';
import { BadArgument } from './support/arguments.js';
import type { Bench } from './support/bench.js';
import { HELP, type Options, readOptions } from './support/options.js';
import { machine, RESULTS, save } from './support/results.js';
import { failuresOf, printTables } from './support/tables.js';

const BENCHES: readonly Bench[] = [invoke, fanOut, stream, failover, scale, idle, compat];
/** Only run when they are asked for by name. */
const OTHERS: readonly Bench[] = [pm2];

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BadArgument)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function main([first, ...rest]: string[]): Promise<void> {
  const name = first?.startsWith('-') ? undefined : first;
  const options = readOptions(name === undefined && first !== undefined ? [first, ...rest] : rest);
  if (options.help) return printHelp();
  if (name === 'report') return report(options.out ? resolve(options.out) : RESULTS);
  const benches = name === undefined ? BENCHES : [benchNamed(name)];
  if (options.check) {
    if (!(await check(benches, options))) process.exitCode = 1;
    return;
  }
  await runAll(benches, options, name === undefined);
}

async function runAll(benches: readonly Bench[], options: Options, isAll: boolean): Promise<void> {
  const folder = options.out ? resolve(options.out) : isAll ? RESULTS : undefined;
  const start = performance.now();
  for (const bench of benches) await runOne(bench, options, folder);
  if (folder && isAll) await report(folder);
  console.log(`${Math.round((performance.now() - start) / 1000)} s${folder ? `, written to ${folder}` : ''}`);
}

async function runOne(bench: Bench, options: Options, folder?: string): Promise<void> {
  const run = options.run(bench);
  const { cpu, cores, node } = machine();
  console.log(`\n${bench.name}: ${bench.question}\nNode ${node}, ${cores} cores (${cpu}); ${run.rounds} rounds\n`);
  const samples = await bench.measure(run);
  printTables(samples, run);
  if (folder) await save(folder, run, samples);
  if (failuresOf(samples, run).length > 0) process.exitCode = 1;
}

function benchNamed(name: string): Bench {
  const all = [...BENCHES, ...OTHERS];
  const found = all.find(bench => bench.name === name);
  if (found) return found;
  throw new BadArgument(`There is no bench named ${name}; there is ${all.map(bench => bench.name).join(', ')}.`);
}

function printHelp(): void {
  console.log('npm run bench -- [NAME] [options]; without a name all of them');
  for (const { name, question } of [...BENCHES, ...OTHERS]) console.log(`  ${name.padEnd(10)} ${question}`);
  console.log(`  ${'report'.padEnd(10)} plots and the tables of bench/README.md, from bench/results`);
  console.log(HELP);
}
