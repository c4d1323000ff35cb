// In whose AsyncLocalStorage context the code of the app runs: in that of whoever asked for it, or in none.

import { AsyncLocalStorage } from 'node:async_hooks';
import diagnostics from 'node:diagnostics_channel';
import test from 'ava';
import { callContext, type DiagnosticsMessages } from '../../lib/index.js';
import { createMemoryCluster } from '../../lib/testing.js';
import { CompatRig } from '../helpers/compat/rig.js';
import { tasks } from '../helpers/system/client.js';
import { everywhere, system } from '../helpers/system/test.js';

const storage = new AsyncLocalStorage<string>();
const inside = <T>(user: string, make: () => T): T => storage.run(user, make);
const user = (): string => storage.getStore() ?? 'nobody';

/** Lists in whose context each step was seen. */
function createDiary() {
  const lines: string[] = [];
  const note = (what: string) => void lines.push(`${what}: ${user()}`);
  return { lines, note, take: () => lines.splice(0) };
}

everywhere('calls of one tick in the leader run each in its own context, also in what they await', async (t, rig) => {
  const [leading, following] = await rig.clients(2);
  tasks.set('who', async () => {
    const before = user();
    await null;
    return `${before} ${user()}`;
  });
  const users = ['alice', 'bob', 'carol'];
  const seen = await rig.time.until(Promise.all(users.map(name => inside(name, () => leading!.run('who')))));
  t.deepEqual(seen, ['alice alice', 'bob bob', 'carol carol']);
  const mixed = [inside('alice', () => following!.run('who')), inside('bob', () => leading!.run('who'))];
  t.deepEqual(await rig.time.until(Promise.all(mixed)), ['nobody nobody', 'bob bob']);
});

everywhere('a call that waits for a leader runs in its own context once this worker leads', async (t, rig) => {
  const worker = rig.fork();
  tasks.set('who', () => user());
  const client = rig.client(worker);
  const calls = ['alice', 'bob'].map(name => inside(name, () => client.run('who')));
  t.deepEqual(await rig.time.until(Promise.all(calls)), ['alice', 'bob']);
});

system('a sticky publication is republished in the context of its publisher', async (t, rig) => {
  const [, following] = await rig.clients(2);
  const diary = createDiary();
  rig.upstream().onPublish = ([what]) => diary.note(String(what));
  await rig.time.until(inside('alice', () => following!.with({ sticky: 'a' }).publish('a')));
  await rig.time.until(inside('bob', () => following!.with({ sticky: 'b' }).publish('b')));
  t.deepEqual(diary.take(), ['a: nobody', 'b: nobody']);
  rig.leader().kill();
  await rig.time.settle();
  t.deepEqual(diary.take(), ['a: alice', 'b: bob']);
});

everywhere('listeners run in the context that registered them, on the leader and elsewhere', async (t, rig) => {
  const clients = await rig.clients(2, { events: ['news'] });
  const diary = createDiary();
  for (const [i, client] of clients.entries()) {
    inside(`alice ${i}`, () => client.subscribe('topic', () => diary.note('value')));
    inside(`bob ${i}`, () => client.subscribe('topic', () => diary.note('value')));
    inside(`carol ${i}`, () => client.upstream.on('news', () => diary.note('upstream')));
    inside(`dan ${i}`, () => client.upstream.once('news', () => diary.note('upstream once')));
  }
  await rig.time.settle();
  inside('server', () => rig.upstream().push('topic', 1));
  await rig.time.settle();
  t.deepEqual(diary.take().sort(), ['value: alice 0', 'value: alice 1', 'value: bob 0', 'value: bob 1']);
  inside('server', () => rig.upstream().emit('news'));
  await rig.time.settle();
  t.deepEqual(diary.take().sort(), [
    'upstream once: dan 0',
    'upstream once: dan 1',
    'upstream: carol 0',
    'upstream: carol 1',
  ]);
});

system('events of handles and of the primary run in the context that registered them', async (t, rig) => {
  const [leading, following] = await rig.clients(2);
  const diary = createDiary();
  inside('alice', () => leading!.on('follower', () => diary.note('follower')));
  inside('bob', () => following!.on('leader', () => diary.note('leader')));
  inside('carol', () => rig.primary.on('deposed', () => diary.note('deposed')));
  inside('dan', () => following!.on('error', () => diary.note('error')));
  inside('eve', () => leading!.on('close', () => diary.note('close')));
  await rig.time.until(inside('mallory', () => leading!.resign()));
  await rig.time.settle();
  t.deepEqual(diary.take().sort(), ['deposed: carol', 'follower: alice', 'leader: bob']);
  await rig.time.until(inside('mallory', () => leading!.close()));
  inside('mallory', () => rig.upstream().emit('error', new Error('said')));
  await rig.time.settle();
  t.deepEqual(diary.take(), ['close: eve', 'error: dan']);
});

system('the real client is opened, subscribed and closed in the context that asked for the client', async (t, rig) => {
  const worker = rig.fork();
  const diary = createDiary();
  const upstream = rig.upstream();
  upstream.onConstruct = () => diary.note('constructor');
  upstream.onReady = () => diary.note('ready');
  upstream.onSubscribe = () => diary.note('subscribe');
  upstream.onUnsubscribe = () => diary.note('unsubscribe');
  upstream.onUnpublish = () => diary.note('unpublish');
  upstream.onClose = () => diary.note('close');
  const client = inside('alice', () => rig.client(worker));
  await rig.time.until(inside('bob', () => client.ready()));
  const subscription = inside('bob', () => client.subscribe('topic', () => {}));
  await rig.time.until(subscription.ready);
  await rig.time.until(inside('bob', () => subscription.unsubscribe()));
  await rig.time.settle();
  t.deepEqual(diary.take(), ['constructor: alice', 'ready: alice', 'subscribe: alice', 'unsubscribe: alice']);
  await rig.time.until(inside('bob', () => client.resign()));
  await rig.time.settle();
  t.deepEqual(diary.take(), ['close: alice', 'constructor: alice', 'ready: alice']);
  const publisher = rig.client(rig.fork());
  await rig.time.until(publisher.with({ sticky: 'a' }).publish('a'));
  rig.workers[1]!.kill();
  await rig.time.settle();
  t.deepEqual(diary.take(), ['unpublish: alice']);
});

system('signals that the library aborts call their listeners in the context they belong to', async (t, rig) => {
  const worker = rig.fork();
  const diary = createDiary();
  tasks.set('wait', () => {
    const signal = callContext()!.signal;
    return new Promise<void>(resolve => {
      signal.addEventListener('abort', () => {
        diary.note(`call ${callContext() !== undefined}`);
        resolve();
      });
    });
  });
  const client = rig.client(worker);
  const stop = new AbortController();
  const call = inside('alice', () => client.with({ signal: stop.signal }).run('wait'));
  await rig.time.settle();
  inside('bob', () => stop.abort());
  await rig.time.until(call.catch(() => {}));
  await rig.time.settle();
  t.deepEqual(diary.take(), ['call true: alice']);
  const open = ({ signal }: { signal: AbortSignal }) => {
    signal.addEventListener('abort', () => diary.note('open'));
    return {};
  };
  const opened = rig.adopt(
    inside('carol', () => worker.createSharedClient({ name: 'opened', open })),
    worker,
  );
  await rig.time.until(opened.ready());
  await rig.time.until(inside('bob', () => opened.close()));
  t.deepEqual(diary.take(), ['open: carol']);
});

everywhere('a task of whileLeader runs in the context of whoever asked for it', async (t, rig) => {
  const worker = rig.fork();
  const diary = createDiary();
  const task = inside('alice', () =>
    worker.whileLeader('job', async signal => {
      diary.note('task');
      signal.addEventListener('abort', () => diary.note('abort'));
    }),
  );
  inside('bob', () => task.on('done', () => diary.note('done')));
  await rig.time.settle();
  t.deepEqual(diary.take(), ['task: alice', 'done: bob']);
  await rig.time.until(inside('carol', () => task.close()));
  t.deepEqual(diary.take(), ['abort: alice']);
});

everywhere(
  'who watches calls hears of their end in the context of the caller, and of the rest in none',
  async (t, rig) => {
    const [leading] = await rig.clients(1);
    const diary = createDiary();
    const calls = diagnostics.tracingChannel('cluster-shared-client:call');
    const subscribers = {
      start: () => diary.note('start'),
      end: () => {},
      asyncStart: () => diary.note('asyncStart'),
      asyncEnd: () => {},
      error: () => diary.note('error'),
    };
    calls.subscribe(subscribers);
    tasks.set('fail', () => Promise.reject(new Error('so')));
    const failing = inside('alice', () => leading!.run('fail'));
    const fine = inside('bob', () => leading!.echo(1));
    await rig.time.until(Promise.allSettled([failing, fine]));
    calls.unsubscribe(subscribers);
    t.deepEqual(
      diary.lines.filter(line => line.endsWith('nobody')),
      [],
    );
    t.deepEqual(
      diary.take().filter(line => line.startsWith('error')),
      ['error: alice', 'error: alice'],
    );
    const onLeave = (_message: unknown) => diary.note('leave');
    const name = 'cluster-shared-client:leave' satisfies `cluster-shared-client:${keyof DiagnosticsMessages}`;
    diagnostics.subscribe(name, onLeave);
    await rig.time.until(inside('alice', () => leading!.close()));
    diagnostics.unsubscribe(name, onLeave);
    t.true(diary.lines.length > 0);
    t.deepEqual(new Set(diary.take()), new Set(['leave: nobody']));
  },
);

everywhere('callbacks and listeners of the drop-in run in the context that gave them', async (t, rig) => {
  const compat = new CompatRig(rig);
  const [leading, following] = await compat.clients(2);
  const diary = createDiary();
  for (const client of [leading!, following!]) {
    const where = client.where.bind(client) as (callback: () => void) => void;
    const call = (name: string) => inside(name, () => where(() => diary.note('callback')));
    call('alice');
    call('bob');
    inside('carol', () => client.ready(() => diary.note('ready')));
    inside('dan', () => client.subscribe({ dataId: 'a' }, () => diary.note('value')));
    await rig.time.settle();
    const expected = ['callback: alice', 'callback: bob', 'ready: carol'];
    t.deepEqual(
      diary
        .take()
        .filter(line => !line.startsWith('value'))
        .sort(),
      expected,
    );
    inside('server', () => compat.server.push({ dataId: 'a' }, 1));
    await rig.time.settle();
    t.deepEqual(new Set(diary.take()), new Set(['value: dan']));
  }
  await compat.end();
});

system(
  'chooseLeader runs in the context of whoever set up the primary',
  async (t, rig) => {
    const diary = createDiary();
    inside('alice', () =>
      rig.setup({
        chooseLeader: candidates => {
          diary.note('choose');
          return candidates[0]!;
        },
      }),
    );
    const client = inside('bob', () => rig.client(rig.fork()));
    await rig.time.until(inside('carol', () => client.ready()));
    t.deepEqual(diary.take(), ['choose: alice']);
  },
  { primary: false },
);

test('on the time of the process too, where each flush is one for all', async t => {
  const cluster = createMemoryCluster();
  cluster.setupPrimary();
  const worker = cluster.fork();
  const client = worker.createSharedClient({ name: 'g', open: () => ({ who: () => user() }) });
  await client.ready();
  const calls = ['alice', 'bob'].map(name => inside(name, () => client.invoke('who')));
  t.deepEqual(await Promise.all(calls), ['alice', 'bob']);
  await client.close();
  cluster.close();
});
