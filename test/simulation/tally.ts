// What many schedules came to, as plain values that travel between processes.

import type { Settings } from './fleet/plan.js';
import { type FleetResult, simulateFleetSeed } from './fleet/simulate.js';
import type { PlanRoute } from './plan.js';
import { type Result, simulateSeed } from './simulate.js';

export interface Broken {
  readonly seed: number;
  readonly promise: string;
  readonly text: string;
}

export interface Tally {
  schedules: number;
  events: number;
  calls: number;
  values: number;
  terms: number;
  /** How often calls ended so. */
  readonly outcomes: Record<string, number>;
  readonly broken: Broken[];
}

/** Seeds that are run one after the other. */
export interface Portion {
  readonly start: number;
  readonly count: number;
  readonly route: PlanRoute;
  /** Present: hosts of a fleet are simulated instead of workers. */
  readonly fleet?: Settings;
  /** Goes on after a failure. */
  readonly all: boolean;
}

export const emptyTally = (): Tally => ({
  schedules: 0,
  events: 0,
  calls: 0,
  values: 0,
  terms: 0,
  outcomes: {},
  broken: [],
});

/** Runs a portion, up to its first failure or to its end. */
export async function tallyOf({ start, count, route, fleet, all }: Portion): Promise<Tally> {
  const tally = emptyTally();
  for (let seed = start; seed < start + count; seed++) {
    if (fleet) addFleet(tally, simulateFleetSeed(seed, fleet));
    else addResult(tally, await simulateSeed(seed, {}, route));
    if (tally.broken.length > 0 && !all) break;
  }
  return tally;
}

export function addTally(to: Tally, { outcomes, broken, ...counts }: Tally): void {
  for (const name of Object.keys(counts) as (keyof typeof counts)[]) to[name] += counts[name];
  for (const [end, times] of Object.entries(outcomes)) to.outcomes[end] = (to.outcomes[end] ?? 0) + times;
  to.broken.push(...broken);
}

/** Its terms are claims that were done. */
function addFleet(
  to: Tally,
  { plan, violation, events, elections, doubles, hostSeconds, warnings }: FleetResult,
): void {
  const broken = violation ? [{ seed: plan.seed, ...violation }] : [];
  const outcomes = { 'host seconds': Math.round(hostSeconds), 'two leaders after a loss': doubles, ...warnings };
  addTally(to, { schedules: 1, events, calls: 0, values: 0, terms: elections, outcomes, broken });
}

function addResult(to: Tally, { plan, violation, events, calls, values, terms, outcomes }: Result): void {
  const broken = violation ? [{ seed: plan.seed, ...violation }] : [];
  addTally(to, { schedules: 1, events, calls, values, terms, outcomes: Object.fromEntries(outcomes), broken });
}
