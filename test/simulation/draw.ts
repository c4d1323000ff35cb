// Draws what is done in a plan, one action at a time.

import type { Random } from '../helpers/unit/random.js';
import type { Action, CallAction, Illness, Via } from './plan.js';

const KEYS = 2;
const TOPICS = 2;

type Kind = Action['do'];

/** How often each kind of action is drawn, where a plan has it at all. */
const WEIGHTS: Record<
  Exclude<
    Kind,
    | 'fork'
    | 'sever'
    | 'refuse'
    | 'unlink'
    | 'starve'
    | 'aside'
    | 'burst'
    | 'chatter'
    | 'torrent'
    | 'poison'
    | 'stream'
    | 'operate'
    | 'reconnect'
  >,
  number
> = {
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
  shut: 0.7,
  break: 1.5,
  event: 2,
  ill: 2,
};

/** Where messages are large, there are more of them, for workers that don't read. */
const LOADED: Partial<typeof WEIGHTS> = { deaf: 5, push: 14 };

/** What every plan has. */
const ALWAYS: ReadonlySet<Kind> = new Set(['call', 'push', 'subscribe']);

/** Draws actions of the kinds that this plan has: fewer kinds go deeper than all of them at once. */
export function drawerOf(random: Random, groups: number, workers: number, isLoaded: boolean): (at: number) => Action {
  const kinds = (Object.keys(WEIGHTS) as (keyof typeof WEIGHTS)[]).filter(
    kind => ALWAYS.has(kind) || random.chance(0.45) || (isLoaded && kind === 'deaf'),
  );
  const weightOf = (kind: keyof typeof WEIGHTS) => (isLoaded ? LOADED[kind] : undefined) ?? WEIGHTS[kind];
  const total = kinds.reduce((sum, kind) => sum + weightOf(kind), 0);
  return at => {
    let left = random.next() * total;
    const kind = kinds.find(one => {
      left -= weightOf(one);
      return left < 0;
    });
    const drawn = { at, ...action(kind ?? 'call', random, groups, workers) } as Action;
    return isLoaded && 'count' in drawn ? { ...drawn, count: 3 * drawn.count } : drawn;
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
      return { do: kind, g, w, key: random.below(KEYS), ...(random.chance(0.1) && { abortMs: random.below(400) }) };
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
    case 'shut':
      return { do: kind, ms: random.pick([0, 1, 30, 200, 800]) };
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

const WHATS = [
  'quick',
  'quick',
  'quick',
  'sync',
  'sync',
  'slow',
  'slow',
  'never',
  'throws',
  'blocks',
  'obeys',
] as const satisfies readonly CallAction['what'][];

function callAction(random: Random): Omit<CallAction, 'w' | 'g'> {
  return {
    what: random.pick(WHATS),
    ...(random.chance(0.25) && { via: random.pick<Via>(['hasty', 'again', 'drop']) }),
    ms: random.pick([1, 20, 100, 280, 320, 450]),
    timeoutMs: random.pick([5, 60, 300, 1000, 3000, 3000, 8000]),
    idempotent: random.chance(0.35),
    ...(random.chance(0.08) && { abortMs: random.below(300) }),
    ...(random.chance(0.1) && { signalMs: random.below(300) }),
    ...(random.chance(0.1) && { isOneway: true }),
    ...(random.chance(0.4) && { isPadded: true }),
    count: random.chance(0.3) ? 2 + random.below(4) : 1,
  };
}
