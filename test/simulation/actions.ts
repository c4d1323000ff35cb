// What each action of a plan does.

import { burst, chatter, torrent, usePoison } from './bulk.js';
import type { SimGroup } from './group.js';
import type { Action } from './plan.js';
import { breakClient, emitEvent } from './upstream.js';
import type { SimHandle, SimWorker } from './worker.js';
import type { World } from './world.js';

/** An action on one line. */
export function describe({ at, do: what, ...rest }: Action): string {
  const details = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
  return `at ${at}: ${what} ${details.join(' ')}`;
}

export function perform(world: World, action: Action): void {
  switch (action.do) {
    case 'fork':
      return world.fork(action.w);
    case 'stall':
      return world.simPrimary.stall(action.ms);
    case 'jump':
      return world.jump(action.ms);
    case 'wall':
      world.time.wallShift += action.ms;
      return;
    case 'shut':
      return world.simPrimary.shut(action.ms);
  }
  const group = world.groups[action.g];
  if (!group) return;
  switch (action.do) {
    case 'push':
      return group.upstream.push(action.topic, action.count);
    case 'break':
      for (const client of group.upstream.live) breakClient(client);
      return;
    case 'event':
      for (const client of group.upstream.live) emitEvent(client);
      return;
    case 'reconnect':
      return group.upstream.miss(action.topic, action.count);
    case 'ill':
      return infect(world, group, action);
    case 'transfer':
      return transfer(world, group, action.to);
  }
  const worker = action.w === -1 ? world.leaderOf(group) : world.workerAt(action.w);
  if (!worker?.process.isAlive) return;
  if (worker.id === 0 && HARMS.has(action.do)) return;
  switch (action.do) {
    case 'kill':
      worker.process.kill();
      return;
    case 'freeze':
      return freeze(worker, action.ms);
    case 'slow':
      setLatency(worker, action.latencyMs);
      world.time.setTimer(() => setLatency(worker, 0), action.ms);
      return;
    case 'deaf':
      worker.process.stopReading();
      worker.wasUnwell(action.ms);
      world.time.setTimer(() => worker.process.startReading(), action.ms);
      return;
    case 'disconnect':
      worker.isCut = true;
      worker.process.disconnect();
      world.time.setTimer(() => worker.process.kill(), action.ms);
      return;
    case 'exit':
      return worker.process.exit();
    case 'sever':
      return worker.process.breakConnections();
    case 'refuse':
      worker.process.refuseConnections(true);
      world.time.setTimer(() => worker.process.refuseConnections(false), action.ms);
      return;
    case 'unlink':
      return worker.process.sockets?.removeOwn(action.ms);
    case 'starve':
      starve(worker, true);
      world.time.setTimer(() => starve(worker, false), action.ms);
      return;
    case 'open':
      return worker.run(() => worker.open(group));
    case 'chatter':
      return chatter(worker, action);
    case 'torrent':
      return torrent(worker, group, action, (ms, until) => {
        world.spendOnData(ms, until);
      });
  }
  worker.run(() => {
    const handle = worker.handleOf(group);
    if (handle) use(handle, action);
  });
}

function use(handle: SimHandle, action: Action): void {
  const { worker } = handle;
  const { world } = worker;
  switch (action.do) {
    case 'call':
    case 'publish':
      for (let i = 0; i < action.count; i++) worker.call(handle, action, action.do);
      return;
    case 'poison':
      return usePoison(handle, action, ++world.poisonings);
    case 'burst':
      return burst(handle, action);
    case 'sticky':
      return worker.say(handle, action.key, action);
    case 'unpublish':
      return worker.unsay(handle, action.key, action.timeoutMs);
    case 'subscribe':
      return world.values.subscribe(handle, action.topic, action.how);
    case 'unsubscribe': {
      const own = world.values.of(handle);
      if (own.length > 0) world.values.unsubscribe(own[action.which % own.length]!);
      return;
    }
    case 'stream':
      world.streams.start(handle, action);
      return;
    case 'operate':
      return world.operations.start(handle, action);
    case 'close':
      return worker.close(handle);
    case 'resign':
      return world.promised(`resign() of ${handle}`, worker, handle.client.resign());
    case 'aside':
      return handle.member.giveWay();
    case 'ready':
      return world.promised(`ready() of ${handle}`, worker, handle.client.ready());
  }
}

function transfer(world: World, group: SimGroup, to: number): void {
  const worker = world.workerAt(to);
  if (to !== -1 && !worker) return;
  world.promised(`transfer() of ${group}`, undefined, world.primary.transfer(group.name, worker?.process.workerId));
}

function infect(world: World, group: SimGroup, { how, delayMs, ms }: Extract<Action, { do: 'ill' }>): void {
  const illness = { how, delayMs };
  group.upstream.illness = illness;
  world.time.setTimer(() => {
    if (group.upstream.illness === illness) group.upstream.illness = undefined;
  }, ms);
}

function freeze(worker: SimWorker, ms: number): void {
  if (worker.isFrozen) return;
  worker.isFrozen = true;
  worker.frozenAt = worker.world.time.now();
  worker.process.cpu.stop();
  worker.world.time.setTimer(() => thaw(worker), ms);
}

export function thaw(worker: SimWorker): void {
  if (!worker.isFrozen) return;
  worker.world.log(() => `${worker} thaws`);
  worker.isFrozen = false;
  worker.wasDisturbed();
  worker.process.cpu.go();
}

export function setLatency(worker: SimWorker, latencyMs: number): void {
  if (worker.latencyMs > 0) {
    worker.wasUnwell(worker.latencyMs);
    worker.lateUntil = worker.world.time.now() + worker.latencyMs;
  }
  worker.latencyMs = latencyMs;
  worker.process.delay(latencyMs);
}

export function starve({ process: { sockets } }: SimWorker, isStarved: boolean): void {
  if (sockets) sockets.isStarved = isStarved;
}

/** What befalls no primary: it has actions of its own. */
const HARMS: ReadonlySet<Action['do']> = new Set(['kill', 'freeze', 'slow', 'deaf', 'disconnect', 'exit']);
