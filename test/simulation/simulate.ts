// Runs a plan to its end: the faults, the recovery, what must hold then, and that nothing is left over.

import type { SimCall } from './calls.js';
import type { SimGroup } from './group.js';
import { type CallAction, FIRST_WITH_STREAMS, type Plan, type PlanRoute, planFor } from './plan.js';
import type { SimStream } from './streams.js';
import { innerOf } from './upstream.js';
import type { SimSubscription } from './values.js';
import { heardBy, type SimHandle } from './worker.js';
import { type Violation, World, type WorldOptions } from './world.js';

export interface Result {
  readonly plan: Plan;
  readonly violation: Violation | undefined;
  /** Events that ran. */
  readonly events: number;
  readonly calls: number;
  readonly values: number;
  readonly terms: number;
  readonly outcomes: ReadonlyMap<string, number>;
  /** How streams ended. */
  readonly streams: ReadonlyMap<string, number>;
}

/** Beyond the longest pause between two attempts that a plan can lead to. */
const RECOVERY_MS = 40_000;

const SETTLE_MS = 900;

/** What a leader needs to tell a call that its time is over. */
const MARGIN_MS = 30;

export async function simulate(plan: Plan, options: WorldOptions = {}): Promise<Result> {
  const world = new World(plan, options);
  const complain = (error: unknown) =>
    world.broken('unhandled', error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.on('unhandledRejection', complain);
  try {
    await live(world);
  } catch (error) {
    complain(error);
  } finally {
    world.end();
    process.off('unhandledRejection', complain);
  }
  return {
    plan,
    violation: world.violation,
    events: world.time.count,
    calls: world.calls.all.size,
    values: world.values.received,
    terms: world.leaders.counts.appointed,
    outcomes: world.calls.outcomes,
    streams: world.streams.ends,
  };
}

export const simulateSeed = (seed: number, options?: WorldOptions, route?: PlanRoute): Promise<Result> =>
  simulate(planFor(seed, route), options);

async function live(world: World): Promise<void> {
  await world.run(world.plan.durationMs + 20);
  if (world.violation) return;
  world.heal();
  // What takes the primary long to read is a fault as well.
  if (!world.isQuiet) await world.run(RECOVERY_MS, () => world.isQuiet);
  if (world.violation) return;
  if (world.plan.ending === 'primary dies') return orphan(world);
  const led = await recover(world);
  // A flood of before may still be on its way, and as long as it is, results have no room.
  if (world.plan.load) await world.run(SETTLE_MS);
  if (world.violation) return;
  await work(world, led);
  if (world.violation) return;
  await leave(world);
}

/** The primary dies: every call ends, every real client is closed, and every worker exits. */
async function orphan(world: World): Promise<void> {
  // Who was frozen reads what came.
  await world.run(SETTLE_MS);
  const calls = world.calls.openOnes.filter(({ handle }) => handle.worker.isLinked && handle.worker.id !== 0);
  const clients = world.groups.flatMap(({ upstream }) => upstream.live.filter(one => innerOf(one).home.id !== 0));
  world.killPrimary();
  await world.run(1000);
  // One that is busy reads what came before it reads that its channel has closed.
  for (let i = 0; i < 20 && world.alive.some(({ process }) => !process.isIdle); i++) await world.run(500);
  const open = calls.find(({ end }) => end === undefined);
  if (open) return world.broken('primary lost', `${open.kind} ${open.id} of ${open.handle} has not ended`);
  const forgotten = clients.map(innerOf).find(({ closingSince }) => closingSince === undefined);
  if (forgotten) return world.broken('primary lost', `the real client in ${forgotten.home} was not closed`);
  const [alive] = world.alive;
  if (alive) return world.broken('primary lost', `${alive} lives on`);
  const [timer] = world.time.timers;
  if (timer) world.broken('nothing left', `a timer: ${timer}`);
}

/** Every group that can have a leader has one that is ready, and all that was asked for before is over. */
async function recover(world: World): Promise<SimGroup[]> {
  // What was on slow links arrives, with the consequences.
  await world.run(SETTLE_MS);
  const isDone = () => world.groups.every(group => isWell(world, group)) && world.calls.openOnes.length === 0;
  const done = await world.run(RECOVERY_MS, isDone);
  if (!done && !world.violation) {
    const left = world.calls.openOnes.map(({ kind, id }) => `${kind} ${id}`);
    world.broken('recovery', `${JSON.stringify(world.status().groups)}, open: ${left.join(', ')}`);
  }
  return world.groups.filter(group => canLead(world, group));
}

const canLead = (world: World, group: SimGroup): boolean =>
  world.handles.some(handle => handle.group === group && handle.isLive && handle.worker.plan.eligible);

function isWell(world: World, group: SimGroup): boolean {
  if (!canLead(world, group)) return true;
  const status = world.leadershipOf(group);
  if (status?.state !== 'leading') return false;
  const leader = world.leaderOf(group)!;
  const isServing = world
    .services(group)
    .some(
      ({ service, workerId }) =>
        workerId === leader.id && service.term === status.term && service.hasLease() && service.heldBytes === 0,
    );
  if (!isServing) return false;
  return world.handles.every(
    ({ isLive, group: other, member }) => !isLive || other !== group || member.route?.term === status.term,
  );
}

/** New calls succeed, everybody gets the newest values, and what is sticky is known. */
async function work(world: World, led: readonly SimGroup[]): Promise<void> {
  world.log(() => 'all shall be well');
  const handles = world.handles.filter(handle => handle.isLive && led.includes(handle.group));
  const last = new Set<SimCall>();
  for (const handle of handles) {
    for (const call of LAST)
      handle.worker.run(() => last.add(handle.worker.call(handle, { ...CALL, ...call }, 'call')));
  }
  const streams: SimStream[] = [];
  if (world.plan.seed >= FIRST_WITH_STREAMS && !world.plan.load) {
    for (const handle of handles)
      for (const way of ['down', 'up'] as const)
        handle.worker.run(() => streams.push(world.streams.start(handle, { ...STREAM, way, w: 0, g: 0 })));
  }
  const isSubscribed = () => led.every(group => topicsAmiss(world, group) === undefined);
  if (!(await world.run(RECOVERY_MS, isSubscribed)) && !world.violation)
    return world.broken('recovery', led.map(group => topicsAmiss(world, group)).join());
  // So that those who came later to a topic are confirmed too.
  await world.run(100);
  const isAnswered = () =>
    last.size === LAST.length * handles.length &&
    world.calls.openOnes.length === 0 &&
    streams.every(({ end }) => end !== undefined);
  // Large values may take the room of results.
  if (world.plan.load) await world.run(RECOVERY_MS, isAnswered);
  for (const { upstream } of led) for (let topic = 0; topic < 3; topic++) upstream.push(topic, 1);
  const failed = () => led.map(group => whatIsAmiss(world, group)).find(text => text !== undefined);
  const done = await world.run(RECOVERY_MS, () => isAnswered() && failed() === undefined);
  if (!done && !world.violation) world.broken('recovery', failed() ?? 'a call does not end');
  if (world.violation) return;
  for (const { id, handle, end, expected } of last) {
    if (end !== expected) world.broken('recovery', `the last call ${id} of ${handle} ended: ${end}, not ${expected}`);
  }
  for (const { id, handle, action, end } of streams)
    if (end !== 'ok') world.broken('recovery', `the last stream ${id} of ${handle}, ${action.way}, ended: ${end}`);
  await world.run(100);
  const amiss = led.map(group => endlessAmiss(world, group)).find(text => text !== undefined);
  if (amiss) return world.broken('cancel', amiss);
  const { abandoned } = world.streams;
  if (abandoned) return world.broken('streams', abandoned);
  const untold = handles.map(onewayAmiss).find(text => text !== undefined);
  if (untold) return world.broken('oneway', untold);
  for (const group of led) await shareOut(world, group);
  if (world.plan.route === 'direct' && !world.violation) await goDirectly(world, led);
}

/** Once connections can be made, all data goes by them, but for those of the primary, which is no further than a call. */
async function goDirectly(world: World, led: readonly SimGroup[]): Promise<void> {
  const byRelay = () =>
    world.handles.find(({ isLive, group, worker, member }) => {
      const isAway = worker.id !== 0 && led.includes(group) && world.leaderOf(group)!.id !== 0;
      return isLive && isAway && member.route?.kind === 'relay';
    });
  const isDone = await world.run(RECOVERY_MS, () => byRelay() === undefined);
  if (!isDone && !world.violation) world.broken('direct', `${byRelay()} still goes by the relay`);
}

const STREAM = { count: 100, itemMs: 0, readMs: 0, stopAt: 0, fails: false, window: 16, timeoutMs: 2000 } as const;

const CALL = { what: 'quick', ms: 0, timeoutMs: 1000, idempotent: false } as const;

/** What every member can do when all is well, each with another kind of end. */
const LAST: readonly Partial<CallAction>[] = [
  {},
  { what: 'throws', via: 'drop' },
  { what: 'obeys', signalMs: 20 },
  { what: 'never', abortMs: 20 },
  { what: 'never', via: 'hasty' },
];

/** Nobody waits for a call that goes on in the leader: then it was told so. */
function endlessAmiss(world: World, group: SimGroup): string | undefined {
  for (const [id, { aborted }] of innerOf(world.clientOf(group)!).endless) {
    const { end, handle, isOneway, madeAt, timeoutMs } = world.calls.all.get(id)!;
    const isOpen = isOneway ? world.time.now() < madeAt + timeoutMs + MARGIN_MS : end === undefined;
    const isWanted = isOpen && handle.isLive;
    if (!isWanted && !aborted) return `call ${id} of ${handle} goes on in ${group}, and nobody waits for it`;
  }
  return undefined;
}

/** Each call that nobody waited for ran, or an error was told of it. */
function onewayAmiss(handle: SimHandle): string | undefined {
  const { world } = handle.worker;
  const own = [...world.calls.all.values()].filter(call => call.handle === handle && call.isOneway);
  const lost = own.filter(({ starts, abort }) => starts.length === 0 && !abort).length;
  if (lost > handle.ownErrors) return `${handle}: ${lost} calls never ran, ${handle.ownErrors} errors were told`;
  const last = own.at(-1)!;
  return handle.errors.has(`thrown ${last.id}`) ? undefined : `${handle}: what call ${last.id} threw was not told`;
}

/** Of those that get each value once among them, each has its turn. */
async function shareOut(world: World, group: SimGroup): Promise<void> {
  const topics = new Map<number, SimSubscription[]>();
  for (const one of world.values.live) {
    if (one.how !== 'one' || one.handle.group !== group || !one.handle.isLive) continue;
    topics.set(one.topic, [...(topics.get(one.topic) ?? []), one]);
  }
  for (const [topic, ones] of topics) {
    const before = ones.map(({ count }) => count);
    for (let i = 0; i < 2 * ones.length; i++) {
      group.upstream.push(topic, 1);
      await world.run(20);
    }
    const got = ones.map(({ count }, i) => count - before[i]!);
    if (got.some(count => count !== 2)) world.broken('delivery one', `${group} t${topic}: turns of ${got.join(', ')}`);
  }
}

function whatIsAmiss(world: World, group: SimGroup): string | undefined {
  const { newest } = group.upstream;
  const subscriptions = [...world.values.live].filter(({ handle }) => handle.group === group && handle.isLive);
  for (const { id, topic, how, seq, handle } of subscriptions) {
    if (how !== 'one' && seq !== (newest.get(topic) ?? 0))
      return `subscription ${id} of ${handle} has ${seq} of t${topic} and not ${newest.get(topic)}`;
  }
  for (const topic of new Set(subscriptions.filter(({ how }) => how === 'one').map(({ topic }) => topic))) {
    const ones = subscriptions.filter(one => one.how === 'one' && one.topic === topic);
    if (!ones.some(({ seq }) => seq === newest.get(topic)))
      return `nobody got ${newest.get(topic)} of ${group} t${topic}, for one`;
  }
  return topicsAmiss(world, group) ?? stickyAmiss(world, group, heardBy(world.clientOf(group)!));
}

function topicsAmiss(world: World, group: SimGroup): string | undefined {
  const client = world.clientOf(group);
  if (!client) return `${group} has no real client`;
  const subscriptions = [...world.values.live].filter(({ handle }) => handle.group === group && handle.isLive);
  const wanted = [...new Set(subscriptions.map(({ topic }) => topic))].sort().join();
  const has = innerOf(client)
    .entries.map(({ topic }) => topic)
    .sort()
    .join();
  return wanted === has ? undefined : `${group} is subscribed to ${has} and should be to ${wanted}`;
}

function stickyAmiss(world: World, group: SimGroup, heard: ReadonlyMap<string, number>): string | undefined {
  const wanted = new Map<string, number>();
  for (const handle of world.handles) {
    if (handle.group !== group || !handle.isLive) continue;
    for (const [key, { version }] of handle.sticky) wanted.set(`${handle.memberId}:${key}`, version);
  }
  for (const [name, version] of wanted) {
    if (heard.get(name) !== version)
      return `${group}: the leader heard version ${heard.get(name)} of sticky ${name} and not ${version}`;
  }
  for (const name of heard.keys()) if (!wanted.has(name)) return `${group}: sticky ${name} was not taken back`;
  return undefined;
}

/** Everybody closes, and nothing is left. */
async function leave(world: World): Promise<void> {
  world.log(() => 'all is closed');
  for (const handle of world.handles) {
    const { worker } = handle;
    if (handle.isLive) worker.run(() => !handle.isClosing && worker.close(handle));
  }
  await world.run(20_000, () => world.handles.every(({ isLive }) => !isLive) && unsettled(world).length === 0);
  if (world.violation) return;
  const [promise] = unsettled(world);
  if (promise) return world.broken('nothing left', `${promise} never settles`);
  // What real clients still do takes no longer.
  await world.run(1000);
  // Items that came before the end are read first, each in its time.
  await world.run(5000, () => world.streams.left === undefined);
  const left = whatIsLeft(world);
  if (left) return world.broken('nothing left', left);
  await world.primary.close();
  await world.run(1000);
  const [timer] = world.time.timers;
  if (timer) world.broken('nothing left', `a timer: ${timer}`);
}

const unsettled = (world: World): string[] =>
  [...world.pending].filter(([, worker]) => !worker || worker.process.isAlive).map(([what]) => what);

function whatIsLeft(world: World): string | undefined {
  const { groups, queuedBytes } = world.status();
  if (groups.length > 0) return `a group: ${JSON.stringify(groups)}`;
  if (queuedBytes > 0) return `${queuedBytes} bytes wait in the primary`;
  const left = world.streams.left ?? world.operations.left;
  if (left) return left;
  const leaking = world.calls.leaking;
  if (leaking) return `a listener on a signal of call ${leaking.id}, which ended: ${leaking.end}`;
  for (const { client, worker } of world.handles) {
    if (!worker.process.isAlive) continue;
    const { calls, subscriptions, sticky } = client.status();
    if (calls.waiting + calls.inFlight + subscriptions + sticky > 0)
      return `in ${worker}: ${JSON.stringify(client.status())}`;
  }
  for (const group of world.groups) {
    for (const client of group.upstream.live) {
      const { closingSince, home, events } = innerOf(client);
      if (closingSince === undefined) return `a real client of ${group} in ${home}`;
      if ((events.get('lost')?.size ?? 0) > 0) return `a listener on a real client of ${group} in ${home}`;
    }
  }
  return undefined;
}
