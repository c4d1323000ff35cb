// `npm run demo`: the same work by a cluster without sharing, then with, while its leaders are killed.
// This process is the primary of both clusters.

import { type Primary, setupPrimary } from 'cluster-shared-client';
import { Display } from './display.js';
import { type HalfResult, runHalf } from './half.js';
import { type DemoOptions, HELP, Refusal, readOptions } from './options.js';
import { NOTES, resultTable, termTable } from './tables.js';
import { openUpstream } from './upstream.js';

/** By convention 128 and the signal's number. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
const SIGPIPE_EXIT_CODE = 141;

class Interrupted extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('interrupted');
    this.exitCode = exitCode;
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof Interrupted) process.exitCode = error.exitCode;
  else if (error instanceof Refusal) refuse(error.message);
  else throw error;
}

function refuse(sentence: string): void {
  console.error(sentence);
  process.exitCode = 1;
}

async function main(args: string[]): Promise<void> {
  const options = readOptions(args);
  if (!options) return console.log(HELP);
  const display = new Display(options.json ? process.stderr : process.stdout);
  const stop = stopOnSignals();
  try {
    const halves = await bothHalves(options, display, stop);
    display.close();
    console.log(options.json ? JSON.stringify({ halves }, null, 2) : inTables(halves));
  } finally {
    display.close();
  }
}

/** From now on these signals end the demo in good order: its children first. */
function stopOnSignals(): AbortController {
  const stop = new AbortController();
  for (const [signal, exitCode] of Object.entries(EXIT_CODES)) {
    process.on(signal, () => stop.abort(new Interrupted(exitCode)));
  }
  // Whoever read the output has seen enough, as with `| head`.
  process.stdout.on('error', () => stop.abort(new Interrupted(SIGPIPE_EXIT_CODE)));
  return stop;
}

async function bothHalves(options: DemoOptions, display: Display, stop: AbortController): Promise<HalfResult[]> {
  const without = await half(options, display, stop);
  const primary = setupPrimary();
  try {
    return [without, await half(options, display, stop, primary)];
  } finally {
    await primary.close();
  }
}

async function half(
  { redis, workers, seconds }: DemoOptions,
  display: Display,
  stop: AbortController,
  primary?: Primary,
) {
  const upstream = await openUpstream(redis, stop);
  try {
    display.begin(`${upstream.title}, ${workers} workers ${primary ? 'that share one client' : 'without sharing'}`);
    return await runHalf({ workers, seconds, upstream, display, stop, primary });
  } finally {
    await upstream.close();
  }
}

function inTables(halves: readonly HalfResult[]): string {
  return `\n${resultTable(halves)}\n\n${termTable(halves)}\n\n${NOTES}`;
}
