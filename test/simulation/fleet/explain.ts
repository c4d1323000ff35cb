// Shows a seed of a fleet: its trace and, if it breaks a promise, the shortest list of mishaps that still does.

import type { Action } from './actions.js';
import { type FleetPlan, planFor, type Settings } from './plan.js';
import type { Violation } from './promises.js';
import { type FleetResult, simulateFleet } from './simulate.js';

type Print = (text: string) => void;

const MOST_RUNS = 1000;

type Given = { readonly [K in keyof Settings]?: string | undefined };

/** From the options of the command. */
export function settingsOf({ hosts, seconds, drift, act, store }: Given): Settings {
  return {
    ...(hosts !== undefined && { hosts: Number(hosts) }),
    ...(seconds !== undefined && { seconds: Number(seconds) }),
    ...(drift !== undefined && { drift: Number(drift) }),
    ...(act !== undefined && { act: Number(act) }),
    ...(store !== undefined && { store: store as FleetPlan['store'] }),
  };
}

export function replayFleet(seed: number, settings: Settings, print: Print): FleetResult {
  const plan = planFor(seed, settings);
  print(textOf(plan));
  return simulateFleet(plan, print);
}

export function explainFleet(seed: number, settings: Settings, shrinks: boolean, print: Print): void {
  const plan = planFor(seed, settings);
  const { violation } = simulateFleet(plan);
  if (!violation) return print(`\nseed ${seed} broke a promise, and kept it when it was run again`);
  print(`\nseed ${seed} broke "${violation.promise}": ${violation.text}`);
  if (!shrinks) return;
  print(`shrinking ${plan.actions.length} mishaps ...`);
  const least = shrinkFleet(plan, violation);
  print(`\nthe shortest list found:\n${textOf(least)}\n\nits trace:`);
  simulateFleet(least, print);
  const options = Object.entries(settings).map(([name, value]) => ` --${name} ${value}`);
  print(`\nreplay the whole of it: npm run simulate -- --fleet --seed ${seed}${options.join('')}`);
}

function textOf({ hosts, actions, ...plan }: FleetPlan): string {
  return [plan, ...hosts, ...actions].map(part => JSON.stringify(part)).join('\n');
}

/** Leaves out ever smaller parts, as long as the same promise breaks. */
export function shrinkFleet(plan: FleetPlan, { promise }: Violation): FleetPlan {
  let best = plan;
  let runs = 0;
  const accepts = (actions: readonly Action[]): boolean => {
    if (++runs > MOST_RUNS) return false;
    const candidate = { ...best, actions };
    if (simulateFleet(candidate).violation?.promise !== promise) return false;
    best = candidate;
    return true;
  };
  for (let size = Math.ceil(plan.actions.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.actions.length; ) {
      const { actions } = best;
      if (!accepts([...actions.slice(0, at), ...actions.slice(at + size)])) at += size;
    }
  }
  return best;
}
