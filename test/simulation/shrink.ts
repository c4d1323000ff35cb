// Makes a schedule that fails as short as it gets: leaves out ever smaller parts of its actions (delta debugging), then
// makes what is left simpler, as long as the same promise breaks.

import type { Action, Plan } from './plan.js';
import { simulate } from './simulate.js';
import type { Violation } from './world.js';

export interface Shrunk {
  readonly plan: Plan;
  readonly violation: Violation;
}

export async function shrink(plan: Plan, violation: Violation, mostRuns = 3000): Promise<Shrunk> {
  let best: Shrunk = { plan, violation };
  let runs = 0;
  const accepts = async (candidate: Plan): Promise<boolean> => {
    if (++runs > mostRuns) return false;
    const result = await simulate(candidate);
    if (result.violation?.promise !== violation.promise) return false;
    best = { plan: candidate, violation: result.violation };
    return true;
  };
  for (let before = -1; before !== best.plan.actions.length && runs < mostRuns; ) {
    before = best.plan.actions.length;
    await leaveOut(() => best.plan, accepts);
    await simplify(() => best.plan, accepts);
  }
  return best;
}

type Accepts = (candidate: Plan) => Promise<boolean>;

async function leaveOut(current: () => Plan, accepts: Accepts): Promise<void> {
  for (let size = Math.ceil(current().actions.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < current().actions.length; ) {
      const { actions } = current();
      const rest = [...actions.slice(0, at), ...actions.slice(at + size)];
      if (!(await accepts({ ...current(), actions: rest }))) at += size;
    }
  }
}

/** One thing at a time; what doesn't help is left as it was. */
async function simplify(current: () => Plan, accepts: Accepts): Promise<void> {
  const last = current().actions.at(-1)?.at ?? 0;
  const changes: Partial<Plan>[] = [
    { durationMs: last + 10 },
    { groups: current().groups.slice(0, 1) },
    { jitterMs: 0.05 },
    { jitterMs: 0 },
    { hungLeader: 'depose' },
    { ending: 'closes' },
    { workers: current().workers.map(worker => ({ ...worker, serialization: 'json' as const })) },
    { workers: current().workers.map(worker => ({ ...worker, eligible: true, priority: 0 })) },
    { groups: current().groups.map(group => ({ ...group, handover: 'exclusive' as const })) },
    { groups: current().groups.map(group => ({ ...group, greets: false })) },
  ];
  for (const change of changes) {
    const isNew = JSON.stringify({ ...current(), ...change }) !== JSON.stringify(current());
    if (isNew) await accepts({ ...current(), ...change });
  }
  for (let i = 0; i < current().actions.length; i++) await simplifyAction(current, accepts, i);
}

async function simplifyAction(current: () => Plan, accepts: Accepts, index: number): Promise<void> {
  const simpler: object[] = [
    { count: 1 },
    { abortMs: undefined },
    { what: 'quick' },
    { how: 'all' },
    { timeoutMs: 8000 },
    { idempotent: false },
  ];
  for (const change of simpler) {
    const { actions } = current();
    const action = actions[index]!;
    const [name, value] = Object.entries(change)[0]!;
    if (!(name in action) || (action as unknown as Record<string, unknown>)[name] === value) continue;
    if (action.do === 'ill' && name === 'how') continue;
    const changed = { ...action, ...change } as Action;
    await accepts({ ...current(), actions: actions.map((one, i) => (i === index ? changed : one)) });
  }
}
