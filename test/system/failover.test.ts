import { eventsOf, recorder, system, watch } from '../helpers/system/test.js';

system('a killed leader: each call ends once, with what is true of it', async (t, rig) => {
  const clients = await rig.clients(4, i => ({ eligible: i !== 1 }));
  await rig.connect();
  const client = clients[1]!;
  const leader = rig.leader();
  const done = watch(client.echo('done'));
  const plain = watch(client.hold('in its hands'));
  const idempotent = watch(client.with({ idempotent: true }).echo('again'));
  await rig.time.settle();
  t.deepEqual([done.end, idempotent.end], ['ok', 'ok']);
  const again = watch(client.with({ idempotent: true }).hold('twice'));
  await rig.time.settle();
  leader.stopReading();
  const late = watch(client.echo('handed to the channel'));
  await rig.time.settle();
  leader.kill();
  const blind = watch(client.echo('made before it is known'));
  await rig.time.settle();
  const after = watch(client.echo('after'));
  await rig.time.settle();
  t.deepEqual([plain.end, late.end], ['ERR_LEADER_LOST unknown', 'ERR_LEADER_LOST unknown']);
  // By the direct route it was written, though to nobody.
  const isWritten = rig.route === 'direct';
  t.deepEqual([blind.end, after.end], [isWritten ? 'ERR_LEADER_LOST unknown' : 'ok', 'ok']);
  t.is(again.end, undefined);
  rig.upstream().held.get('twice')!.resolve('twice');
  await rig.time.settle();
  t.is(again.end, 'ok');
  const runs = ['done', 'handed to the channel', 'made before it is known', 'after'].map(name =>
    rig.upstream().count('echo', name),
  );
  t.deepEqual(runs, [1, 0, isWritten ? 0 : 1, 1]);
  t.deepEqual([rig.upstream().count('hold', 'in its hands'), rig.upstream().count('hold', 'twice')], [1, 2]);
  t.is(client.status().calls.resent, 1);
});

system('a result that the dead leader still wrote counts', async (t, rig) => {
  const [, client] = await rig.clients(3);
  const leader = rig.leader();
  const call = watch(client!.echo(1));
  await rig.time.reached(() => rig.upstream().count('echo') === 1);
  await rig.time.tick();
  leader.kill();
  await rig.time.settle();
  t.is(call.end, 'ok');
  t.is(rig.upstream().count('echo'), 1);
});

system('the next leader is appointed in the turn in which the death is known', async (t, rig) => {
  await rig.clients(3);
  const term = rig.primary.status().groups[0]!.term;
  const before = rig.time.now();
  rig.leader().kill();
  await rig.time.settle();
  const { state, term: next } = rig.primary.status().groups[0]!;
  t.is(rig.time.now(), before);
  t.is(state, 'leading');
  t.true(next > term);
});

system('calls that wait in the primary for a leader that does not read go to the next one', async (t, rig) => {
  const [, client] = await rig.clients(3);
  const leader = rig.leader();
  leader.stopReading();
  const large = 'x'.repeat(600_000);
  const calls: ReturnType<typeof watch>[] = [];
  for (let n = 0; n < 6; n++) {
    calls.push(watch(client!.echo([n, large])));
    await rig.time.settle();
  }
  leader.kill();
  await rig.time.settle();
  const ends = calls.map(call => call.end);
  const ok = ends.filter(end => end === 'ok').length;
  t.true(ok >= 3, String(ends));
  t.deepEqual(ends, [...Array(6 - ok).fill('ERR_LEADER_LOST unknown'), ...Array(ok).fill('ok')]);
  t.is(rig.upstream().count('echo'), ok);
});

system('calls that wait in the follower for a primary that does not read go to the next leader', async (t, rig) => {
  const clients = await rig.clients(3, i => ({ eligible: i !== 1 }));
  const client = clients[1]!;
  const leader = rig.leader();
  rig.cluster.freezePrimary();
  const large = 'x'.repeat(600_000);
  const calls: ReturnType<typeof watch>[] = [];
  for (let n = 0; n < 6; n++) {
    calls.push(watch(client.echo([n, large])));
    await rig.time.tick();
  }
  await rig.time.settle();
  leader.kill();
  rig.cluster.thawPrimary();
  await rig.time.settle();
  const ends = calls.map(call => call.end);
  const ok = ends.filter(end => end === 'ok').length;
  t.true(ok >= 3, String(ends));
  t.is(rig.upstream().count('echo'), ok);
  t.deepEqual(ends, [...Array(6 - ok).fill('ERR_LEADER_LOST unknown'), ...Array(ok).fill('ok')]);
});

system('an idempotent call is sent again within its deadline only', async (t, rig) => {
  const [, client] = await rig.clients(3, { timeoutMs: 300, methods: { hold: { idempotent: true } } });
  const call = watch(client!.hold('slow'));
  await rig.time.advance(200);
  rig.leader().kill();
  await rig.time.settle();
  t.is(rig.upstream().count('hold'), 2);
  await rig.time.advance(102);
  t.is(call.end, 'ERR_TIMEOUT unknown');
});

system(
  'an idempotent call that may have run says so when it ends while it waits for the next leader',
  async (t, rig) => {
    const clients = await rig.clients(2, i => ({ timeoutMs: 300, eligible: i === 0 }));
    const idempotent = clients[1]!.with({ idempotent: true });
    const [late, cancelled] = [
      watch(idempotent.hold('late')),
      watch(idempotent.with({ timeoutMs: 60_000 }).hold('closed')),
    ];
    await rig.time.settle();
    rig.leader().kill();
    await rig.time.advance(301);
    t.is(late.end, 'ERR_TIMEOUT unknown');
    await rig.time.until(clients[1]!.close());
    t.is(cancelled.end, 'ERR_CLOSED unknown');
  },
);

system('subscribers hear resync before the first value of the new term, once a handle and key', async (t, rig) => {
  const clients = await rig.clients(3);
  const reported: string[][] = [];
  for (const client of clients) {
    const log: string[] = [];
    reported.push(log);
    client.on('resync', ({ key, fromTerm, toTerm, reason }) =>
      log.push(`resync ${key} ${toTerm > fromTerm} ${reason}`),
    );
    client.subscribe('topic', value => log.push(`value ${value}`));
    await rig.time.until(client.subscribe('topic', () => {}).ready);
  }
  rig.upstream().push('topic', 1);
  await rig.time.settle();
  // The next real client pushes its state at once, before it confirms.
  rig.upstream().onSubscribe = () => rig.upstream().push('topic', 2);
  rig.leader().kill();
  await rig.time.settle();
  rig.upstream().push('topic', 3);
  await rig.time.settle();
  const expected = ['value 1', 'resync "topic" true failover', 'value 2', 'value 3'];
  t.deepEqual(reported.slice(1), [expected, expected]);
  t.is(rig.upstream().count('subscribe'), 2);
});

system('a subscription made while nobody leads is no failover, and gets no resync', async (t, rig) => {
  const client = rig.client(rig.fork(), { eligible: false });
  const events = eventsOf(client);
  const log = recorder();
  const { ready } = client.subscribe('topic', log.listener);
  await rig.time.settle();
  await rig.time.until(rig.client(rig.fork()).ready());
  await rig.time.until(ready);
  t.deepEqual(events, []);
});

system('a subscription that was refused after a failover is tried again with backoff', async (t, rig) => {
  const clients = await rig.clients(2, i => ({ eligible: i === 0 }));
  const third = rig.client(rig.fork(), { priority: -1 });
  const client = clients[1]!;
  const events = eventsOf(client);
  const log = recorder();
  await rig.time.until(client.subscribe('topic', log.listener).ready);
  rig.upstream().onSubscribe = () => Promise.reject(new Error('not yet'));
  const at = rig.time.now();
  rig.leader().kill();
  await rig.time.advance(1000);
  t.deepEqual(events, Array(4).fill('error not yet'));
  const times = rig
    .upstream()
    .calls.filter(call => call.method === 'subscribe')
    .map(call => Math.round(call.at - at));
  t.deepEqual(times.slice(1), [0, 100, 300, 700]);
  rig.upstream().onSubscribe = () => {};
  await rig.time.advance(1000);
  rig.upstream().push('topic', 1);
  await rig.time.settle();
  t.deepEqual(log.values, [1]);
  t.deepEqual(events.slice(4), ['resync "topic" failover']);
  t.true(third.isLeader);
});

system('failover upon failover: nobody has to do anything', async (t, rig) => {
  const clients = await rig.clients(5, i => ({ eligible: i < 4 }));
  const client = clients[4]!;
  const log = recorder();
  await rig.time.until(client.subscribe('topic', log.listener).ready);
  for (let n = 1; n < 4; n++) {
    const call = watch(client.with({ idempotent: true }).hold(n));
    await rig.time.settle();
    rig.leader().kill();
    await rig.time.settle();
    rig.upstream().push('topic', n);
    rig.upstream().held.get(n)!.resolve(n);
    await rig.time.settle();
    t.is(call.end, 'ok');
  }
  t.deepEqual(log.values, [1, 2, 3]);
  t.deepEqual(log.infos.map(({ term }) => term).length, new Set(log.infos.map(({ term }) => term)).size);
});

system('a leader that dies while it opens is succeeded, and a call that waits goes to the next', async (t, rig) => {
  rig.upstream().onReady = () => new Promise(() => {});
  const clients = [rig.client(rig.fork()), rig.client(rig.fork())];
  const call = watch(clients[1]!.echo(1));
  await rig.time.settle();
  t.is(rig.primary.status().groups[0]!.state, 'opening');
  rig.upstream().onReady = () => {};
  rig.leader().kill();
  await rig.time.settle();
  t.is(call.end, 'ok');
});

system('the last candidate dies: the group waits for the next one', async (t, rig) => {
  const clients = await rig.clients(2, i => ({ eligible: i === 0 }));
  rig.leader().kill();
  await rig.time.settle();
  t.is(rig.story.at(-1), 'g: vacant');
  t.is(clients[1]!.leader, undefined);
  const call = watch(clients[1]!.echo(1));
  await rig.time.advance(1000);
  t.is(call.end, undefined);
  rig.client(rig.fork());
  await rig.time.settle();
  t.is(call.end, 'ok');
});

system('terms grow, also over the end of a group and of the primary', async (t, rig) => {
  const terms: number[] = [];
  for (let n = 0; n < 3; n++) {
    const client = rig.client(rig.fork());
    await rig.time.until(client.ready());
    terms.push(client.term);
    await rig.time.until(client.close());
  }
  await rig.time.until(rig.primary.close());
  rig.setup();
  const client = rig.client(rig.fork());
  await rig.time.until(client.ready());
  terms.push(client.term);
  t.deepEqual(
    [...new Set(terms)].sort((a, b) => a - b),
    terms,
  );
  t.is(terms[0], rig.time.wall());
});

system(
  'the leader of a primary that is set up again opens its real client after the last one is closed',
  async (t, rig) => {
    for (const isAwaited of [true, false]) {
      const clients = await rig.clients(3);
      // Longer than a lease.
      rig.upstream().onClose = () => new Promise<void>(resolve => rig.time.setTimer(resolve, 1500));
      const closing = rig.primary.close();
      if (isAwaited) await rig.time.until(closing);
      rig.setup();
      // What is asked for before the goodbye is read is lost with the primary.
      await rig.time.settle();
      await rig.time.until(Promise.all(clients.map(client => client.echo(1))));
      t.is(rig.upstream().mostEverLive, 1);
      rig.upstream().onClose = () => {};
      await rig.time.until(Promise.all(clients.map(client => client.close())));
    }
  },
);

system(
  'an idempotent call that may have run, and comes too late to the next leader, is not told as never begun',
  async (t, rig) => {
    const [, client] = await rig.clients(3, i => ({ eligible: i !== 1 }));
    const call = watch(client!.with({ idempotent: true, timeoutMs: 100 }).hold('ran'));
    await rig.time.settle();
    t.is(rig.upstream().count('hold'), 1);
    rig.leader().kill();
    // Nobody's timer has run yet when it is sent again.
    rig.time.jump(200);
    await rig.time.settle();
    t.is(call.end, 'ERR_TIMEOUT unknown');
    t.is(rig.upstream().count('hold'), 1);
  },
);
