// What a seed means: the cluster, and the list of all that is done in it and to it. Any part of the list can be left out
// and the rest still makes sense, which is what shrinking needs.

import { Random } from '../helpers/unit-random.js';

export interface GroupPlan {
  readonly name: string;
  readonly form: 'class' | 'open';
  readonly handover: 'exclusive' | 'overlap';
  readonly replay: 'last' | 'none';
  /** The server sends the newest value to whoever subscribes. */
  readonly greets: boolean;
}

export interface WorkerPlan {
  readonly serialization: 'advanced' | 'json';
  readonly eligible: boolean;
  readonly priority: number;
}

export interface Plan {
  readonly seed: number;
  readonly jitterMs: number;
  readonly hungLeader: 'depose' | 'kill';
  /** How it ends: the faults end, all works again and is closed; or the primary dies. */
  readonly ending: 'closes' | 'primary dies';
  readonly groups: readonly GroupPlan[];
  readonly workers: readonly WorkerPlan[];
  readonly durationMs: number;
  readonly actions: readonly Action[];
}

/** `w`: the place of a worker, or -1, whoever leads group `g` then. `ms`: how long it lasts. */
export type Action = { readonly at: number } & (
  | { readonly do: 'fork'; readonly w: number }
  | { readonly do: 'kill' | 'exit'; readonly w: number; readonly g: number }
  | { readonly do: 'freeze' | 'deaf' | 'disconnect'; readonly w: number; readonly g: number; readonly ms: number }
  | { readonly do: 'slow'; readonly w: number; readonly g: number; readonly ms: number; readonly latencyMs: number }
  | { readonly do: 'stall' | 'jump' | 'wall'; readonly ms: number }
  | { readonly do: 'open' | 'close' | 'resign' | 'ready'; readonly w: number; readonly g: number }
  | { readonly do: 'transfer'; readonly g: number; readonly to: number }
  | ({ readonly do: 'call' | 'publish' } & CallAction)
  | { readonly do: 'sticky'; readonly w: number; readonly g: number; readonly key: number }
  | { readonly do: 'unpublish'; readonly w: number; readonly g: number; readonly key: number }
  | {
      readonly do: 'subscribe';
      readonly w: number;
      readonly g: number;
      readonly topic: number;
      readonly how: 'all' | 'one' | 'iterator';
    }
  | { readonly do: 'unsubscribe'; readonly w: number; readonly g: number; readonly which: number }
  | { readonly do: 'push'; readonly g: number; readonly topic: number; readonly count: number }
  | { readonly do: 'break' | 'event'; readonly g: number }
  | {
      readonly do: 'ill';
      readonly g: number;
      readonly how: Illness;
      readonly ms: number;
      readonly delayMs: number;
    }
);

export interface CallAction {
  readonly w: number;
  readonly g: number;
  readonly what: 'quick' | 'sync' | 'slow' | 'never' | 'throws' | 'blocks';
  /** How long the real client takes. */
  readonly ms: number;
  readonly timeoutMs: number;
  readonly idempotent: boolean;
  readonly abortMs?: number;
  readonly count: number;
}

export type Illness =
  | 'refuses'
  | 'opens late'
  | 'never opens'
  | 'closes slowly'
  | 'never closes'
  | 'subscribes slowly'
  | 'refuses to subscribe';

export const HEARTBEAT_MS = 100;
export const LEADER_TIMEOUT_MS = 400;
export const OPEN_TIMEOUT_MS = 400;
export const DRAIN_TIMEOUT_MS = 300;
export const KEYS = 2;
export const TOPICS = 2;

type Kind = Action['do'];

/** How often each kind of action is drawn, where a plan has it at all. */
const WEIGHTS: Record<Exclude<Kind, 'fork'>, number> = {
  call: 14,
  publish: 4,
  sticky: 3,
  unpublish: 1,
  subscribe: 5,
  unsubscribe: 2,
  push: 8,
  open: 2,
  close: 2,
  resign: 2,
  ready: 1,
  transfer: 2,
  kill: 2,
  exit: 0.5,
  freeze: 3,
  deaf: 1,
  disconnect: 0.7,
  slow: 2,
  stall: 1.5,
  jump: 0.5,
  wall: 0.2,
  break: 1.5,
  event: 2,
  ill: 2,
};

/** What every plan has. */
const ALWAYS: ReadonlySet<Kind> = new Set(['call', 'push', 'subscribe']);

export function planFor(seed: number): Plan {
  const random = new Random(seed * 7919 + 13);
  // The first choices of neighbouring seeds shall not be alike.
  for (let i = 0; i < 4; i++) random.next();
  const groups = Array.from({ length: random.chance(0.25) ? 2 : 1 }, (_, i) => groupPlan(random, i));
  const workers = Array.from({ length: 2 + random.below(4) }, () => workerPlan(random));
  const durationMs = 400 + random.below(2400);
  const draw = drawerOf(random, groups.length, workers.length);
  const actions: Action[] = workers.map((_, w) => ({
    at: random.chance(0.8) ? random.below(5) : random.below(durationMs),
    do: 'fork',
    w,
  }));
  for (let i = 0, count = 5 + random.below(40); i < count; i++) {
    const at = Math.round(10 + random.next() * durationMs);
    actions.push(draw(at));
    // What happens at nearly the same moment is where the races are.
    while (random.chance(0.3)) actions.push(draw(at + random.below(4)));
  }
  // Who died comes back, mostly.
  for (const action of [...actions]) {
    if ((action.do === 'kill' || action.do === 'exit' || action.do === 'disconnect') && random.chance(0.7)) {
      actions.push({ at: action.at + random.below(500), do: 'fork', w: random.below(workers.length) });
    }
  }
  actions.sort((a, b) => a.at - b.at);
  return {
    seed,
    jitterMs: random.pick([0.05, 0.05, 0.3, 2]),
    hungLeader: random.chance(0.25) ? 'kill' : 'depose',
    ending: random.chance(0.1) ? 'primary dies' : 'closes',
    groups,
    workers,
    durationMs,
    actions,
  };
}

const groupPlan = (random: Random, index: number): GroupPlan => ({
  name: `g${index}`,
  form: random.chance(0.5) ? 'class' : 'open',
  handover: random.chance(0.4) ? 'overlap' : 'exclusive',
  replay: random.chance(0.8) ? 'last' : 'none',
  greets: random.chance(0.5),
});

const workerPlan = (random: Random): WorkerPlan => ({
  serialization: random.chance(0.25) ? 'advanced' : 'json',
  eligible: random.chance(0.9),
  priority: random.chance(0.8) ? 0 : random.below(3),
});

/** Draws actions of the kinds that this plan has: fewer kinds go deeper than all of them at once. */
function drawerOf(random: Random, groups: number, workers: number): (at: number) => Action {
  const kinds = (Object.keys(WEIGHTS) as (keyof typeof WEIGHTS)[]).filter(
    kind => ALWAYS.has(kind) || random.chance(0.45),
  );
  const total = kinds.reduce((sum, kind) => sum + WEIGHTS[kind], 0);
  return at => {
    let left = random.next() * total;
    const kind = kinds.find(one => {
      left -= WEIGHTS[one];
      return left < 0;
    });
    return { at, ...action(kind ?? 'call', random, groups, workers) } as Action;
  };
}

function action(kind: keyof typeof WEIGHTS, random: Random, groups: number, workers: number): object {
  const g = random.below(groups);
  const w = random.below(workers);
  const target = random.chance(0.5) ? -1 : w;
  switch (kind) {
    case 'call':
    case 'publish':
      return { do: kind, g, w, ...callAction(random) };
    case 'sticky':
    case 'unpublish':
      return { do: kind, g, w, key: random.below(KEYS) };
    case 'subscribe':
      return {
        do: kind,
        g,
        w,
        topic: random.below(TOPICS),
        how: random.pick(['all', 'all', 'all', 'one', 'iterator']),
      };
    case 'unsubscribe':
      return { do: kind, g, w, which: random.below(4) };
    case 'push':
      return { do: kind, g, topic: random.below(TOPICS), count: 1 + random.below(3) };
    case 'open':
    case 'ready':
      return { do: kind, g, w };
    case 'close':
    case 'resign':
    case 'kill':
    case 'exit':
      return { do: kind, g, w: target };
    case 'transfer':
      return { do: kind, g, to: random.chance(0.3) ? -1 : w };
    case 'freeze':
      return { do: kind, g, w: target, ms: random.pick([30, 150, 350, 420, 500, 900, 1500]) };
    case 'deaf':
      return { do: kind, g, w: target, ms: random.pick([50, 200, 500, 1000]) };
    case 'disconnect':
      return { do: kind, g, w: target, ms: random.pick([5, 100, 600]) };
    case 'slow':
      return {
        do: kind,
        g,
        w: target,
        ms: random.pick([100, 400, 1000]),
        latencyMs: random.pick([1, 10, 60, 150, 390]),
      };
    case 'stall':
      return { do: kind, ms: random.pick([20, 150, 350, 500, 1200]) };
    case 'jump':
      return { do: kind, ms: random.pick([100, 390, 500, 2000]) };
    case 'wall':
      return { do: kind, ms: random.pick([-100_000, -1000, 1000, 100_000]) };
    case 'break':
    case 'event':
      return { do: kind, g };
    case 'ill':
      return {
        do: kind,
        g,
        how: random.pick<Illness>([
          'refuses',
          'opens late',
          'never opens',
          'closes slowly',
          'never closes',
          'subscribes slowly',
          'refuses to subscribe',
        ]),
        ms: random.pick([100, 500, 1500]),
        delayMs: random.pick([5, 50, 200, 380, 450]),
      };
  }
}

function callAction(random: Random): Omit<CallAction, 'w' | 'g'> {
  return {
    what: random.pick(['quick', 'quick', 'quick', 'sync', 'sync', 'slow', 'slow', 'never', 'throws', 'blocks']),
    ms: random.pick([1, 20, 100, 280, 320, 450]),
    timeoutMs: random.pick([5, 60, 300, 1000, 3000, 3000, 8000]),
    idempotent: random.chance(0.35),
    ...(random.chance(0.08) && { abortMs: random.below(300) }),
    count: random.chance(0.3) ? 2 + random.below(4) : 1,
  };
}
