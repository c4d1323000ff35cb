// What a bench is: one question, its cases, and how one run of them is measured.

import { type ContestantName, type Entry, entryName } from '../contestants/load.js';
import { Tree } from '../rig/tree.js';
import * as progress from './progress.js';
import { type Figures, type Sample, spreadOf } from './samples.js';

export interface Case {
  readonly name: string;
  readonly title: string;
  /** How many times cluster-client's chief figure each route shall reach, or keep below. With it the case is a chief one: `--check` runs it. */
  readonly targets?: { readonly relay: number; readonly direct: number };
}

export interface FigureKind {
  readonly name: string;
  readonly title: string;
  /** Better when it is more, or when it is less. */
  readonly better: 'more' | 'less';
  /** Shown with the highest of all rounds. */
  readonly withHighest?: boolean;
}

export interface Bench {
  readonly name: string;
  readonly question: string;
  readonly cases: readonly Case[];
  /** Who is measured unless other ones are asked for. */
  readonly contestants: readonly ContestantName[];
  readonly rounds: number;
  /** Of one measurement. */
  readonly ms: number;
  /** The first is the chief one: ratios are made of it. */
  readonly figures: readonly FigureKind[];
  readonly measure: (run: BenchRun) => Promise<Sample[]>;
}

/** One run of a bench, as the options have it. */
export interface BenchRun {
  readonly bench: Bench;
  readonly cases: readonly Case[];
  readonly entries: readonly Entry[];
  readonly rounds: number;
  readonly ms: number;
}

export const warmUpMsOf = ({ ms }: BenchRun): number => Math.ceil((ms * 3) / 7);

/** Starts one tree for each contestant, and stops them whatever happens. */
export async function withTrees<T>(
  { bench, entries }: BenchRun,
  workers: number,
  use: (trees: readonly Tree[]) => Promise<T>,
): Promise<T> {
  const trees: Tree[] = [];
  try {
    // One after the other: a start is noisy.
    for (const entry of entries) {
      progress.now(`${bench.name}: ${entryName(entry)} starts ...`);
      trees.push(await Tree.start(entry, workers));
    }
    return await use(trees);
  } finally {
    await Promise.all(trees.map(tree => tree.stop()));
    progress.end();
  }
}

/** All cases in all rounds, the contestants taking turns. */
export async function inTurns(
  trees: readonly Tree[],
  cases: readonly Case[],
  run: BenchRun,
  measure: (tree: Tree, what: Case) => Promise<Figures>,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 1; round <= run.rounds; round++) {
    for (const what of cases) {
      const step = `${run.bench.name}, round ${round} of ${run.rounds}, ${what.title}`;
      const ofStep: Sample[] = [];
      for (const tree of turned(trees, round - 1)) {
        const entry = entryName(tree.entry);
        progress.now(`${step}: ${entry} ...`);
        ofStep.push({ round, case: what.name, entry, ...(await outcomeOf(() => measure(tree, what))) });
      }
      progress.done(`${step}: ${inWords(ofStep, run)}`);
      samples.push(...ofStep);
    }
  }
  return samples;
}

async function outcomeOf(measure: () => Promise<Figures>): Promise<Pick<Sample, 'figures' | 'failed'>> {
  try {
    return { figures: await measure() };
  } catch (error) {
    return { failed: (error as Error).message };
  }
}

/** Another one begins in each round, and every other round goes backwards, so that nobody always follows the same neighbour. */
function turned<T>(items: readonly T[], round: number): T[] {
  const rotated = items.map((_, n) => items[(n + round) % items.length] as T);
  return round % 2 === 0 ? rotated : rotated.reverse();
}

function inWords(samples: readonly Sample[], { bench, entries }: BenchRun): string {
  const chief = bench.figures[0]!.name;
  return entries
    .map(entryName)
    .map(entry => `${entry} ${digits(spreadOf(samples, samples[0]!.case, entry, chief)?.median)}`)
    .join(', ');
}

/** Three digits are as many as a run of this length is worth. */
export const digits = (value?: number): string =>
  value === undefined ? '-' : value.toLocaleString('en', { maximumSignificantDigits: 3 });
