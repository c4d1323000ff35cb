// The drop-in over several workers: who leads, what survives its death, and how it ends where nothing can.

import type { ExecutionContext } from 'ava';
import type { ClusterClient } from '../../lib/compat/cluster-client.js';
import { CompatRig, type CompatTestClient } from '../helpers/compat/rig.js';
import { LEADER_TIMEOUT_MS, type Rig, type RigOptions, system, watch } from '../helpers/system/test.js';

function compat(
  title: string,
  body: (t: ExecutionContext, compat: CompatRig, rig: Rig) => Promise<void>,
  options?: RigOptions,
): void {
  system(
    title,
    async (t, rig) => {
      const compat = new CompatRig(rig);
      await body(t, compat, rig);
      await compat.end();
    },
    options,
  );
}

const listen = (client: CompatTestClient, reg: unknown) => {
  const received: unknown[] = [];
  client.subscribe(reg, value => received.push(value));
  return received;
};

const endOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'ok',
    ({ name, code, message }) => ({ name, code, message }),
  );

compat('workers share one real client, and when its worker is killed all goes on', async (t, compat, rig) => {
  const clients = await compat.clients(4);
  t.is(compat.server.reals.length, 1);
  t.deepEqual(
    clients.map(client => client.isClusterClientLeader),
    [true, false, false, false],
  );
  const received = clients.map(client => listen(client, { id: 'topic' }));
  clients[1]!.publish({ id: 'a', port: 1 });
  clients[2]!.publish({ id: 'b' });
  await rig.time.settle();
  compat.server.push({ id: 'topic' }, 'before');
  await rig.time.settle();
  t.deepEqual(received, [['before'], ['before'], ['before'], ['before']]);

  rig.leader('Registry@7777').kill();
  await rig.time.settle();
  compat.server.push({ id: 'topic' }, 'after');
  await rig.time.settle();
  t.deepEqual(received.slice(1), [
    ['before', 'after'],
    ['before', 'after'],
    ['before', 'after'],
  ]);
  t.is(compat.server.reals.length, 2);
  t.deepEqual(compat.server.asked('publish'), [{ id: 'a', port: 1 }, { id: 'b' }, { id: 'a', port: 1 }, { id: 'b' }]);
  t.deepEqual(compat.server.asked('subscribe').length, 2);
  const [, where] = await rig.time.until(Promise.all([clients[1]!.ready(), clients[3]!.where()]));
  t.is(where, compat.server.reals[1]!.workerId);
  t.is(clients.slice(1).filter(client => client.isClusterClientLeader).length, 1);
});

compat('the newest publication of a key is said again, and none that was taken back', async (t, compat, rig) => {
  const [, client, other] = await compat.clients(3, { formatKey: ({ id }: { id: string }) => id });
  client!.publish({ id: 'a', n: 1 });
  client!.publish({ id: 'a', n: 2 });
  client!.publish({ id: 'b' });
  other!.publish({ id: 'b' });
  await rig.time.until(client!.unPublish({ id: 'b' }));
  compat.server.diary.length = 0;
  rig.leader('Registry@7777').kill();
  await rig.time.settle();
  const published = compat.server.diary
    .filter(([, kind]) => kind === 'publish')
    .map(([, , reg]) => JSON.stringify(reg));
  t.deepEqual(published.sort(), ['{"id":"a","n":2}', '{"id":"b"}']);
});

compat('a frozen leader is replaced; its calls end, by the name that callers know', async (t, compat, rig) => {
  const [, client] = await compat.clients(3, { responseTimeout: 60_000 });
  const call = endOf(client!.never());
  await rig.time.settle();
  const leader = rig.leader('Registry@7777');
  rig.freeze(leader);
  const end = (await rig.time.until(call, 2 * LEADER_TIMEOUT_MS)) as { name: string; code: string; message: string };
  t.like(end, { name: 'SocketCloseError', code: 'ERR_LEADER_LOST' });
  t.notRegex(end.message, /idempotent/);
  await rig.time.until(client!.where());
  await rig.thaw(leader);
  t.is(compat.server.reals.filter(({ isClosed }) => !isClosed).length, 1);
});

compat('a call without any leader ends in time', async (t, compat, rig) => {
  const [, client] = [
    ...(await compat.clients(1, { isLeader: true })),
    compat.client(rig.fork(), { isLeader: false, responseTimeout: 500 }),
  ];
  await rig.time.until(client!.ready());
  rig.leader('Registry@7777').kill();
  await rig.time.settle();
  t.like(await rig.time.until(endOf(client!.where()), 600), { name: 'ResponseTimeoutError', code: 'ERR_TIMEOUT' });
  const next = compat.client(rig.fork(), { isLeader: true });
  await rig.time.until(next.ready());
  t.is(await rig.time.until(client!.where()), compat.server.reals[1]!.workerId);
});

compat('the real client is unsubscribed when the last worker has left', async (t, compat, rig) => {
  const clients = await compat.clients(3);
  for (const client of clients) listen(client, 'topic');
  await rig.time.settle();
  for (const client of clients.slice(0, 2)) client.unSubscribe('topic');
  await rig.time.settle();
  t.deepEqual(compat.server.asked('unSubscribe'), []);
  clients[2]!.unSubscribe('topic');
  await rig.time.settle();
  t.deepEqual(compat.server.asked('unSubscribe'), ['topic']);
});

compat('each value goes to one of all workers where it is not broadcast', async (t, compat, rig) => {
  const clients = await compat.clients(3, { isBroadcast: false });
  const received = clients.map(client => listen(client, 'jobs'));
  await rig.time.settle();
  for (let n = 0; n < 9; n++) compat.server.push('jobs', n);
  await rig.time.settle();
  t.deepEqual(
    received.map(({ length }) => length),
    [3, 3, 3],
  );
});

compat('a failure reaches every worker as it is, and is forgotten once a real client opens', async (t, compat, rig) => {
  compat.server.failure = Object.assign(new RangeError('no server'), { name: 'DownError', code: 'E_DOWN' });
  const clients = [0, 1, 2].map(() => compat.client(rig.fork()));
  const received = listen(clients[0]!, 'topic');
  const down = { name: 'DownError', code: 'E_DOWN', message: 'no server' };
  t.deepEqual(await rig.time.until(Promise.all(clients.map(client => endOf(client.ready())))), [down, down, down]);
  t.deepEqual(await rig.time.until(endOf(clients[1]!.where())), down);
  // All that were opened were closed.
  t.is(compat.server.reals.filter(({ isClosed }) => !isClosed).length, 0);

  compat.server.failure = undefined;
  await rig.time.advance(30_000);
  await rig.time.until(Promise.all(clients.map(client => client.ready())));
  await rig.time.until(clients[1]!.where());
  compat.server.push('topic', 'at last');
  await rig.time.settle();
  t.deepEqual(received, ['at last']);
});

compat('a failure that nobody waits for is emitted in every worker', async (t, compat, rig) => {
  compat.server.failure = new Error('down');
  const clients = [0, 1].map(() => compat.client(rig.fork()));
  await rig.time.advance(100);
  t.deepEqual(
    clients.map(({ errors }) => errors.map(({ message }) => message)),
    [['down'], ['down']],
  );
});

compat('one that becomes ready too late is closed, and ready says so', async (t, compat, rig) => {
  compat.server.isSilent = true;
  const client = compat.client(rig.fork(), { maxWaitTime: 1000 });
  t.like(await rig.time.until(endOf(client.ready())), { code: 'ERR_LEADER_FAILED' });
  await rig.time.settle();
  t.true(compat.server.reals[0]!.isClosed);
  compat.server.isSilent = false;
});

compat('who has to lead, where another worker does, is told so', async (t, compat, rig) => {
  await compat.clients(2);
  const client = compat.client(rig.fork(), { isLeader: true });
  const end = (await rig.time.until(endOf(client.ready()))) as { message: string };
  t.regex(end.message, /^create "Registry" leader failed/);
  await rig.time.settle();
  t.false(rig.primary.status().groups[0]!.members.some(({ workerId }) => workerId === rig.workers[2]!.workerId));
});

compat('who never leads waits for one that may, and says so if none comes', async (t, compat, rig) => {
  const client = compat.client(rig.fork(), { isLeader: false, maxWaitTime: 2000 });
  const end = await rig.time.until(endOf(client.ready()), 2100);
  t.like(end, { code: 'ERR_LEADER_FAILED' });
  const { message } = end as { message: string };
  t.regex(message, /within readyTimeoutMs, 2000 ms: no member of the group may lead now.*isLeader: false/);
  t.is(client.isClusterClientLeader, undefined);
});

compat(
  'a client made while all others of its process close has a real client of its own class',
  async (t, compat, rig) => {
    const worker = rig.fork();
    const diary: unknown[] = [];
    const create = (version: number) => {
      class Registry {
        constructor() {
          diary.push(`${version} opens`);
        }
        async work(ms: number): Promise<number> {
          diary.push(`${version} works`);
          return new Promise(resolve => rig.time.setTimer(() => resolve(version), ms));
        }
        close() {
          diary.push(`${version} closes`);
        }
      }
      return compat.generator(worker, Registry).create() as unknown as ClusterClient & {
        work(ms: number): Promise<number>;
      };
    };
    const old = create(1);
    await rig.time.until(old.ready());
    const inFlight = watch(old.work(500));
    await rig.time.settle();
    const closing = old.close();
    await rig.time.settle();
    const next = create(2);
    t.is(await rig.time.until(next.work(1)), 2);
    await rig.time.until(closing);
    t.is(inFlight.end, 'ok');
    t.deepEqual(diary, ['1 opens', '1 works', '1 closes', '2 opens', '2 works']);
    t.true(next.isClusterClientLeader);
    await rig.time.until(next.close());
  },
);

compat('of the clients in one process, one that may lead makes it eligible', async (t, compat, rig) => {
  const worker = rig.fork();
  const never = compat.client(worker, { isLeader: false });
  await rig.time.settle();
  t.is(compat.server.reals.length, 0);
  const may = compat.client(worker);
  await rig.time.until(Promise.all([never.ready(), may.ready()]));
  t.deepEqual([never.isClusterClientLeader, may.isClusterClientLeader], [false, true]);
  const elsewhere = compat.client(rig.fork());
  await rig.time.until(elsewhere.ready());
  await rig.time.until(may.close());
  await rig.time.settle();
  t.is(await rig.time.until(never.where()), rig.workers[1]!.workerId);
  await rig.time.settle();
  await rig.time.until(never.where());
  t.deepEqual([never.isClusterClientLeader, elsewhere.isClusterClientLeader], [false, true]);
});

compat('a real client that fails to close at a hand-over is an error where it lived', async (t, compat, rig) => {
  const [old, next] = await compat.clients(2);
  compat.server.closeFailure = new Error('not closed');
  await rig.time.until(rig.primary.transfer('Registry@7777'));
  compat.server.closeFailure = undefined;
  t.deepEqual([old!.errors.map(({ message }) => message), next!.errors], [['not closed'], []]);
  t.true(next!.isClusterClientLeader);
});

compat('what goes wrong oneway is an error of the caller', async (t, compat, rig) => {
  const [leader, follower] = await compat.clients(2);
  follower!.oneway('good');
  follower!.oneway('bad');
  await rig.time.settle();
  t.deepEqual(compat.server.asked('oneway'), ['good', 'bad']);
  t.deepEqual([leader!.errors.length, follower!.errors.map(({ message }) => message)], [0, ['not that']]);
});

compat('a subscription without a value in time is an error, once', async (t, compat, rig) => {
  const [leader, follower] = await compat.clients(2, { subscribeTimeout: 100 });
  listen(leader!, 'a');
  listen(follower!, 'a');
  listen(follower!, 'b');
  listen(follower!, 'b');
  await rig.time.advance(50);
  compat.server.push('a', 1);
  await rig.time.advance(100);
  t.deepEqual(leader!.errors, []);
  t.is(follower!.errors.length, 1);
  t.like(follower!.errors[0], { name: 'ResponseTimeoutError', code: 'ERR_TIMEOUT' });
  t.regex(follower!.errors[0]!.message, /"b"/);
});

compat('registrations of one key are one upstream subscription, whoever came first', async (t, compat, rig) => {
  const [one, two] = await compat.clients(2, { formatKey: ({ id }: { id: string }) => id });
  const first = listen(one!, { id: 'a', by: 1 });
  await rig.time.settle();
  compat.server.push({ id: 'a', by: 1 }, 'last');
  await rig.time.settle();
  const second = listen(two!, { id: 'a', by: 2 });
  await rig.time.settle();
  t.deepEqual([first, second], [['last'], ['last']]);
  one!.unSubscribe({ id: 'a' });
  await rig.time.settle();
  compat.server.push({ id: 'a', by: 1 }, 'next');
  await rig.time.settle();
  t.deepEqual([first, second], [['last'], ['last', 'next']]);
  two!.unSubscribe({ id: 'a' });
  await rig.time.settle();
  t.deepEqual(compat.server.asked('subscribe'), [{ id: 'a', by: 1 }]);
  t.deepEqual(compat.server.asked('unSubscribe'), [{ id: 'a', by: 1 }]);
});

compat('when the channel to the primary is gone, calls end by the name that callers know', async (t, compat, rig) => {
  const [, client] = await compat.clients(2);
  const call = watch(client!.never());
  await rig.time.settle();
  rig.workers[1]!.disconnect();
  await rig.time.settle();
  t.is(call.end, 'ERR_PRIMARY_LOST unknown');
  t.like(await rig.time.until(endOf(client!.where())), { name: 'SocketCloseError', code: 'ERR_PRIMARY_LOST' });
});

compat(
  'without setupPrimary() ready says what to do',
  async (t, compat, rig) => {
    const warnings: unknown[] = [];
    const client = compat.client(rig.fork(), { logger: { warn: text => warnings.push(text) } });
    const end = (await rig.time.until(endOf(client.ready()), 6000)) as { message: string };
    t.like(end, { name: 'ClusterClientNoResponseError', code: 'ERR_NO_PRIMARY' });
    t.regex(end.message, /setupPrimary/);
    t.is(warnings.length, 1);
  },
  { primary: false },
);
