// Ratios of now beside those of committed rounds. Pure.

import type { Bench, Case } from './bench.js';
import { ratioOf, type Sample } from './samples.js';
import { BASE } from './tables.js';

/** One route at one case. */
export interface Verdict {
  readonly title: string;
  readonly route: string;
  /** Medians of the ratios to cluster-client. */
  readonly now: number | undefined;
  readonly committed: number | undefined;
  /** The worst of the committed rounds. */
  readonly bound: number | undefined;
  /** Not worse than that; a ratio that is missing on either side doesn't hold. */
  readonly holds: boolean;
}

export function compare(
  bench: Bench,
  cases: readonly Case[],
  routes: readonly string[],
  samples: readonly Sample[],
  committed: readonly Sample[],
): Verdict[] {
  const { name: figure, better } = bench.figures[0]!;
  return cases.flatMap(({ name, title }) =>
    routes.map((route): Verdict => {
      const now = ratioOf(samples, name, route, BASE, figure)?.median;
      const before = ratioOf(committed, name, route, BASE, figure);
      const bound = better === 'more' ? before?.lowest : before?.highest;
      const isKnown = now !== undefined && bound !== undefined;
      const holds = isKnown && (better === 'more' ? now >= bound : now <= bound);
      return { title: `${bench.name}, ${title}`, route, now, committed: before?.median, bound, holds };
    }),
  );
}
