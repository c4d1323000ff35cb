// Several workers of an app under PM2, the daemon and its bus in memory.

import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { DirectTransport, ListenerHandlers } from '../../lib/transport/direct.js';
import { keepSecrets, readSecrets } from '../../lib/transport/socket-files.js';
import { createSockets } from '../../lib/transport/sockets.js';
import { systemClock } from '../../lib/utils/clock.js';
import { defer } from '../../lib/utils/deferred.js';
import { isSharedError } from '../helpers/pm2/errors.js';
import { Counter, LEADER_TIMEOUT_MS, Rig, type RigWorker } from '../helpers/pm2/rig.js';

/** Longer than the other candidates wait for each other. */
const BUSY_MS = 150;

const clientOf = (worker: RigWorker, more: object = {}) =>
  worker.createSharedClient(Counter, { name: 'counter', ...more });

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5);
}

async function start(rig: Rig, count: number, more: object = {}) {
  const workers = Array.from({ length: count }, (_, i) => rig.fork(i));
  const clients = workers.map(worker => clientOf(worker, more));
  await Promise.all(clients.map(client => client.ready()));
  const leads = () => clients.findIndex((client, i) => client.isLeader && !workers[i]!.process.isDead);
  return { workers, clients, leads };
}

test.serial('workers share one client without a primary of ours', async t => {
  const { clients, leads } = await start(new Rig(t), 3);
  t.deepEqual(await Promise.all(clients.map(client => client.add(1))).then(all => all.sort()), [1, 2, 3]);
  t.is(clients.filter(client => client.isLeader).length, 1);
  const follower = clients[(leads() + 1) % 3]!;
  t.is(follower.status().transport, 'pm2');
  t.is(follower.status().route, 'direct');
  t.is(clients[leads()]!.status().route, 'local');
  t.is(new Set(clients.map(client => client.term)).size, 1);
});

test.serial('the next leader comes at once when the daemon sees the old one die', async t => {
  const { workers, clients, leads } = await start(new Rig(t), 3);
  const before = leads();
  const { term } = clients[before]!;
  const other = clients[(before + 1) % 3]!;
  await other.add(1);
  workers[before]!.process.kill();
  t.is(await other.with({ idempotent: true }).add(5), 5);
  t.true(other.term > term);
  t.not(leads(), before);
});

test.serial('a frozen leader is succeeded in time, and runs nothing when it thaws', async t => {
  const { workers, clients, leads } = await start(new Rig(t), 3);
  const before = leads();
  const frozen = workers[before]!.process;
  frozen.freeze();
  await until(() => clients.some((client, i) => i !== before && client.isLeader));
  frozen.thaw();
  await until(() => !clients[before]!.isLeader);
  t.is(clients.filter(client => client.isLeader).length, 1);
});

test.serial('a worker whose connection to the bus breaks leads no longer, and takes part again', async t => {
  const { workers, clients, leads } = await start(new Rig(t), 2);
  const before = leads();
  workers[before]!.process.disconnect();
  t.false(clients[before]!.isLeader);
  await until(() => leads() === 1 - before);
  workers[before]!.process.connect();
  workers[1 - before]!.process.kill();
  await until(() => clients[before]!.isLeader);
  t.is(await clients[before]!.add(2), 2);
});

test.serial('a group is handed over to the worker that is asked for', async t => {
  const { workers, clients, leads } = await start(new Rig(t), 3);
  const to = (leads() + 1) % 3;
  await clients[(leads() + 2) % 3]!.transfer(workers[to]!.process.self.workerId);
  t.is(leads(), to);
  const before = leads();
  await clients[before]!.transfer();
  t.not(leads(), before);
  await t.throwsAsync(clients[0]!.transfer(99), isSharedError('ERR_INVALID_OPTION', /not 99/));
});

test.serial('who is asked for leads, though it is busy for a while when its turn comes', async t => {
  const { workers, clients, leads } = await start(new Rig(t), 3);
  const before = leads();
  const { process } = workers[(before + 1) % 3]!;
  const resigned = until(() => !clients[before]!.isLeader);
  const transferred = clients[before]!.transfer(process.self.workerId);
  process.freeze();
  await resigned;
  await sleep(BUSY_MS);
  process.thaw();
  await transferred;
  t.is(leads(), (before + 1) % 3);
});

test.serial('a hand-over of which the end is not read is answered', async t => {
  const { workers, clients, leads } = await start(new Rig(t), 2, { readyTimeoutMs: 200 });
  const before = leads();
  for (const wasRead of [false, true]) {
    const { process } = workers[before]!;
    const transferred = clients[before]!.transfer();
    if (wasRead) await until(() => !clients[before]!.isLeader);
    else await clients[before]!.add(1);
    process.disconnect();
    await t.throwsAsync(transferred, isSharedError('ERR_LEADER_FAILED', /isn't known/));
    process.connect();
    await until(() => leads() >= 0 && clients[before]!.status().route !== undefined);
    if (leads() !== before) await clients[leads()]!.transfer(process.self.workerId);
  }
});

test.serial('an overlapping group has its next client open before the old one closes', async t => {
  const { clients, leads } = await start(new Rig(t), 2, { handover: 'overlap' });
  const before = leads();
  await clients[before]!.resign();
  await until(() => leads() === 1 - before);
  t.is(await clients[before]!.add(1), 1);
});

test.serial('a hand-over of which the only candidate dies fails, and its leader leads as before', async t => {
  const rig = new Rig(t);
  const { workers, clients, leads } = await start(rig, 2, { handover: 'overlap' });
  const before = leads();
  const { term } = clients[before]!;
  workers[1 - before]!.process.freeze();
  const failure = t.throwsAsync(clients[before]!.transfer(), isSharedError('ERR_LEADER_FAILED', /could not/));
  await until(() => busOf(rig).includes('transfer'));
  workers[1 - before]!.process.kill();
  await failure;
  t.is(await clients[before]!.add(1), 1);
  t.is(clients[before]!.term, term);
});

for (const [which, to, hangsAt] of [
  ['that was asked for and hangs while it opens', true, 'opening'],
  ['that claimed and hangs while it opens', false, 'opening'],
  ['that was asked for and hangs before it claims', true, 'claim'],
  ['that hangs before it claims', false, 'claim'],
] as const) {
  test.serial(`a successor ${which} is given up, and the leader leads as before`, async t => {
    const rig = new Rig(t);
    const workers = [rig.fork(0), rig.fork(1)];
    let isReady = false;
    const closed: number[] = [];
    const clients = workers.map((worker, i) =>
      worker.createSharedClient({
        name: 'slow',
        handover: 'overlap',
        open: async ({ term }) => {
          if (isReady) worker.process.freeze();
          return { one: async () => term };
        },
        close: () => void closed.push(i),
      }),
    );
    await Promise.all(clients.map(client => client.ready()));
    isReady = true;
    const before = clients.findIndex(client => client.isLeader);
    const successor = workers[1 - before]!.process;
    const { term } = clients[before]!;
    if (hangsAt === 'claim') successor.freeze();
    const asked = clients[before]!.transfer(to ? successor.self.workerId : undefined);
    await t.throwsAsync(asked, isSharedError('ERR_LEADER_FAILED', /could not/));
    t.is(await clients[before]!.invoke('one'), term);
    successor.thaw();
    isReady = false;
    await clients[1 - before]!.invoke('one');
    if (hangsAt === 'opening') await until(() => closed.length > 0);
    t.deepEqual(closed, hangsAt === 'opening' ? [1 - before] : []);
    t.is(clients[before]!.term, term);
  });
}

test.serial('a successor that loses the bus closes what it has prepared', async t => {
  const rig = new Rig(t);
  const workers = [rig.fork(0), rig.fork(1)];
  const closed: number[] = [];
  let isReady = false;
  const clients = workers.map((worker, i) =>
    worker.createSharedClient({
      name: 'slow',
      handover: 'overlap',
      open: async ({ term }) => {
        await sleep(0);
        if (isReady) worker.process.disconnect();
        return { one: async () => term };
      },
      close: () => void closed.push(i),
    }),
  );
  await Promise.all(clients.map(client => client.ready()));
  isReady = true;
  const before = clients.findIndex(client => client.isLeader);
  await t.throwsAsync(clients[before]!.transfer(), isSharedError('ERR_LEADER_FAILED', /could not/));
  await until(() => closed.length > 0);
  t.deepEqual(closed, [1 - before]);
  t.is(await clients[before]!.invoke('one'), clients[before]!.term);
});

for (const [how, report] of [
  ['SIGINT', (worker: RigWorker) => worker.signal('SIGINT')],
  ["the message 'shutdown'", (worker: RigWorker) => worker.process.stop()],
] as const) {
  test.serial(`${how} hands over, and the worker goes on as a follower`, async t => {
    const { workers, clients, leads } = await start(new Rig(t), 2);
    const before = leads();
    const call = clients[1 - before]!.slow(50);
    await clients[1 - before]!.add(0);
    report(workers[before]!);
    t.is(await call, 'done');
    await until(() => leads() === 1 - before);
    t.is(await clients[before]!.add(1), 1);
    workers[1 - before]!.process.kill();
    await sleep(100);
    t.false(clients[before]!.isLeader, 'it is to stop');
  });
}

test.serial('SIGINT does what it would have done, once others may lead, unless the app has its own way', async t => {
  const { workers, clients, leads } = await start(new Rig(t), 3);
  const before = leads();
  workers[before]!.signal('SIGINT');
  t.deepEqual(workers[before]!.raised, []);
  await until(() => workers[before]!.raised.length === 1);
  t.false(clients[before]!.isLeader);
  const next = workers.findIndex((_, i) => i !== before);
  workers[next]!.listeners.get('SIGINT')!.push(() => {});
  workers[next]!.signal('SIGINT');
  await sleep(100);
  t.deepEqual(workers[next]!.raised, []);
});

/** A leader that nobody can connect to. */
const nowhere = (rig: Rig): DirectTransport => {
  const sockets = rig.createSockets();
  return { ...sockets, connect: (_, handlers) => sockets.connect('/nowhere/at/all', handlers) };
};
/** No socket can be made. */
const noDoor = () => createSockets({ folder: () => '/nowhere/at/all' });

for (const [what, createDirect] of [
  ['a leader can not be connected to', nowhere],
  ['no socket can be made', noDoor],
] as const) {
  test.serial(`where ${what}, data goes over the bus if it may, and says so`, async t => {
    const rig = new Rig(t);
    const workers = [1, 2, 3].map(slot => rig.fork(slot, { busData: true }, () => createDirect(rig)));
    const clients = workers.map(worker => clientOf(worker));
    const warnings: string[] = [];
    for (const client of clients) client.on('warning', ({ message }) => warnings.push(message));
    await Promise.all(clients.map(client => client.ready()));
    t.deepEqual(await Promise.all(clients.map(client => client.add(1))).then(all => all.sort()), [1, 2, 3]);
    const large = 'x'.repeat(3_000_000);
    for (const client of clients) t.is(await client.same(large), large);
    for (const warning of warnings) t.regex(warning, /^Data goes over PM2's bus/);
    t.true(warnings.length > 0);
    const before = clients.findIndex(client => client.isLeader);
    workers[before]!.process.kill();
    const others = clients.filter((_, i) => i !== before);
    t.deepEqual(
      await Promise.all(others.map(client => client.with({ idempotent: true }).add(1))).then(all => all.sort()),
      [1, 2],
    );
    await others[0]!.resign();
    t.is(await others[0]!.with({ idempotent: true }).same('again'), 'again');
  });
}

test.serial(
  'a connection to the bus that breaks ends no call over the bus, but those the leader may have begun',
  async t => {
    const rig = new Rig(t);
    const workers = [1, 2].map(slot => rig.fork(slot, { busData: true }, noDoor));
    const clients = workers.map(worker => clientOf(worker));
    await Promise.all(clients.map(client => client.ready()));
    const follower = clients.findIndex(client => !client.isLeader);
    await clients[follower]!.add(0);
    const call = clients[follower]!.slow(100);
    await sleep(20);
    workers[follower]!.process.disconnect();
    await sleep(20);
    workers[follower]!.process.connect();
    t.is(await call, 'done');
    t.is(await clients[follower]!.add(3), 3);
  },
);

test.serial('where data may not go over the bus, calls wait and a warning says for what', async t => {
  const rig = new Rig(t);
  let isReachable = false;
  const sockets = rig.createSockets();
  const later: DirectTransport = {
    ...sockets,
    connect: (address, handlers) => sockets.connect(isReachable ? address : '/nowhere/at/all', handlers),
  };
  const workers = [1, 2].map(slot => rig.fork(slot, {}, () => later));
  const [leader, follower] = workers.map((worker, i) => clientOf(worker, { eligible: i === 0 }));
  await leader!.ready();
  const warned = new Promise<string>(resolve => follower!.once('warning', ({ message }) => resolve(message)));
  const call = follower!.add(1);
  t.regex(await warned, /^Calls of "counter" wait.*ENOENT.*busData/);
  t.regex(follower!.status().routeProblem!, /ENOENT/);
  isReachable = true;
  t.is(await call, 1);
  await follower!.ready();
});

test.serial('why a leader can not be reached is known too where the bus breaks meanwhile', async t => {
  const rig = new Rig(t);
  const sockets = rig.createSockets();
  let attempts = 0;
  const following: RigWorker = rig.fork(2, {}, () => ({
    ...sockets,
    connect: (address, handlers) => {
      if (++attempts === 3) following.process.disconnect();
      return sockets.connect(attempts > 4 ? address : '/nowhere/at/all', handlers);
    },
  }));
  const leader = clientOf(rig.fork(1));
  await leader.ready();
  const follower = clientOf(following, { eligible: false });
  await until(() => follower.status().routeProblem !== undefined);
  following.process.connect();
  t.is(await follower.add(1), 1);
});

/** Hears what is wrong with the leader of `counter`, at the leader and elsewhere, while `isBroken`, and how it is mended. */
async function mendLater(t: ExecutionContext, leading: RigWorker, following: RigWorker, mend: () => void) {
  const leader = clientOf(leading);
  const follower = clientOf(following, { eligible: false, readyTimeoutMs: 100, timeoutMs: 100 });
  const warnings: string[] = [];
  for (const client of [leader, follower]) client.on('warning', ({ message }) => warnings.push(message));
  const why = /can't be reached past PM2's bus: .*broken/;
  await until(() => follower.status().routeProblem !== undefined);
  t.regex(follower.status().routeProblem!, /broken/);
  const ready = t.throwsAsync(follower.ready(), isSharedError('ERR_LEADER_FAILED', why));
  const call = t.throwsAsync(follower.add(1), isSharedError('ERR_TIMEOUT', why));
  await Promise.all([ready, call]);
  const reported = [...warnings];
  const late = follower.with({ timeoutMs: 30_000 }).add(1);
  mend();
  t.is(await late, 1);
  await follower.ready();
  t.is(follower.status().routeProblem, undefined);
  t.deepEqual(warnings, reported, 'each is said once');
  for (const warning of reported) t.regex(warning, /^Calls of "counter" wait.*broken/);
  return reported.length;
}

test.serial('where no socket can be made, the others hear why, until there is one', async t => {
  const rig = new Rig(t);
  let isBroken = true;
  const sockets = rig.createSockets();
  const later: DirectTransport = {
    ...sockets,
    listen: handlers => {
      if (!isBroken) return sockets.listen(handlers);
      systemClock.defer(() => handlers.failed(new Error('broken')));
      return { close() {} };
    },
  };
  const leading = rig.fork(1, {}, () => later);
  t.is(await mendLater(t, leading, rig.fork(2), () => (isBroken = false)), 2);
});

test.serial('where a leader has said neither where it is nor why not, the others hear that', async t => {
  const rig = new Rig(t);
  const silent: DirectTransport = { ...rig.createSockets(), listen: () => ({ close() {} }) };
  const leader = clientOf(rig.fork(1, {}, () => silent));
  await leader.ready();
  const follower = clientOf(rig.fork(2), { eligible: false, readyTimeoutMs: 1000 });
  await until(() => follower.leader !== undefined);
  await t.throwsAsync(follower.ready(), isSharedError('ERR_LEADER_FAILED', /past PM2's bus: it has not said where/));
});

for (const [what, which] of [
  ['kept', 'keep'],
  ['read', 'read'],
] as const) {
  test.serial(`where the secret of a leader can not be ${what}, members hear why, until it can`, async t => {
    const rig = new Rig(t);
    let isBroken = true;
    const broken = (address: string, secrets?: never): unknown => {
      if (isBroken) throw new Error('broken');
      return which === 'keep' ? keepSecrets(address, secrets!) : readSecrets(address);
    };
    const [leading, following] = [1, 2].map(slot => rig.fork(slot, {}, rig.createSockets, { [which]: broken }));
    const warned = await mendLater(t, leading!, following!, () => (isBroken = false));
    t.is(warned, which === 'keep' ? 2 : 1);
  });
}

for (const busData of [false, true]) {
  for (const what of ['directory', 'socket', 'secrets'] as const) {
    if (busData && what === 'secrets') continue;
    const where = busData ? ', where data may go over the bus' : '';
    test.serial(`the ${what} of a leader that somebody removes is made anew${where}`, async t => {
      const rig = new Rig(t);
      const forked = (slot: number) => rig.fork(slot, { busData });
      const [leader, follower] = [forked(1), forked(2)].map((worker, i) => clientOf(worker, { eligible: i === 0 }));
      const warnings: string[] = [];
      for (const client of [leader!, follower!]) client.on('warning', ({ message }) => warnings.push(message));
      t.is(await follower!.add(1), 1);
      const [directory] = rig.directories;
      const path = { directory: '.', socket: 'leader', secrets: 'secrets' }[what];
      rmSync(join(directory!, path), { recursive: true });
      const isBack = () => rig.directories.some(path => existsSync(join(path, busData ? 'leader' : 'secrets')));
      await until(isBack);
      // By its connection, which stays.
      t.is(await follower!.add(1), 2);
      const latecomer = clientOf(forked(3), { eligible: false });
      t.is(await latecomer.add(1), 3);
      t.is(rig.directories.length, 1);
      t.is(rig.directories[0] === directory, what === 'secrets');
      t.deepEqual(warnings, []);
    });
  }
}

test.serial('a member that leaves while the next leader opens lets go of its way there', async t => {
  const rig = new Rig(t);
  const opening = defer();
  const workers = [1, 2, 3].map(slot => rig.fork(slot));
  let waits = false;
  const clients = workers.map(worker =>
    worker.createSharedClient({
      name: 'slow',
      open: async () => {
        if (waits) await opening.promise;
        return { pid: async () => 1 };
      },
    }),
  );
  await Promise.all(clients.map(client => client.ready()));
  const leads = () => clients.findIndex((client, i) => client.isLeader && !workers[i]!.process.isDead);
  const first = leads();
  waits = true;
  workers[first]!.process.kill();
  await until(() => leads() >= 0);
  // By then everybody has its way to it.
  await sleep(50);
  const second = leads();
  const [last] = [0, 1, 2].filter(i => i !== first && i !== second);
  await clients[last!]!.close();
  opening.resolve();
  await until(() => clients[second]!.status().route === 'local');
  t.is(await clients[second]!.invoke('pid'), 1);
});

test.serial('a leader that dies while it opens is succeeded, and nobody waits for the way to it', async t => {
  const rig = new Rig(t);
  let waits = 0;
  const workers = [1, 2, 3].map(slot => rig.fork(slot));
  const clients = workers.map(worker =>
    worker.createSharedClient({
      name: 'slow',
      open: async () => {
        if (waits-- > 0) await new Promise(() => {});
        return { one: async () => 1 };
      },
    }),
  );
  await Promise.all(clients.map(client => client.ready()));
  const leads = () => clients.findIndex((client, i) => client.isLeader && !workers[i]!.process.isDead);
  waits = 1;
  workers[leads()]!.process.kill();
  await until(() => leads() >= 0);
  await sleep(50);
  const [last] = [0, 1, 2].filter(i => !workers[i]!.process.isDead && i !== leads());
  workers[leads()]!.process.kill();
  await until(() => clients[last!]!.status().route === 'local');
  t.is(await clients[last!]!.invoke('one'), 1);
});

for (const [when, die] of [
  ['listens', (handlers: ListenerHandlers, kill: () => void) => ({ ...handlers, listening: kill })],
  [
    'has listened',
    (handlers: ListenerHandlers, kill: () => void) => ({
      ...handlers,
      listening: (address: string) => {
        handlers.listening(address);
        kill();
      },
    }),
  ],
] as const) {
  test.serial(`a leader that dies as soon as it ${when} leaves no directory behind`, async t => {
    const rig = new Rig(t);
    const sockets = rig.createSockets();
    const dying: RigWorker = rig.fork(0, {}, () => ({
      ...sockets,
      listen: handlers => sockets.listen(die(handlers, () => dying.process.kill())),
    }));
    clientOf(dying, { priority: 1 });
    const other = clientOf(rig.fork(1));
    await other.ready();
    t.true(dying.process.isDead);
    t.true(other.isLeader);
    await until(() => rig.directories.length === 1);
  });
}

test.serial(
  'a worker that came back to the bus and dies while it still closes its real client leaves none either',
  async t => {
    class Stuck extends Counter {
      override close(): Promise<void> {
        return new Promise(() => {});
      }
    }
    const rig = new Rig(t);
    const worker = rig.fork(0);
    const client = worker.createSharedClient(Stuck, { name: 'counter', priority: 1 });
    await client.ready();
    const other = clientOf(rig.fork(1));
    await other.ready();
    t.true(client.isLeader);
    worker.process.disconnect();
    await until(() => other.isLeader);
    worker.process.connect();
    await client.ready();
    t.is(rig.directories.length, 2);
    worker.process.kill();
    await until(() => rig.directories.length === 1);
  },
);

test.serial('a restart of all goes on with a higher term', async t => {
  const rig = new Rig(t);
  const first = await start(rig, 2);
  const { term } = first.clients[0]!;
  for (const { process } of first.workers) process.kill();
  const second = await start(rig, 2);
  t.true(second.clients[0]!.term > term);
});

test.serial('where a process that never says anything lives, the first leader comes after leaderTimeoutMs', async t => {
  const rig = new Rig(t);
  rig.daemon.start(7);
  await sleep(5);
  const at = performance.now();
  await start(rig, 1);
  const took = performance.now() - at;
  t.true(took >= LEADER_TIMEOUT_MS, `${took} ms`);
});

test.serial('configure() has to come first, and once', async t => {
  const rig = new Rig(t);
  const worker = rig.fork(1);
  worker.host.configure({ heartbeatMs: 50, leaderTimeoutMs: LEADER_TIMEOUT_MS });
  t.throws(
    () => worker.host.configure({ heartbeatMs: 60 }),
    isSharedError('ERR_INVALID_OPTION', /another heartbeatMs/),
  );
  t.throws(
    () => worker.host.configure({ hungLeader: 'kill' as 'depose' }),
    isSharedError('ERR_INVALID_OPTION', /hungLeader/),
  );
});

test.serial('setupPrimary() explains itself', t => {
  const worker = new Rig(t).fork(1);
  t.throws(() => worker.host.setupPrimary(), isSharedError('ERR_INVALID_OPTION', /PM2's own daemon/));
});

test.serial('a difference in what configure() was given is a warning on both sides', async t => {
  const rig = new Rig(t);
  const warnings: string[] = [];
  for (const worker of [rig.fork(1), rig.fork(2, { leaderTimeoutMs: 2 * LEADER_TIMEOUT_MS })]) {
    const client = clientOf(worker);
    client.on('warning', ({ message }) => warnings.push(message));
    await client.ready();
  }
  await until(() => warnings.length === 2);
  for (const warning of warnings) t.regex(warning, /another leaderTimeoutMs/);
});

test.serial('the app may choose who leads', async t => {
  const rig = new Rig(t);
  const chooseLeader = (candidates: readonly { workerId: number }[]) => candidates[0] as never;
  const workers = [1, 2, 3].map(slot => rig.fork(slot, { chooseLeader }));
  const clients = workers.map(worker => clientOf(worker));
  await Promise.all(clients.map(client => client.ready()));
  await clients[0]!.transfer(workers[2]!.process.self.workerId);
  await clients[2]!.resign();
  await until(() => clients.some(client => client.isLeader));
  t.true(clients[0]!.isLeader || clients[1]!.isLeader);
});

test.serial('where the bus can not be read, ready() says why and what to do', async t => {
  const rig = new Rig(t);
  rig.daemon.stall();
  const worker = rig.fork(1);
  const client = clientOf(worker, { primaryTimeoutMs: 20 });
  await t.throwsAsync(client.ready(), isSharedError('ERR_NO_PRIMARY', /has not passed on/));
  worker.process.fail(Object.assign(new Error('connect EACCES /home/pub.sock'), { code: 'EACCES' }));
  await t.throwsAsync(client.ready(), isSharedError('ERR_NO_PRIMARY', /EACCES.*another user.*fork mode/));
  await t.throwsAsync(client.transfer(), isSharedError('ERR_NO_PRIMARY', /EACCES/));
  rig.daemon.goOn();
  worker.process.connect();
  await until(() => client.status().route === 'local');
});

test.serial('when the daemon dies, calls end and the exit waits for the real client to close', async t => {
  const rig = new Rig(t);
  const { workers, clients } = await start(rig, 1);
  const call = clients[0]!.slow(10_000);
  const handedOver = clients[0]!.transfer().catch((error: Error) => error);
  const held = workers[0]!.process.loseDaemon();
  await t.throwsAsync(call, isSharedError('ERR_PRIMARY_LOST', /channel to the primary closed/));
  await handedOver;
  await held;
  t.pass();
});

test.serial('closing the last client leaves nothing, and the next one begins anew', async t => {
  const { workers, clients, leads } = await start(new Rig(t), 2);
  const before = leads();
  await clients[before]!.close();
  await until(() => leads() === 1 - before);
  t.is(workers[before]!.process.isConnected, false);
  t.deepEqual(workers[before]!.listeners.get('SIGINT'), []);
  const again = clientOf(workers[before]!);
  await again.ready();
  t.is(await again.add(3), 3);
});

for (const [when, isBroken] of [
  ['while', true],
  ['just before', false],
] as const) {
  test.serial(
    `a client that is closed and made anew ${when} the connection is broken joins once it is back`,
    async t => {
      const { workers, clients, leads } = await start(new Rig(t), 2);
      const follower = 1 - leads();
      const { process } = workers[follower]!;
      const kept = workers[follower]!.createSharedClient(Counter, { name: 'kept' });
      await kept.ready();
      if (isBroken) process.disconnect();
      await clients[follower]!.close();
      process.disconnect();
      const again = clientOf(workers[follower]!);
      process.connect();
      await again.ready();
      t.is(await again.add(4), 4);
    },
  );
}

test.serial('where PM2 collects metrics it is shown who leads, and that a client was closed', async t => {
  const key = Symbol.for('@pm2/io');
  const shown = new Map<string, () => string | number>();
  Object.assign(globalThis, {
    [key]: { metric: ({ name, value }: { name: string; value: () => string | number }) => void shown.set(name, value) },
  });
  t.teardown(() => Reflect.deleteProperty(globalThis, key));
  const { clients } = await start(new Rig(t), 1);
  t.regex(String(shown.get('counter: leader')!()), /^worker \d+$/);
  await clients[0]!.close();
  t.is(shown.get('counter: leader')!(), 'closed');
});

/** All that every app under the daemon can read. */
const busOf = (rig: Rig): string => JSON.stringify(rig.daemon.log);

test.serial(
  'of an error at the opening the bus has its name and code alone, and its own worker has all of it',
  async t => {
    const rig = new Rig(t);
    const workers = [rig.fork(0), rig.fork(1)];
    const clients = workers.map((worker, i) =>
      worker.createSharedClient<Counter>({
        name: 'db',
        readyTimeoutMs: 5000,
        eligible: i === 0,
        open: async () => {
          const cause = new Error('cause-hunter2');
          throw Object.assign(new TypeError('login of app:hunter2 refused', { cause }), {
            code: '28P01',
            url: 'db://app:hunter2@host',
            hunter2: true,
          });
        },
      }),
    );
    const failures = clients.map(client => client.ready().then(undefined, (error: Error) => error.cause as Error));
    const [own, other] = (await Promise.all(failures)) as [Error, Error];
    t.like(own, { message: 'login of app:hunter2 refused', code: '28P01', url: 'db://app:hunter2@host' });
    t.like(other, { name: 'TypeError', code: '28P01' });
    t.regex(other.message, /^Worker 1 could not open its real client, or lost it: TypeError, code 28P01\. /);
    t.is(other.stack, `TypeError: ${other.message}`);
    t.notRegex(busOf(rig), /hunter2|portable-errors/);
  },
);

test.serial('what is no name and no code is not told as one', async t => {
  const rig = new Rig(t);
  const client = rig.fork(0).createSharedClient<Counter>({
    name: 'db',
    readyTimeoutMs: 5000,
    open: async () => {
      throw Object.assign(new Error('no'), { name: 'my hunter2', code: 'hunter2' });
    },
  });
  await t.throwsAsync(async () => client.ready(), { code: 'ERR_LEADER_FAILED' });
  t.notRegex(busOf(rig), /hunter2/);
  t.regex(busOf(rig), /real client, or lost it: Error\./);
});

test.serial(
  'a password among the arguments cannot be guessed from the bus, and other ones are warned of all the same',
  async t => {
    class Login {
      constructor(readonly password: string) {}
      async get(): Promise<number> {
        return this.password.length;
      }
    }
    const rig = new Rig(t);
    const workers = [0, 1, 2].map(slot => rig.fork(slot));
    const warnings: string[][] = [[], [], []];
    const clientWith = (i: number, password: string) => {
      const client = workers[i]!.createSharedClient(Login, { name: 'login', args: [password], eligible: i !== 1 });
      client.on('warning', ({ message }) => warnings[i]!.push(message));
      return client;
    };
    const leader = clientWith(0, 'one');
    await leader.ready();
    const [other, same] = [clientWith(1, 'two'), clientWith(2, 'one')];
    t.deepEqual(await Promise.all([other.get(), same.get()]), [3, 3]);
    await until(() => warnings[0]!.length > 0 && warnings[1]!.length > 0);
    for (const i of [0, 1]) t.regex(warnings[i]!.join(), /^Worker 2 has another args for "login"[^,]*$/);
    t.deepEqual(warnings[2], []);
    for (const password of ['one', 'two']) {
      const hash = createHash('sha256')
        .update(JSON.stringify([password]))
        .digest('hex');
      t.false(busOf(rig).includes(hash.slice(0, 16)));
    }
    // Under the next leader, who was given the same as the first, it isn't said again.
    await leader.close();
    t.is(await other.with({ idempotent: true }).get(), 3);
    t.is(warnings[1]!.length, 1);
  },
);

test.serial('streams come in both directions, go on while a leader steps down, and end where it is lost', async t => {
  const rig = new Rig(t);
  const sources = { open: 0 };
  async function* numbers(count: number) {
    sources.open++;
    try {
      for (let i = 1; i <= count; i++) yield i;
    } finally {
      sources.open--;
    }
  }
  class Client {
    numbers(count: number) {
      return numbers(count);
    }
    async sum(items: AsyncIterable<number>) {
      let sum = 0;
      for await (const item of items) sum += item;
      return sum;
    }
  }
  const workers = [rig.fork(0), rig.fork(1)];
  const clients = workers.map(worker => worker.createSharedClient(Client, { name: 'streams' }));
  await Promise.all(clients.map(client => client.ready()));
  const before = clients.findIndex(client => client.isLeader);
  const [leader, follower] = [clients[before]!, clients[1 - before]!];
  t.is(await follower.sum(numbers(100)), 5050);
  const stream = await follower.numbers(100);
  t.is((await stream.next()).value, 1);
  const resigned = leader.resign();
  let last = 1;
  for await (const item of stream) t.is(item, ++last);
  t.is(last, 100);
  await resigned;
  await until(() => follower.isLeader);

  const [second, reader] = [workers[1 - before]!, leader];
  const endless = await reader.numbers(1e9);
  t.is((await endless.next()).value, 1);
  second.process.kill();
  await t.throwsAsync(
    async () => {
      for await (const _ of endless);
    },
    isSharedError('ERR_LEADER_LOST', /numbers/),
  );
  t.is(await reader.sum(numbers(3)), 6);
  t.is(sources.open, 1);
});
