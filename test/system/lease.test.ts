import { tasks } from '../helpers/system/client.js';
import { endOf, eventsOf, HEARTBEAT_MS, LEADER_TIMEOUT_MS, recorder, system, watch } from '../helpers/system/test.js';

system('a frozen leader is succeeded in time, and runs nothing stale when it thaws', async (t, rig) => {
  const [old, client] = await rig.clients(3);
  const leader = rig.leader();
  t.true(old!.isLeader);
  const values = recorder();
  await rig.time.until(client!.subscribe('topic', values.listener).ready);
  rig.freeze(leader);
  const [plain, idempotent] = [watch(client!.echo('plain')), watch(client!.with({ idempotent: true }).echo('twice'))];
  rig.upstream().push('topic', 'stale');
  const frozenAt = rig.time.now();
  await rig.time.reached(() => rig.leader() !== leader);
  t.true(rig.time.now() - frozenAt <= LEADER_TIMEOUT_MS + HEARTBEAT_MS, `${rig.time.now() - frozenAt}`);
  await rig.time.settle();
  t.is(plain.end, 'ERR_LEADER_LOST unknown');
  t.is(idempotent.end, 'ok');
  t.is(await rig.time.until(client!.echo('next')), 'next');
  t.true(old!.isLeader);
  await rig.thaw(leader);
  t.false(old!.isLeader);
  t.deepEqual([rig.upstream().count('echo', 'plain'), rig.upstream().count('echo', 'twice')], [0, 1]);
  t.is(rig.upstream().live.length, 1);
  t.deepEqual(values.values, []);
  t.is(await rig.time.until(old!.echo('after')), 'after');
  await rig.time.advance(3 * LEADER_TIMEOUT_MS);
  t.deepEqual(rig.story.slice(2), [
    'g: 1 silent',
    `g: ${rig.leader().workerId} appointed`,
    `g: ${rig.leader().workerId} ready`,
  ]);
});

system('a leader frozen for less than its lease goes on where it was', async (t, rig) => {
  const [, client] = await rig.clients(2);
  rig.freeze(rig.leader());
  const call = watch(client!.echo(1));
  await rig.time.advance(LEADER_TIMEOUT_MS - HEARTBEAT_MS);
  t.is(call.end, undefined);
  await rig.thaw(rig.leader());
  t.is(call.end, 'ok');
  t.is(rig.story.length, 2);
});

system(
  'what came with a call that blocked the leader for longer than its lease waits until the lease is renewed',
  async (t, rig) => {
    let started = -1;
    for (const client of await rig.clients(2)) {
      rig.upstream().calls.length = 0;
      tasks.set('block', () => {
        rig.time.jump(LEADER_TIMEOUT_MS + 1);
        queueMicrotask(() => {
          started = rig.upstream().count('echo');
        });
      });
      const calls = Promise.all([client.run('block'), client.echo(1), client.echo(2)]);
      await rig.time.until(calls);
      t.is(started, 0);
      t.deepEqual(
        rig.upstream().calls.map(call => [call.method, call.args[0]]),
        [
          ['run', 'block'],
          ['echo', 1],
          ['echo', 2],
        ],
      );
    }
  },
);

system(
  'calls held outside the lease go on in order once it is renewed, one that blocks again included',
  async (t, rig) => {
    const [leader, follower] = await rig.clients(2);
    tasks.set('block', () => rig.time.jump(LEADER_TIMEOUT_MS + 1));
    rig.time.jump(LEADER_TIMEOUT_MS + 1);
    const calls: Promise<unknown>[] = [];
    for (const client of [leader!, follower!]) {
      calls.push(client.echo(1), client.run('block'));
      await rig.time.settle();
      calls.push(client.echo(2));
    }
    await rig.time.until(Promise.all(calls));
    t.is(rig.upstream().calls.length, 6);
    const order = rig.upstream().calls.map(call => call.args[0]);
    t.is(order.filter(arg => arg === 1).length, 2);
    t.true(order.indexOf(2) > order.indexOf('block'));
  },
);

system(
  'a leader whose appointment is unread when it is frozen is deposed, and runs nothing when it thaws',
  async (t, rig) => {
    const [first, second, third] = [rig.fork(), rig.fork(), rig.fork()];
    const clients = [first, second, third].map(worker => rig.client(worker, { priority: 10 - worker.workerId }));
    await rig.time.until(Promise.all(clients.map(client => client.ready())));
    t.is(rig.leader(), first);
    rig.freeze(second);
    first.kill();
    await rig.time.settle();
    t.is(rig.leader(), second);
    const call = clients[2]!.echo('wait');
    await rig.time.until(call);
    t.is(rig.leader(), third);
    const opens = rig.upstream().clients.length;
    await rig.thaw(second);
    t.is(rig.upstream().live.length, 1);
    t.true(rig.upstream().clients.length <= opens + 1);
    t.is(rig.upstream().count('echo'), 1);
    t.false(clients[1]!.isLeader);
    await rig.time.advance(1000);
    t.is(rig.leader(), third);
  },
);

system('a frozen worker that is appointed, called and deposed runs nothing when it thaws', async (t, rig) => {
  const [old, next, client] = await rig.clients(3);
  const workers = [...rig.workers];
  // It became ready, and froze before the first call.
  await rig.time.until(rig.primary.transfer('g', 2));
  t.true(next!.isLeader);
  rig.freeze(workers[1]!);
  const calls = ['a', 'b', 'c'].map(name => watch(client!.with({ timeoutMs: 60_000 }).echo(name)));
  await rig.time.reached(() => rig.leader() !== workers[1]);
  await rig.time.settle();
  t.deepEqual(
    calls.map(call => call.end),
    Array(3).fill('ERR_LEADER_LOST unknown'),
  );
  await rig.thaw(workers[1]!);
  t.is(rig.upstream().count('echo'), 0);
  t.deepEqual([old!.isLeader, next!.isLeader, client!.isLeader].filter(Boolean).length, 1);
});

system(
  'a primary that stalls for longer than leaderTimeoutMs deposes nobody, and calls go on after',
  async (t, rig) => {
    const [leader, follower] = await rig.clients(2, { events: ['news'] });
    const own = recorder();
    const other = recorder();
    const reported = eventsOf(leader!);
    const update: unknown[] = [];
    leader!.upstream.on('news', value => update.push(value));
    await rig.time.until(leader!.subscribe('topic', own.listener).ready);
    await rig.time.until(follower!.subscribe('topic', other.listener).ready);
    rig.upstream().push('topic', 0);
    await rig.time.settle();
    rig.cluster.freezePrimary();
    await rig.time.advance(3 * LEADER_TIMEOUT_MS);
    const calls = [watch(leader!.echo(1)), watch(follower!.echo(2))];
    rig.upstream().push('topic', 1, 2, 3);
    rig.upstream().emit('news', 'a');
    rig.upstream().emit('news', 'b');
    await rig.time.advance(LEADER_TIMEOUT_MS);
    t.deepEqual(
      calls.map(call => call.end),
      [undefined, undefined],
    );
    t.deepEqual([own.values, other.values, update], [[0], [0], []]);
    t.is(rig.upstream().count('echo'), 0);
    rig.cluster.thawPrimary();
    await rig.time.settle();
    t.deepEqual(
      calls.map(call => call.end),
      ['ok', 'ok'],
    );
    t.deepEqual(
      [own.values, other.values, update],
      [
        [0, 3],
        [0, 3],
        ['a', 'b'],
      ],
    );
    t.deepEqual(reported, ['resync "topic" overload']);
    await rig.time.advance(3 * LEADER_TIMEOUT_MS);
    t.is(rig.story.length, 2);
  },
);

system('a leader whose acknowledgements come too late has no lease, and is not deposed either', async (t, rig) => {
  const [, client] = await rig.clients(2);
  // There and back takes longer than a lease, but no heartbeat is more than a lease behind the one before it.
  rig.leader().delay(LEADER_TIMEOUT_MS / 2 + 20);
  await rig.time.advance(LEADER_TIMEOUT_MS * 2);
  const call = watch(client!.echo(1));
  await rig.time.advance(LEADER_TIMEOUT_MS * 3);
  t.is(call.end, undefined);
  t.is(rig.upstream().count('echo'), 0);
  rig.leader().delay(0);
  await rig.time.until(client!.echo(2));
  t.is(call.end, 'ok');
  t.is(rig.story.length, 2);
});

system(
  'a leader that is killed for its silence has its successor only when it is dead',
  async (t, rig) => {
    const clients = await rig.clients(3);
    const leader = rig.leader();
    leader.freeze();
    await rig.time.reached(() => !leader.isAlive);
    await rig.time.until(clients[1]!.echo(1));
    t.deepEqual(rig.story.slice(2, 4), ['g: 1 killed', `g: ${rig.leader().workerId} appointed`]);
    t.is(rig.upstream().mostEverLive, 1);
  },
  { primary: { hungLeader: 'kill' } },
);

system(
  'a leader whose channel closes closes its real client in that turn, and its lease ends before the next begins',
  async (t, rig) => {
    const clients = await rig.clients(2);
    const leader = rig.leader();
    const closedAt: number[] = [];
    rig.upstream().onClose = () => void closedAt.push(rig.time.now());
    const at = rig.time.now();
    leader.disconnect();
    const call = watch(clients[1]!.echo(1));
    await rig.time.settle();
    t.deepEqual(closedAt, [at]);
    t.is(rig.primary.status().groups[0]!.state, 'fenced');
    t.is(call.end, undefined);
    await rig.time.reached(() => call.end !== undefined);
    t.is(call.end, 'ok');
    const waited = rig.time.now() - at;
    t.true(waited <= LEADER_TIMEOUT_MS + HEARTBEAT_MS && waited > LEADER_TIMEOUT_MS - 2 * HEARTBEAT_MS, `${waited}`);
    t.deepEqual(rig.story.slice(2, 4), ['g: 1 disconnected', 'g: 2 appointed']);
    t.is(await rig.time.until(endOf(clients[0]!.echo(1))), 'ERR_PRIMARY_LOST not-started');
  },
);

system('a disconnected leader that exits is succeeded at once', async (t, rig) => {
  const clients = await rig.clients(2);
  const leader = rig.leader();
  leader.disconnect();
  await rig.time.settle();
  leader.exit();
  await rig.time.settle();
  t.true(clients[1]!.isLeader);
  t.deepEqual(rig.story.slice(2, 4), ['g: 1 exited', 'g: 2 appointed']);
});

system('a real client that takes its time to close is not taken for a silent leader', async (t, rig) => {
  const clients = await rig.clients(2);
  rig.upstream().onClose = client => {
    rig.upstream().onClose = () => {};
    return new Promise<void>(resolve => setCloseTimer(client, resolve));
  };
  const setCloseTimer = (_: unknown, resolve: () => void) => rig.time.setTimer(resolve, 3 * LEADER_TIMEOUT_MS);
  const call = clients[1]!.echo(1);
  await rig.time.until(call);
  await rig.time.until(clients[0]!.resign());
  await rig.time.until(clients[1]!.echo(2));
  t.deepEqual(rig.story.slice(2), ['g: 1 resigned', 'g: 2 appointed', 'g: 2 ready']);
  t.is(rig.upstream().mostEverLive, 1);
});

system('a worker that leads two groups sends one heartbeat for both, and loses both together', async (t, rig) => {
  const [one, two] = [rig.fork(), rig.fork()];
  const clients = ['a', 'b'].flatMap(name =>
    [one, two].map(worker => rig.client(worker, { name, priority: worker === one ? 1 : 0 })),
  );
  await rig.time.until(Promise.all(clients.map(client => client.ready())));
  t.deepEqual([rig.leader('a'), rig.leader('b')], [one, one]);
  const { up } = rig.spy(one);
  await rig.time.advance(10 * HEARTBEAT_MS);
  const beats = up.flatMap(packet => packet.c ?? []).filter(({ k }) => k === 'heartbeat');
  t.true(beats.length >= 9 && beats.length <= 11, `${beats.length}`);
  rig.freeze(one);
  await rig.time.reached(() => rig.leader('a') === two && rig.leader('b') === two);
  await rig.time.settle();
  await rig.thaw(one);
  t.deepEqual(
    clients.map(client => client.isLeader),
    [false, true, false, true],
  );
});
