// Runs a plan of a fleet from its begin to its end, or to the first promise that breaks.

import { end } from './ending.js';
import { schedule } from './mishaps.js';
import { type FleetPlan, planFor, type Settings } from './plan.js';
import { Broken, type Promises, type Violation } from './promises.js';
import { World } from './world.js';

export interface FleetResult {
  readonly plan: FleetPlan;
  readonly violation?: Violation;
  readonly events: number;
  /** Claims that were done. */
  readonly elections: number;
  /** Moments with two leaders, which only a store that has lost a record can cause. */
  readonly doubles: number;
  readonly reads: number;
  readonly writes: number;
  readonly warnings: Promises['warnings'];
  /** What was simulated: hosts times seconds. */
  readonly hostSeconds: number;
}

export const simulateFleetSeed = (seed: number, settings?: Settings, trace?: (text: string) => void): FleetResult =>
  simulateFleet(planFor(seed, settings), trace);

export function simulateFleet(plan: FleetPlan, trace?: (text: string) => void): FleetResult {
  const world = new World(plan, trace);
  schedule(world);
  const violation = violationOf(() => {
    world.run(plan.durationMs);
    end(world);
  });
  const { events, promises, store } = world;
  const { elections, doubles, warnings } = promises;
  return {
    plan,
    ...(violation && { violation }),
    events: events.count,
    elections,
    doubles,
    warnings,
    reads: store.reads,
    writes: store.writes,
    hostSeconds: (plan.hosts.length * events.now) / 1000,
  };
}

function violationOf(run: () => void): Violation | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof Broken) return error.violation;
    throw error;
  }
}
