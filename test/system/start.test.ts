import { endOf, eventsOf, recorder, system, watch } from '../helpers/system/test.js';

system(
  'workers first, the primary seconds later: what was asked for meanwhile works',
  async (t, rig) => {
    const clients = [
      rig.client(rig.fork(), { primaryTimeoutMs: 60_000 }),
      rig.client(rig.fork(), { primaryTimeoutMs: 60_000 }),
    ];
    const log = recorder();
    const waits = clients.flatMap(client => [watch(client.ready()), watch(client.echo(1)), watch(client.publish(2))]);
    clients[1]!.subscribe('topic', log.listener);
    await rig.time.advance(4000);
    t.deepEqual(
      waits.map(wait => wait.end),
      Array(6).fill(undefined),
    );
    rig.setup();
    await rig.time.advance(1000);
    t.deepEqual(
      waits.map(wait => wait.end),
      Array(6).fill('ok'),
    );
    rig.upstream().push('topic', 3);
    await rig.time.settle();
    t.deepEqual(log.values, [3]);
  },
  { primary: false },
);

system(
  'no primary: ready() says so after primaryTimeoutMs, calls at their deadline, and later all is well',
  async (t, rig) => {
    const client = rig.client(rig.fork(), { primaryTimeoutMs: 500, timeoutMs: 800 });
    const events = eventsOf(client);
    const [ready, call, subscribed] = [
      watch(client.ready()),
      watch(client.echo(1)),
      watch(client.subscribe('a', () => {}).ready),
    ];
    await rig.time.advance(499);
    t.is(ready.end, undefined);
    await rig.time.advance(2);
    t.is(ready.end, 'ERR_NO_PRIMARY');
    t.is(events.length, 1);
    t.regex(events[0]!, /^warning .*has not answered for 500 ms.*setupPrimary\(\)/);
    t.is(call.end, undefined);
    await rig.time.advance(300);
    t.is(call.end, 'ERR_NO_PRIMARY not-started');
    t.regex(subscribed.end!, /^ERR_NO_PRIMARY/);
    const late = watch(client.ready());
    await rig.time.advance(501);
    t.is(late.end, 'ERR_NO_PRIMARY');
    rig.setup();
    await rig.time.until(client.ready(), 1100);
    t.is(await rig.time.until(client.echo(2)), 2);
    t.is(events.filter(event => event.startsWith('warning')).length, 1);
  },
  { primary: false },
);

system(
  'no primary, and readyTimeoutMs ends first: ready() says so too',
  async (t, rig) => {
    const client = rig.client(rig.fork(), { primaryTimeoutMs: 5000, readyTimeoutMs: 300 });
    const ready = watch(client.ready());
    await rig.time.advance(301);
    t.is(ready.end, 'ERR_NO_PRIMARY');
  },
  { primary: false },
);

system('a primary that is stalled at the start is waited for', async (t, rig) => {
  rig.cluster.freezePrimary();
  const client = rig.client(rig.fork(), { primaryTimeoutMs: 500 });
  t.is(await rig.time.until(endOf(client.ready())), 'ERR_NO_PRIMARY');
  const call = watch(client.echo(1));
  rig.cluster.thawPrimary();
  await rig.time.advance(1000);
  t.is(call.end, 'ok');
});

system('the first hellos that a primary missed, and those that come twice, do no harm', async (t, rig) => {
  const worker = rig.fork();
  worker.delay(100);
  const client = rig.client(worker);
  await rig.time.until(client.ready(), 3000);
  await rig.time.advance(500);
  worker.delay(0);
  t.is(rig.events.filter(event => event.endsWith('joined')).length, 1);
  t.is(rig.story.length, 2);
});

system(
  'setupPrimary() again gives the same primary, or says which option differs',
  async (t, rig) => {
    const primary = rig.primary;
    t.is(rig.cluster.setupPrimary(), primary);
    t.is(rig.cluster.setupPrimary({ heartbeatMs: 100 }), primary);
    t.throws(() => rig.cluster.setupPrimary({ heartbeatMs: 101 }), {
      code: 'ERR_INVALID_OPTION',
      message: /heartbeatMs/,
    });
    t.throws(() => rig.cluster.setupPrimary({ heartbeat: 100 } as never), {
      code: 'ERR_INVALID_OPTION',
      message: /heartbeatMs/,
    });
  },
  { over: ['advanced'] },
);

system('primary.close(): calls end, members wait, and a new setupPrimary() serves them', async (t, rig) => {
  const clients = await rig.clients(3);
  const log = recorder();
  const events = eventsOf(clients[1]!);
  await rig.time.until(clients[1]!.subscribe('topic', log.listener).ready);
  await rig.time.until(clients[1]!.with({ sticky: 'me' }).publish('here'));
  const [call, ownCall] = [watch(clients[1]!.hold(1)), watch(clients[0]!.hold(2))];
  await rig.time.settle();
  const { term } = clients[0]!;
  await rig.time.until(rig.primary.close());
  await rig.time.settle();
  t.deepEqual([call.end, ownCall.end], ['ERR_PRIMARY_LOST unknown', 'ERR_PRIMARY_LOST unknown']);
  t.deepEqual(
    clients.map(client => [client.isLeader, client.leader]),
    Array(3).fill([false, undefined]),
  );
  t.is(rig.upstream().live.length, 0);
  t.is(clients[1]!.term, term);
  const waiting = watch(clients[1]!.echo(3));
  await rig.time.advance(2000);
  t.is(waiting.end, undefined);
  t.is(await endOf(rig.primary.transfer('g')), 'ERR_CLOSED');
  await rig.primary.close();
  rig.setup({ heartbeatMs: 50 });
  await rig.time.advance(1100);
  t.is(waiting.end, 'ok');
  t.true(clients[1]!.term > term);
  rig.upstream().push('topic', 4);
  await rig.time.settle();
  t.deepEqual(log.values, [4]);
  t.is(rig.upstream().count('publish', 'here'), 2);
  t.deepEqual(
    events.filter(event => event.startsWith('resync')),
    ['resync "topic" failover'],
  );
});

system('primary.close() and setupPrimary() in one tick', async (t, rig) => {
  const clients = await rig.clients(2);
  const closed = rig.primary.close();
  rig.setup();
  await closed;
  await rig.time.advance(1100);
  t.is(await rig.time.until(clients[1]!.echo(1)), 1);
  t.is(rig.upstream().live.length, 1);
});

system('a primary is disposed of by await using', async (t, rig) => {
  const clients = await rig.clients(1);
  await rig.time.until(rig.primary[Symbol.asyncDispose]());
  await rig.time.settle();
  t.is(clients[0]!.leader, undefined);
});

system('a client in the primary follows, and may call', async (t, rig) => {
  const here = rig.client(undefined);
  const call = watch(here.echo(1));
  await rig.time.settle();
  t.is(call.end, undefined);
  const clients = await rig.clients(1);
  await rig.time.settle();
  t.is(call.end, 'ok');
  t.deepEqual([here.isLeader, clients[0]!.isLeader], [false, true]);
  t.is(here.status().transport, 'local');
  const log = recorder();
  await rig.time.until(here.subscribe('topic', log.listener).ready);
  rig.upstream().push('topic', { from: 'worker' });
  await rig.time.settle();
  t.deepEqual(log.values, [{ from: 'worker' }]);
  rig.workers[0]!.kill();
  await rig.time.settle();
  t.is(here.leader, undefined);
});

system('a client in the primary that may lead leads', async (t, rig) => {
  const here = rig.client(undefined, { eligible: true });
  await rig.time.until(here.ready());
  t.true(here.isLeader);
  const [client] = await rig.clients(1);
  t.deepEqual(client!.leader, { workerId: 0, pid: process.pid });
  t.is((await rig.time.until(client!.where())).workerId, 0);
  await rig.time.until(here.close());
  t.is((await rig.time.until(client!.where())).workerId, 1);
});

system(
  'a process without setupPrimary() leads alone; a later setupPrimary() takes its groups over',
  async (t, rig) => {
    const here = rig.client(undefined);
    const log = recorder();
    await rig.time.until(here.ready());
    t.true(here.isLeader);
    await rig.time.until(here.subscribe('topic', log.listener).ready);
    t.is(await rig.time.until(here.echo(1)), 1);
    const { term } = here;
    rig.setup();
    await rig.time.settle();
    t.true(here.isLeader, 'nobody else is there yet');
    const slow = watch(here.work('slow', 50));
    await rig.time.settle();
    const [client] = await rig.clients(1);
    await rig.time.advance(60);
    t.is(slow.end, 'ok');
    t.deepEqual([here.isLeader, client!.isLeader], [false, true]);
    t.true(client!.term > term);
    t.is(rig.upstream().live.length, 1);
    t.is(rig.upstream().mostEverLive, 1);
    rig.upstream().push('topic', 1);
    await rig.time.settle();
    t.deepEqual(log.values, [1]);
    // From here on the two share nothing: who leads there hears of it a moment later.
    rig.upstream().mostLive = 2;
    await rig.time.until(rig.primary.close());
    await rig.time.until(here.ready());
    t.true(here.isLeader, 'alone again');
    t.is(await rig.time.until(here.echo(2)), 2);
  },
  { primary: false },
);

system('a client that is alone leads in its own process, whatever surrounds it', async (t, rig) => {
  const [one, two] = [rig.fork(), rig.fork()];
  rig.upstream().mostLive = 3;
  const clients = [
    rig.client(one, { standalone: true }),
    rig.client(two, { standalone: true }),
    rig.client(undefined, { standalone: true }),
  ];
  await rig.time.until(Promise.all(clients.map(client => client.ready())));
  t.deepEqual(
    clients.map(client => client.isLeader),
    [true, true, true],
  );
  t.is(rig.primary.status().groups.length, 0);
  const values = await rig.time.until(Promise.all(clients.map(client => client.where())));
  t.deepEqual(
    values.map(({ workerId }) => workerId),
    [1, 2, 0],
  );
  rig.cluster.freezePrimary();
  await rig.time.advance(10_000);
  t.is(await rig.time.until(clients[0]!.echo(1)), 1);
  t.is(clients[0]!.status().transport, 'local');
});

system(
  'alone, the same copies and errors apply',
  async (t, rig) => {
    const client = rig.client(rig.fork(), { standalone: true });
    const value = { list: [1], at: new Date(5), map: new Map([[1, 2]]) };
    const result = await rig.time.until(client.echo(value));
    t.deepEqual(result, value);
    t.not(result, value);
    t.not(rig.upstream().calls[0]!.args[0], value);
    t.is(await rig.time.until(endOf(client.echo(() => {}))), 'ERR_NOT_SERIALIZABLE not-started');
    t.is(await rig.time.until(endOf(client.invoke('_hidden' as string))), 'ERR_UNKNOWN_METHOD not-started');
    const error: unknown = await rig.time.until(client.fail(new RangeError('r')).then(null, (e: unknown) => e));
    t.true(error instanceof RangeError);
  },
  { over: ['advanced'], primary: false },
);

system('a worker that has no client hears nothing of ours', async (t, rig) => {
  const worker = rig.fork();
  const { up, down } = rig.spy(worker);
  await rig.clients(2);
  await rig.time.advance(1000);
  rig.leader().kill();
  await rig.time.advance(1000);
  t.deepEqual([up, down], [[], []]);
});
