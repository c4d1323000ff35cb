import { FakeClient, tasks } from '../helpers/system/client.js';
import { eventsOf, everywhere, recorder, system, watch } from '../helpers/system/test.js';

system('a listener of the primary may hand over, close and set up again', async (t, rig) => {
  const clients = await rig.clients(3);
  const transfers: ReturnType<typeof watch>[] = [];
  rig.primary.once('ready', () => transfers.push(watch(rig.primary.transfer('g', 3))));
  rig.primary.once('deposed', () => transfers.push(watch(rig.primary.transfer('g', 2))));
  rig.leader().kill();
  await rig.time.settle();
  t.true(clients[2]!.isLeader);
  t.deepEqual(
    transfers.map(({ end }) => end),
    ['ERR_LEADER_FAILED', 'ok'],
  );
  rig.primary.once('deposed', () => {
    void rig.primary.close();
    rig.setup();
  });
  rig.leader().kill();
  await rig.time.advance(1100);
  t.is(await rig.time.until(clients[1]!.echo(1)), 1);
  t.is(rig.upstream().live.length, 1);
});

system('a listener of leader or follower may resign, close, and make calls', async (t, rig) => {
  const clients = await rig.clients(3);
  const calls: ReturnType<typeof watch>[] = [];
  clients[1]!.once('leader', () => {
    calls.push(watch(clients[1]!.echo('leader')));
    void clients[1]!.resign();
  });
  clients[1]!.once('follower', () => calls.push(watch(clients[1]!.echo('follower'))));
  clients[2]!.once('leader', () => void clients[2]!.close());
  await rig.time.until(rig.primary.transfer('g', 2)).catch(() => {});
  await rig.time.advance(1000);
  t.is(await rig.time.until(clients[0]!.echo('last')), 'last');
  t.deepEqual(
    calls.map(({ end }) => end),
    ['ok', 'ok'],
  );
  t.is(rig.upstream().live.length, 1);
});

system('a listener of resync may end its subscription, begin another, and close', async (t, rig) => {
  const clients = await rig.clients(4, i => ({ eligible: i < 2 }));
  const [first, second] = [recorder(), recorder()];
  const subscription = clients[2]!.subscribe('topic', first.listener);
  await rig.time.until(subscription.ready);
  await rig.time.until(clients[3]!.subscribe('topic', () => {}).ready);
  clients[2]!.once('resync', () => {
    void subscription.unsubscribe();
    clients[2]!.subscribe('topic', second.listener);
  });
  clients[3]!.once('resync', () => void clients[3]!.close());
  rig.leader().kill();
  await rig.time.settle();
  rig.upstream().push('topic', 1);
  await rig.time.settle();
  t.deepEqual([first.values, second.values], [[], [1]]);
});

everywhere('a listener of values may close its handle, and make calls on it', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    const seen: unknown[] = [];
    const calls: ReturnType<typeof watch>[] = [];
    client.subscribe('topic', value => {
      seen.push(value);
      calls.push(watch(client.echo(value)));
      if (value === 2) void client.close();
    });
    await rig.time.until(client.subscribe('topic', () => {}).ready);
    rig.upstream().push('topic', 1, 2, 3);
    await rig.time.settle();
    t.deepEqual(seen, [1, 2]);
    t.deepEqual(
      calls.map(({ end }) => end),
      ['ok', 'ok'],
    );
  }
});

system('who hears that a call was lost may make others, and cancel some', async (t, rig) => {
  const [, client] = await rig.clients(3, i => ({ eligible: i !== 1 }));
  const controller = new AbortController();
  const calls: ReturnType<typeof watch>[] = [];
  client!.hold('a').catch(() => {
    calls.push(watch(client!.echo('again')));
    controller.abort(new Error('enough'));
  });
  const others = [
    watch(client!.with({ signal: controller.signal, idempotent: true }).hold('b')),
    watch(client!.with({ idempotent: true }).hold('c')),
  ];
  await rig.time.settle();
  rig.leader().kill();
  await rig.time.settle();
  rig.upstream().held.get('c')!.resolve(1);
  await rig.time.settle();
  t.deepEqual(
    [...calls, ...others].map(({ end }) => end),
    ['ok', 'enough', 'ok'],
  );
});

everywhere('a method of the real client may call the group it serves', async (t, rig) => {
  const clients = await rig.clients(2);
  tasks.set('inner', () => clients[0]!.echo('inner'));
  tasks.set('resign', () => void clients[0]!.resign());
  for (const client of clients) t.is(await rig.time.until(client.run('inner')), 'inner');
  t.is(await rig.time.until(clients[1]!.run('resign')), undefined);
  await rig.time.settle();
  t.true(clients[1]!.isLeader);
});

everywhere('a real client may say values from within subscribe(), and after it was unsubscribed', async (t, rig) => {
  const [, client] = await rig.clients(2);
  const late: (() => void)[] = [];
  rig.upstream().onSubscribe = (topic, real) => {
    queueMicrotask(() => FakeClient.pushNow(real, topic, 'soon'));
    return undefined;
  };
  rig.upstream().onUnsubscribe = (topic, real) => {
    late.push(() => FakeClient.pushNow(real, topic, 'late'));
  };
  const log = recorder();
  const subscription = client!.subscribe('topic', log.listener);
  await rig.time.until(subscription.ready);
  await rig.time.settle();
  await subscription.unsubscribe();
  await rig.time.settle();
  for (const push of late) push();
  await rig.time.settle();
  t.deepEqual(log.values, ['soon']);
});

everywhere('a real client that keeps a listener for good disturbs nobody', async (t, rig) => {
  const worker = rig.fork();
  const listeners: ((value: unknown) => void)[] = [];
  const definition = {
    name: 'g',
    open: () => ({
      subscribe: (_topic: string, listener: (value: unknown) => void) => {
        listeners.push(listener);
        // Within the call itself.
        listener(`first ${listeners.length}`);
      },
    }),
  };
  const client = rig.adopt(worker.createSharedClient(definition), worker);
  const logs = [recorder(), recorder()];
  for (const [i, log] of logs.entries()) {
    const subscription = client.subscribe('topic', log.listener);
    await rig.time.until(subscription.ready);
    await rig.time.settle();
    for (const listener of listeners) listener(`value ${i}`);
    await rig.time.settle();
    await subscription.unsubscribe();
    await rig.time.settle();
  }
  t.deepEqual(
    logs.map(log => log.values),
    [
      ['first 1', 'value 0'],
      ['first 2', 'value 1'],
    ],
  );
});

system('Infinity never runs out', async (t, rig) => {
  const forever = Number.POSITIVE_INFINITY;
  const options = {
    timeoutMs: forever,
    readyTimeoutMs: forever,
    openTimeoutMs: forever,
    drainTimeoutMs: forever,
    primaryTimeoutMs: forever,
  };
  rig.upstream().onReady = () => new Promise(resolve => rig.time.setTimer(() => resolve(1), 100_000));
  const clients = [rig.client(rig.fork(), options), rig.client(rig.fork(), options)];
  const ready = watch(clients[1]!.ready());
  const call = watch(clients[1]!.hold(1));
  await rig.time.advance(99_999);
  t.deepEqual([ready.end, call.end], [undefined, undefined]);
  rig.upstream().onReady = () => {};
  await rig.time.advance(2);
  t.is(ready.end, 'ok');
  const events = eventsOf(clients[0]!);
  const resigned = watch(clients[0]!.resign());
  await rig.time.advance(30_000);
  t.deepEqual([resigned.end, call.end], [undefined, undefined]);
  rig.upstream().held.get(1)!.resolve(1);
  await rig.time.settle();
  t.deepEqual([resigned.end, call.end], ['ok', 'ok']);
  t.deepEqual(events, ['follower']);
});
