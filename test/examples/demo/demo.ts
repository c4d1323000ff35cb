// `npm run demo`: the same work by a cluster without sharing, then with, while its leaders are killed.
// This process is the primary of both clusters.

import { type Primary, setupPrimary } from 'cluster-shared-client';
import { Display } from './display.js';
import { runFleet, termsTable } from './fleet.js';
import { type HalfResult, runHalf } from './half.js';
import { openUpstream } from './open-upstream.js';
import { type DemoOptions, HELP, Refusal, readOptions } from './options.js';
import { Pm2Staff } from './pm2-staff.js';
import { Staff } from './staff.js';
import { NOTES, resultTable, termTable } from './tables.js';
import { Terms } from './terms.js';

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
    if (options.fleet) return await showFleet(options, display, stop);
    const halves = await bothHalves(options, display, stop);
    display.close();
    console.log(options.json ? JSON.stringify({ halves }, null, 2) : inTables(halves));
  } finally {
    display.close();
  }
}

async function showFleet(options: DemoOptions, display: Display, stop: AbortController): Promise<void> {
  const terms = await runFleet(display, stop);
  display.close();
  console.log(options.json ? JSON.stringify({ terms }, null, 2) : termsTable(terms));
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
  if (options.pm2) return [await half(options, display, stop, false), await half(options, display, stop, true)];
  const without = await half(options, display, stop, false);
  const primary = setupPrimary();
  try {
    return [without, await half(options, display, stop, true, primary)];
  } finally {
    await primary.close();
  }
}

async function half(
  { redis, workers, seconds, pm2 }: DemoOptions,
  display: Display,
  stop: AbortController,
  shared: boolean,
  primary?: Primary,
) {
  const upstream = await openUpstream(redis, stop);
  try {
    display.begin(
      `${upstream.title}, ${workers} workers ${pm2 ? 'under PM2 ' : ''}${shared ? 'that share one client' : 'without sharing'}`,
    );
    const task = { shared, address: upstream.address };
    const crew = pm2 ? new Pm2Staff(task, stop) : new Staff(task, stop);
    const teller = crew instanceof Pm2Staff ? crew.events : primary!;
    const terms = shared ? new Terms(teller, text => display.event(text)) : undefined;
    return await runHalf({ workers, seconds, upstream, display, stop, crew, terms });
  } finally {
    await upstream.close();
  }
}

function inTables(halves: readonly HalfResult[]): string {
  return `\n${resultTable(halves)}\n\n${termTable(halves)}\n\n${NOTES}`;
}
