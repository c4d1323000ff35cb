// Round trips a second from one follower to the leader: this library's relay, cluster-client, and a bare
// relay without a library. All in one run, taking turns, each in processes of its own.

import { CASES, type Case } from './invoke/cases.js';
import { type Entry, entryName } from './invoke/contestant.js';
import { HELP, type InvokeOptions, readOptions } from './invoke/options.js';
import { failureOf, type Sample, summarize } from './invoke/summary.js';
import { latencyTable, perSecond, ratioTable, throughputTable } from './invoke/tables.js';
import { Tree } from './invoke/tree.js';
import * as progress from './support/progress.js';
import { machine, save } from './support/results.js';

/** Not recorded. */
const FIRST_RUN = { run: '64', warmUpMs: 1, ms: 1000 };

export async function main(args: string[]): Promise<void> {
  const options = readOptions(args);
  if (!options) return console.log(HELP);
  const { cpu, cores, node } = machine();
  console.log(`invoke: Node ${node}, ${cores} cores (${cpu}); ${options.rounds} rounds, ${options.ms} ms each\n`);
  const samples = await withTrees(options.entries, trees => measureAll(trees, options));
  progress.end();
  print(samples, options);
  if (options.save)
    console.log(
      `\nWritten to ${await save('invoke', { ms: options.ms, samples, medians: medians(samples, options) })}`,
    );
}

async function withTrees<T>(entries: readonly Entry[], use: (trees: readonly Tree[]) => Promise<T>): Promise<T> {
  const trees: Tree[] = [];
  try {
    // One after the other: a start is noisy. Then compiled code for all, or the first round would measure the compiler.
    for (const entry of entries) {
      progress.now(`${entryName(entry)} starts ...`);
      const tree = await Tree.start(entry);
      trees.push(tree);
      await tree.measure(FIRST_RUN);
    }
    return await use(trees);
  } finally {
    await Promise.all(trees.map(tree => tree.stop()));
  }
}

async function measureAll(trees: readonly Tree[], options: InvokeOptions): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    for (const what of options.cases) {
      samples.push(...(await measureCase(rotated(trees, round - 1), what, round, options)));
      progress.done(`round ${round} of ${options.rounds}, ${what.title}: ${inWords(samples, what, round, options)}`);
    }
  }
  return samples;
}

async function measureCase(
  trees: readonly Tree[],
  what: Case,
  round: number,
  options: InvokeOptions,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const tree of trees) {
    const entry = entryName(tree.entry);
    progress.now(`round ${round} of ${options.rounds}, ${what.title}: ${entry} ...`);
    const outcome = await tree.measure({ run: what.name, warmUpMs: options.warmUpMs, ms: options.ms });
    samples.push({ round, case: what.name, entry, outcome });
  }
  return samples;
}

/** Another one begins in each round, so that nobody always follows the same neighbour. */
const rotated = <T>(items: readonly T[], by: number): T[] => items.map((_, n) => items[(n + by) % items.length] as T);

function inWords(samples: readonly Sample[], { name }: Case, round: number, { entries }: InvokeOptions): string {
  const ofRound = samples.filter(sample => sample.round === round);
  return entries
    .map(entryName)
    .map(entry => `${entry} ${perSecond(summarize(ofRound, name, entry))}`)
    .join(', ');
}

function print(samples: readonly Sample[], { cases, entries }: InvokeOptions): void {
  const names = entries.map(entryName);
  const tables = [throughputTable, ratioTable, latencyTable].map(table => table(samples, cases, names));
  console.log(`\n${tables.filter(Boolean).join('\n\n')}`);
  for (const note of notes(samples, cases, names)) console.log(note);
}

function notes(samples: readonly Sample[], cases: readonly Case[], names: readonly string[]): string[] {
  const failures = cases.flatMap(({ name, title }) =>
    names.map(entry => [entry, title, failureOf(samples, name, entry)] as const).filter(([, , failure]) => failure),
  );
  const altered = cases.some(({ name }) => names.some(entry => summarize(samples, name, entry)?.altered));
  return [
    ...(altered ? ['* what came back was not what was sent'] : []),
    ...failures.map(([entry, title, failure]) => `${entry}, ${title}: ${failure}`),
  ];
}

const medians = (samples: readonly Sample[], { entries }: InvokeOptions) =>
  CASES.flatMap(({ name }) =>
    entries.map(entryName).map(entry => ({ case: name, entry, ...summarize(samples, name, entry) })),
  );
