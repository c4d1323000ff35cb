// What comes on top of a plan, each from chances of its own, so that all else stays as it was.

import { Random } from '../helpers/unit/random.js';
import type { Action, Plan } from './plan.js';

/** What is done takes time, and in few plans there is much of it, around a failover. */
export function withCost(plan: Plan): Plan {
  const random = new Random(plan.seed * 7_368_787 + 3);
  if (!random.chance(0.2)) return plan;
  const cost = { callMs: random.pick([0.02, 0.1, 0.5, 1]), readMs: random.pick([0, 0.01, 0.05]) };
  const actions = [...plan.actions];
  const g = random.below(plan.groups.length);
  const at = 50 + random.below(plan.durationMs);
  if (!plan.load && random.chance(0.15)) actions.push(...bursts(random, plan, g, at));
  if (random.chance(0.15))
    actions.push({ at, do: 'chatter', g, w: -1, count: 500 + random.below(800), ms: random.pick([0.5, 1]) });
  return inOrder({ ...plan, cost, actions });
}

const SHORT = { what: 'quick', ms: 1, timeoutMs: 3000, idempotent: true, count: 1 } as const;

function* bursts(random: Random, plan: Plan, g: number, at: number): Generator<Action> {
  for (let i = 0, count = 1 + random.below(3); i < count; i++) {
    const what = random.pick(['calls', 'sticky', 'subscribe'] as const);
    const w = random.below(plan.workers.length);
    const howMany = 200 + random.below(800);
    const spread = 1 + random.below(howMany);
    const began = at + random.below(3);
    yield { at: began, do: 'burst', g, w, what, count: howMany, spread };
    // A neighbour has something to ask for, too.
    const other = (w + 1) % plan.workers.length;
    for (const after of [1, 20, 50]) yield { at: began + after, do: 'call', g, w: other, ...SHORT };
  }
  if (random.chance(0.7)) yield { at: at + random.below(60), do: 'kill', g, w: -1 };
}

/** What happens seldom, and only together. */
export function withMishaps(plan: Plan): Plan {
  const random = new Random(plan.seed * 32_452_843 + 11);
  const actions = [...plan.actions];
  for (const [chance, draw] of MISHAPS) if (random.chance(chance)) actions.push(...draw(random, plan));
  return inOrder({ ...plan, actions });
}

/** Streams in both directions, around a failover too. */
export function withStreams(plan: Plan): Plan {
  const random = new Random(plan.seed * 15_485_863 + 17);
  const actions = [...plan.actions];
  for (let i = 0, count = 2 + random.below(8); i < count; i++) {
    const at = random.below(plan.durationMs);
    const g = random.below(plan.groups.length);
    const end = random.below(5);
    const stream: Action = {
      at,
      do: 'stream',
      g,
      w: random.below(plan.workers.length),
      way: random.pick(['down', 'up'] as const),
      count: random.pick([0, 1, 5, 40, 200, 1000]),
      itemMs: random.pick([0, 0, 0, 1, 5]),
      readMs: random.pick([0, 0, 1, 5]),
      stopAt: end === 0 ? 1 + random.below(60) : 0,
      fails: end === 1,
      window: random.pick([1, 2, 16, 16, 100]),
      timeoutMs: random.pick([300, 2000, 4000]),
      ...(end === 2 && { abortMs: random.below(400) }),
    };
    actions.push(stream);
    if (random.chance(0.15)) actions.push({ at: at + 1 + random.below(100), do: 'kill', g, w: -1 });
    if (random.chance(0.1)) actions.push({ at: at + 1 + random.below(100), do: 'resign', g, w: -1 });
  }
  return inOrder({ ...plan, actions });
}

/** Operations, some of which return a handle, and real clients that come back by themselves, around a failover too. */
export function withOperations(plan: Plan): Plan {
  const random = new Random(plan.seed * 7_368_791 + 19);
  const actions = [...plan.actions];
  for (let i = 0, count = 4 + random.below(12); i < count; i++) {
    const at = random.below(plan.durationMs);
    const g = random.below(plan.groups.length);
    actions.push({
      at,
      do: 'operate',
      g,
      w: random.below(plan.workers.length),
      what: random.pick(['data', 'handle'] as const),
      ms: random.pick([0, 1, 20, 200, 600]),
      timeoutMs: random.pick([15, 100, 300, 2000]),
      idempotent: random.chance(0.4),
    });
    if (random.chance(0.15)) actions.push({ at: at + 1 + random.below(100), do: 'kill', g, w: -1 });
    if (random.chance(0.1)) actions.push({ at: at + 1 + random.below(100), do: 'resign', g, w: -1 });
  }
  for (let i = 0, count = 1 + random.below(4); i < count; i++) {
    const at = random.below(plan.durationMs);
    const g = random.below(plan.groups.length);
    const topic = random.below(3);
    // Outside the lease, too.
    if (random.chance(0.4)) actions.push({ at: Math.max(0, at - 450), do: 'stall', ms: 460 + random.below(100) });
    actions.push({ at, do: 'reconnect', g, topic, count: random.below(3) });
    actions.push({ at: at + random.below(3), do: 'push', g, topic, count: 1 });
  }
  return inOrder({ ...plan, actions });
}

type Draw = (random: Random, plan: Plan) => Iterable<Action>;

const MISHAPS: readonly (readonly [chance: number, draw: Draw])[] = [
  [0.05, poison],
  [0.06, unsettled],
  [0.05, shutWhileClosing],
  [0.25, flood],
  [0.05, retract],
  [0.02, torrent],
  [0.04, poisonAndRefusals],
  [0.04, forgotten],
  [0.04, resubscribed],
  [0.5, overflow],
  [0.06, impatient],
  [0.06, hungAndShut],
];

/** Who it costs comes back. */
function* poison(random: Random, { groups, workers, durationMs }: Plan): Generator<Action> {
  for (let i = 0, count = 1 + random.below(2); i < count; i++) {
    const at = random.below(durationMs);
    const what = random.pick(['call', 'sticky', 'subscribe'] as const);
    const how = random.pick(['kills', 'kills', 'hangs'] as const);
    yield { at, do: 'poison', g: random.below(groups.length), w: random.below(workers.length), what, how };
    for (const w of workers.keys()) if (random.chance(0.6)) yield { at: at + random.below(900), do: 'fork', w };
  }
}

/** The real client forgets to answer, while topics come and go. */
function* unsettled(random: Random, { groups, workers, durationMs }: Plan): Generator<Action> {
  const start = random.below(durationMs);
  const g = random.below(groups.length);
  const how = random.pick([
    'never subscribes',
    'unsubscribes late',
    'unsubscribes late',
    'never unsubscribes',
    'never publishes',
  ] as const);
  yield { at: start, do: 'ill', g, how, ms: random.pick([200, 500, 1500]), delayMs: random.pick([100, 450, 600, 900]) };
  for (let i = 0, count = 4 + random.below(6); i < count; i++) {
    const at = start + random.below(1200);
    const w = random.below(workers.length);
    if (random.chance(0.4)) yield { at, do: 'unsubscribe', g, w, which: random.below(3) };
    else if (random.chance(0.2)) yield { at, do: 'sticky', g, w, key: random.below(2) };
    else yield { at, do: 'subscribe', g, w, topic: random.below(2), how: 'all' };
  }
}

/** The primary is closed and set up again, while real clients take their time to close. */
function* shutWhileClosing(random: Random, { groups, durationMs }: Plan): Generator<Action> {
  const at = random.below(durationMs);
  const delayMs = random.pick([50, 150, 280]);
  for (const g of groups.keys()) yield { at, do: 'ill', g, how: 'closes slowly', ms: 1000, delayMs };
  yield { at: at + random.below(100), do: 'shut', ms: random.pick([0, 1, 20, 100]) };
}

/** Where messages are large: the server is faster than the way to the workers. */
function* flood(random: Random, { groups, workers, durationMs, load }: Plan): Generator<Action> {
  if (!load) return;
  const at = random.below(durationMs);
  const g = random.below(groups.length);
  const w = random.below(workers.length);
  for (let i = 0, count = random.below(8); i < count; i++) yield { at, do: 'subscribe', g, w, topic: 0, how: 'all' };
  yield { at: at + 20, do: random.pick(['deaf', 'freeze'] as const), g, w, ms: 300 };
  if (random.chance(0.5)) yield { at: at + 25, do: 'stall', ms: 200 };
  yield { at: at + 30, do: 'push', g, topic: 0, count: 10 + random.below(20) };
}

/** What is said and said anew while nobody leads is taken back before anybody has heard it. */
function* retract(random: Random, { groups, workers, durationMs }: Plan): Generator<Action> {
  const at = random.below(durationMs);
  const g = random.below(groups.length);
  const w = random.below(workers.length);
  const key = random.below(2);
  yield { at, do: 'ill', g, how: 'never opens', ms: random.pick([300, 600, 1500]), delayMs: 0 };
  yield { at: at + 1, do: 'kill', g, w: -1 };
  for (let i = 0, count = 1 + random.below(3); i < count; i++)
    yield { at: at + 5 + random.below(100), do: 'sticky', g, w, key };
  yield { at: at + 100 + random.below(50), do: 'unpublish', g, w, key, timeoutMs: random.pick([20, 100, 300]) };
}

/** What costs a leader comes to the next one only after others could not open the real client. */
function* poisonAndRefusals(random: Random, { groups, workers, durationMs }: Plan): Generator<Action> {
  const at = random.below(durationMs);
  const g = random.below(groups.length);
  const what = random.pick(['call', 'sticky', 'subscribe'] as const);
  yield { at, do: 'poison', g, w: random.below(workers.length), what, how: 'kills' };
  yield { at: at + random.below(3), do: 'ill', g, how: 'refuses', ms: random.pick([50, 150, 300]), delayMs: 1 };
  for (const w of workers.keys()) if (random.chance(0.8)) yield { at: at + random.below(600), do: 'fork', w };
}

/** All leave a group, and come back to it when the wall clock was set back. */
function* forgotten(random: Random, { groups, workers, primary, durationMs }: Plan): Generator<Action> {
  const at = random.below(durationMs);
  const g = random.below(groups.length);
  const places = workers.length + (primary ? 1 : 0);
  for (let w = 0; w < places; w++) yield { at, do: 'close', g, w };
  const backAt = at + 320 + random.below(300);
  yield { at: backAt, do: 'wall', ms: random.pick([-1000, -100_000]) };
  for (let w = 0; w < places; w++) if (random.chance(0.7)) yield { at: backAt + random.below(5), do: 'open', g, w };
}

/** Who says what hangs its leader waits less long than it takes to notice that. */
function* impatient(random: Random, { groups, workers, durationMs }: Plan): Generator<Action> {
  const at = random.below(Math.max(100, durationMs - 1500));
  const [g, w] = [random.below(groups.length), random.below(workers.length)];
  yield { at, do: 'poison', g, w, what: 'sticky', how: 'hangs', timeoutMs: random.pick([20, 100, 300]) };
  for (const other of workers.keys())
    if (other !== w && random.chance(0.5)) yield { at: at + 300, do: 'fork', w: other };
}

/** The primary is closed and set up again while a leader hangs: the next primary reports that it was lost. */
function* hungAndShut(random: Random, { groups, workers, durationMs }: Plan): Generator<Action> {
  const at = random.below(Math.max(100, durationMs - 1800));
  const [g, w] = [random.below(groups.length), random.below(workers.length)];
  yield { at, do: 'poison', g, w, what: random.pick(['sticky', 'subscribe'] as const), how: 'hangs' };
  yield { at: at + 30 + random.below(300), do: 'shut', ms: random.pick([0, 1, 20, 100]) };
  for (const other of workers.keys()) if (random.chance(0.5)) yield { at: at + 300, do: 'fork', w: other };
}

/** Where messages are large: a worker with little else doesn't read, and the values for it are more than may wait. */
function* overflow(random: Random, { groups, workers, durationMs, load }: Plan): Generator<Action> {
  if (!load) return;
  const at = random.below(durationMs);
  const g = random.below(groups.length);
  const w = random.below(workers.length);
  yield { at, do: 'subscribe', g, w, topic: 0, how: 'all' };
  yield { at: at + 50, do: 'deaf', g, w, ms: 300 };
  yield { at: at + 60, do: 'push', g, topic: 0, count: 30 };
}

/** A topic is wanted again before the real client has ended its subscription, which takes it longer than it is waited for. */
function* resubscribed(random: Random, { groups, workers, durationMs }: Plan): Generator<Action> {
  const start = random.below(durationMs);
  const g = random.below(groups.length);
  const w = random.below(workers.length);
  const subscribe = { do: 'subscribe', g, w, topic: 2, how: 'all' } as const;
  yield { at: start, ...subscribe };
  yield { at: start + 20, do: 'ill', g, how: 'unsubscribes late', ms: 1500, delayMs: random.pick([300, 450, 600]) };
  for (let which = 4; which >= 0; which--) yield { at: start + 40, do: 'unsubscribe', g, w, which };
  yield { at: start + 40 + random.below(300), ...subscribe };
}

/** What a leader has to say keeps its heartbeats waiting in the channel. */
function* torrent(random: Random, { groups, durationMs, load }: Plan): Generator<Action> {
  if (load) return;
  const at = 100 + random.below(durationMs);
  yield { at, do: 'torrent', g: random.below(groups.length), w: -1, count: 600 + random.below(400), ms: 1 };
}

/** Some workers are told to end, alone or all at once. */
export function withSignals(plan: Plan): Plan {
  const random = new Random(plan.seed * 15_485_863 + 5);
  if (!random.chance(0.3)) return plan;
  const actions = [...plan.actions];
  for (let i = 0, count = 1 + random.below(3); i < count; i++) {
    const at = random.below(plan.durationMs);
    const isForAll = random.chance(0.5);
    const one = random.below(plan.workers.length);
    for (const w of plan.workers.keys()) {
      if (!isForAll && w !== one) continue;
      for (const g of plan.groups.keys()) actions.push({ at: at + random.below(3), do: 'aside', w, g });
    }
  }
  return inOrder({ ...plan, actions });
}

/** Some workers have a later release than their primary. */
export function withVersions(plan: Plan): Plan {
  const random = new Random(plan.seed * 67_867_967 + 23);
  if (!random.chance(0.1)) return plan;
  return { ...plan, workers: plan.workers.map(worker => (random.chance(0.5) ? { ...worker, isLater: true } : worker)) };
}

/** Of the sockets of processes: they are removed, or none can be made, while connections break. */
function withSockets(plan: Plan): Plan {
  const random = new Random(plan.seed * 86_028_121 + 19);
  if (!random.chance(0.3)) return plan;
  const actions = [...plan.actions];
  const target = () => (random.chance(0.7) ? -1 : random.below(plan.workers.length));
  for (let i = 0, count = 1 + random.below(3); i < count; i++) {
    const at = random.below(plan.durationMs);
    const g = random.below(plan.groups.length);
    if (random.chance(0.5)) actions.push({ at, do: 'unlink', g, w: target(), ms: random.pick([1, 50, 300]) });
    else actions.push({ at, do: 'starve', g, w: target(), ms: random.pick([5, 150, 800]) });
    if (random.chance(0.7)) actions.push({ at: at + random.below(100), do: 'sever', g, w: -1 });
    if (random.chance(0.5)) actions.push({ at: at + random.below(100), do: 'kill', g, w: -1 });
  }
  return inOrder({ ...plan, actions });
}

/** Connections break, and none can be made. */
export function onDirectRoute(plan: Plan): Plan {
  const { seed } = plan;
  const random = new Random(seed * 104_729 + 17);
  const actions = [...plan.actions];
  const target = () => (random.chance(0.5) ? -1 : random.below(plan.workers.length));
  for (let i = 0, count = random.below(12); i < count; i++) {
    // Some break where something else happens, too.
    const near = random.chance(0.6) ? random.pick(plan.actions).at + random.below(3) : random.below(plan.durationMs);
    const g = random.below(plan.groups.length);
    if (random.chance(0.7)) actions.push({ at: near, do: 'sever', g, w: target() });
    else actions.push({ at: near, do: 'refuse', g, w: target(), ms: random.pick([5, 150, 800]) });
  }
  return withSockets(inOrder({ ...plan, route: 'direct', actions }));
}

const inOrder = (plan: Plan): Plan => ({ ...plan, actions: plan.actions.toSorted((a, b) => a.at - b.at) });
