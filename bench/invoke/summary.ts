// From single measurements to medians and ratios. Pure.

import { median } from 'simple-statistics';
import type { Measured } from './drive.js';
import type { Outcome } from './messages.js';

/** One measurement: a contestant's at a case in a round. */
export interface Sample {
  readonly round: number;
  readonly case: string;
  readonly entry: string;
  readonly outcome: Outcome;
}

/** Of all rounds. */
export interface Summary {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly altered: boolean;
}

export interface Ratio {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** The medians over the rounds; nothing where one failed. */
export function summarize(samples: readonly Sample[], caseName: string, entry: string): Summary | undefined {
  const measured = measuredOf(samples, caseName, entry);
  if (measured.length === 0) return undefined;
  const medianOf = (field: keyof Measured) => median(measured.map(({ [field]: value }) => value));
  return {
    perSecond: medianOf('perSecond'),
    p50Ms: medianOf('p50Ms'),
    p99Ms: medianOf('p99Ms'),
    altered: measured.some(({ altered }) => altered),
  };
}

/** Why a case has no figures. */
export function failureOf(samples: readonly Sample[], caseName: string, entry: string): string | undefined {
  for (const { outcome } of samplesOf(samples, caseName, entry))
    if (outcome.failed !== undefined) return outcome.failed;
  return undefined;
}

/** How many times as fast `entry` was as `base`: taken within each round, where both saw the same machine. */
export function ratio(samples: readonly Sample[], caseName: string, entry: string, base: string): Ratio | undefined {
  const fast = measuredOf(samples, caseName, entry);
  const slow = measuredOf(samples, caseName, base);
  if (fast.length === 0 || fast.length !== slow.length) return undefined;
  const ratios = fast.map(({ perSecond }, round) => perSecond / (slow[round] as Measured).perSecond);
  return { median: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) };
}

function measuredOf(samples: readonly Sample[], caseName: string, entry: string) {
  const outcomes = samplesOf(samples, caseName, entry).map(({ outcome }) => outcome);
  const measured = outcomes.filter(outcome => outcome.failed === undefined);
  return measured.length === outcomes.length ? measured : [];
}

const samplesOf = (samples: readonly Sample[], caseName: string, entry: string) =>
  samples.filter(sample => sample.case === caseName && sample.entry === entry);
