// What a seed means: the cluster, and the list of all that is done in it and to it. Any part of the list can be left out
// and the rest still makes sense, which is what shrinking needs.

import { Random } from '../helpers/unit/random.js';
import { drawerOf } from './draw.js';
import {
  onDirectRoute,
  withCost,
  withMishaps,
  withOperations,
  withSignals,
  withStreams,
  withVersions,
} from './mishaps.js';

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
  /** `undefined`: the default. */
  readonly eligible: boolean | undefined;
  readonly priority: number;
  /** It has a later release of the library. */
  readonly isLater?: boolean;
}

/** Messages so large that those who don't read miss some. */
export interface Load {
  /** Characters beside each value, and beside the arguments and results of some calls. */
  readonly padding: number;
  readonly maxQueuedBytes: number;
  readonly maxQueuedTotalBytes: number;
}

/** What the code of every process takes, in milliseconds: for each thing that a real client does, for each message read. */
export interface Cost {
  readonly callMs: number;
  readonly readMs: number;
}

export type PlanRoute = 'relay' | 'direct';

export interface Plan {
  readonly seed: number;
  /** @default 'relay' */
  readonly route?: PlanRoute;
  readonly jitterMs: number;
  readonly hungLeader: 'depose' | 'kill';
  /** How it ends: the faults end, all works again and is closed; or the primary dies. */
  readonly ending: 'closes' | 'primary dies';
  readonly groups: readonly GroupPlan[];
  readonly workers: readonly WorkerPlan[];
  /** The primary is a member too: the place behind those of the workers. */
  readonly primary?: WorkerPlan;
  readonly load?: Load;
  readonly cost?: Cost;
  readonly durationMs: number;
  readonly actions: readonly Action[];
}

/** `w`: the place of a worker, or -1, whoever leads group `g` then. `ms`: how long it lasts. */
export type Action = { readonly at: number } & (
  | { readonly do: 'fork'; readonly w: number }
  /** Its direct connections break; none can be made. */
  | { readonly do: 'sever'; readonly w: number; readonly g: number }
  | { readonly do: 'refuse'; readonly w: number; readonly g: number; readonly ms: number }
  /** Somebody removes the sockets on which it listens, which it notices after `ms`. It has no file left for so long. */
  | { readonly do: 'unlink' | 'starve'; readonly w: number; readonly g: number; readonly ms: number }
  | { readonly do: 'kill' | 'exit'; readonly w: number; readonly g: number }
  | { readonly do: 'freeze' | 'deaf' | 'disconnect'; readonly w: number; readonly g: number; readonly ms: number }
  | { readonly do: 'slow'; readonly w: number; readonly g: number; readonly ms: number; readonly latencyMs: number }
  /** `shut`: the primary is closed, and set up again. */
  | { readonly do: 'stall' | 'jump' | 'wall' | 'shut'; readonly ms: number }
  /** `aside`: it got a signal of `resignOn`, and the app lives on. */
  | { readonly do: 'open' | 'close' | 'resign' | 'ready' | 'aside'; readonly w: number; readonly g: number }
  | { readonly do: 'transfer'; readonly g: number; readonly to: number }
  | ({ readonly do: 'call' | 'publish' } & CallAction)
  | { readonly do: 'sticky'; readonly w: number; readonly g: number; readonly key: number; readonly abortMs?: number }
  | {
      readonly do: 'unpublish';
      readonly w: number;
      readonly g: number;
      readonly key: number;
      readonly timeoutMs?: number;
    }
  | {
      readonly do: 'subscribe';
      readonly w: number;
      readonly g: number;
      readonly topic: number;
      readonly how: 'all' | 'one' | 'iterator';
    }
  | { readonly do: 'unsubscribe'; readonly w: number; readonly g: number; readonly which: number }
  /** Much of one kind at once; `spread`: over so many topics. */
  | {
      readonly do: 'burst';
      readonly w: number;
      readonly g: number;
      readonly what: 'calls' | 'sticky' | 'subscribe';
      readonly count: number;
      readonly spread: number;
    }
  /** The app of a worker says so much to its primary, each of which takes that so long. */
  | { readonly do: 'chatter'; readonly w: number; readonly g: number; readonly count: number; readonly ms: number }
  /** The real client of a leader tells so many events at once, each of which it takes the primary so long to read. */
  | { readonly do: 'torrent'; readonly w: number; readonly g: number; readonly count: number; readonly ms: number }
  /** Something that ends or blocks whoever does it. */
  | {
      readonly do: 'poison';
      readonly w: number;
      readonly g: number;
      readonly what: 'call' | 'sticky' | 'subscribe';
      readonly how: Poison;
      /** Of what is sticky. */
      readonly timeoutMs?: number;
    }
  | ({ readonly do: 'stream' } & StreamAction)
  | ({ readonly do: 'operate' } & OperationAction)
  /** The real client comes back by itself, and has missed so many values of a topic. */
  | { readonly do: 'reconnect'; readonly g: number; readonly topic: number; readonly count: number }
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
  readonly what: 'quick' | 'sync' | 'slow' | 'never' | 'throws' | 'blocks' | 'obeys' | Poison;
  /** Which method: that of which nothing is said, or one of {@link METHODS}. */
  readonly via?: Via;
  /** How long the real client takes. */
  readonly ms: number;
  readonly timeoutMs: number;
  readonly idempotent: boolean;
  readonly isOneway?: boolean;
  readonly isPadded?: boolean;
  /** When the call's own signal aborts. */
  readonly abortMs?: number;
  /** When the signal in its arguments aborts, which `obeys` waits for. */
  readonly signalMs?: number;
  readonly count: number;
}

export interface StreamAction {
  readonly w: number;
  readonly g: number;
  /** From the real client, or in the arguments of a call. */
  readonly way: 'down' | 'up';
  readonly count: number;
  /** How long the source takes for an item, and the consumer. */
  readonly itemMs: number;
  readonly readMs: number;
  /** The consumer wants no more after so many items; 0: all. */
  readonly stopAt: number;
  /** The source throws at its end. */
  readonly fails: boolean;
  readonly window: number;
  readonly timeoutMs: number;
  readonly abortMs?: number;
}

export interface OperationAction {
  readonly w: number;
  readonly g: number;
  /** What it resolves with. */
  readonly what: 'data' | 'handle';
  readonly ms: number;
  readonly timeoutMs: number;
  readonly idempotent: boolean;
}

/** It kills its process, or blocks it for too long. */
export type Poison = 'kills' | 'hangs';

export type Via = 'run' | keyof typeof METHODS;

/** What is said of single methods; `timeoutMs` and `idempotent` of their calls are these then. */
export const METHODS = {
  hasty: { timeoutMs: 250 },
  again: { idempotent: true },
  drop: { role: 'oneway' },
} as const;

/** For calls of which nothing else is said. */
export const TIMEOUT_MS = 2000;

export type Illness =
  | 'refuses'
  | 'opens late'
  | 'never opens'
  | 'closes slowly'
  | 'never closes'
  | 'subscribes slowly'
  | 'refuses to subscribe'
  | 'never subscribes'
  | 'unsubscribes late'
  | 'never unsubscribes'
  | 'never publishes';

export const HEARTBEAT_MS = 100;
export const LEADER_TIMEOUT_MS = 400;
export const OPEN_TIMEOUT_MS = 400;
export const DRAIN_TIMEOUT_MS = 300;
/** Keys and topics from here on are those of bursts. */
export const FIRST_OF_BURST = 100;
/** The same of what is poison. */
export const FIRST_OF_POISON = 50;

/** Seeds from here on have streams as well. */
export const FIRST_WITH_STREAMS = 1_000_000_000;
/** From here on they have operations, handles, and real clients that come back by themselves. */
export const FIRST_WITH_OPERATIONS = 2_000_000_000;

/** On the direct route the same happens, and more. */
export function planFor(seed: number, route: PlanRoute = 'relay'): Plan {
  const plan = relayPlanFor(seed);
  const full = withVersions(withMishaps(withCost(withSignals(route === 'relay' ? plan : onDirectRoute(plan)))));
  if (seed >= FIRST_WITH_OPERATIONS) return withOperations(full);
  return seed >= FIRST_WITH_STREAMS ? withStreams(full) : full;
}

function relayPlanFor(seed: number): Plan {
  const random = new Random(seed * 7919 + 13);
  // The first choices of neighbouring seeds shall not be alike.
  for (let i = 0; i < 4; i++) random.next();
  const groups = Array.from({ length: random.chance(0.25) ? 2 : 1 }, (_, i) => groupPlan(random, i));
  const workers = Array.from({ length: 2 + random.below(4) }, () => workerPlan(random));
  const primary: WorkerPlan | undefined = random.chance(0.25)
    ? { serialization: 'json', eligible: random.chance(0.5) ? random.chance(0.7) : undefined, priority: 0 }
    : undefined;
  const load = random.chance(0.06) ? loadPlan(random) : undefined;
  const durationMs = 400 + random.below(2400);
  const draw = drawerOf(random, groups.length, workers.length + (primary ? 1 : 0), load !== undefined);
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
    ...(primary && { primary }),
    ...(load && { load }),
    durationMs,
    actions,
  };
}

const KIB = 1024;

const loadPlan = (random: Random): Load => ({
  padding: random.pick([100, 300, 1100]) * KIB,
  maxQueuedBytes: random.pick([64, 1200, 2000, 8000]) * KIB,
  maxQueuedTotalBytes: random.pick([64, 2000, 100_000]) * KIB,
});

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
