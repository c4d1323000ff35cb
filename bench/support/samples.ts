// From single measurements to medians and ratios. Pure.

import { median } from 'simple-statistics';

/** Figures of one measurement, by name. */
export type Figures = Readonly<Record<string, number>>;

/** One measurement: a contestant's at a case in a round. */
export interface Sample {
  readonly round: number;
  readonly case: string;
  readonly entry: string;
  readonly figures?: Figures;
  /** Why there are none. */
  readonly failed?: string;
}

export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Over the rounds; nothing where one failed or the figure isn't measured. */
export function spreadOf(
  samples: readonly Sample[],
  caseName: string,
  entry: string,
  figure: string,
): Spread | undefined {
  const found = samples.filter(sample => sample.case === caseName && sample.entry === entry);
  const values = found.map(({ figures }) => figures?.[figure]).filter(value => value !== undefined);
  return values.length > 0 && values.length === found.length ? spread(values) : undefined;
}

/** How many times the figure of `base` that of `entry` was: taken within each round, where both saw the same machine. */
export function ratioOf(
  samples: readonly Sample[],
  caseName: string,
  entry: string,
  base: string,
  figure: string,
): Spread | undefined {
  const inRounds = (name: string) =>
    new Map(
      samples
        .filter(sample => sample.case === caseName && sample.entry === name)
        .map(({ round, figures }) => [round, figures?.[figure]]),
    );
  const bases = inRounds(base);
  const ratios = [...inRounds(entry)].map(([round, value]) => (value ?? Number.NaN) / (bases.get(round) ?? Number.NaN));
  return ratios.length > 0 && ratios.every(Number.isFinite) ? spread(ratios) : undefined;
}

/** Why a case has no figures. */
export function failureOf(samples: readonly Sample[], caseName: string, entry: string): string | undefined {
  return samples.find(sample => sample.case === caseName && sample.entry === entry && sample.failed)?.failed;
}

const spread = (values: readonly number[]): Spread => ({
  median: median([...values]),
  lowest: Math.min(...values),
  highest: Math.max(...values),
});
