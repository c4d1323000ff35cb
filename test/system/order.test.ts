import { FakeClient, tasks } from '../helpers/system/client.js';
import { everywhere, recorder, system, watch } from '../helpers/system/test.js';

everywhere(
  'calls, publications and subscriptions of one member reach the real client in the order made',
  async (t, rig) => {
    for (const client of await rig.clients(2)) {
      rig.upstream().calls.length = 0;
      const made = [client.echo(1), client.publish(2), client.subscribe(3, () => {}).ready, client.echoNow(4)];
      await rig.time.settle();
      made.push(client.publish(5), client.echo(6));
      await rig.time.until(Promise.all(made));
      t.deepEqual(
        rig.upstream().calls.map(call => call.args[0]),
        [1, 2, 3, 4, 5, 6],
      );
      await client.unsubscribe(3);
      await rig.time.settle();
    }
  },
);

system('what waits for a leader is sent in the order made', async (t, rig) => {
  const client = rig.client(rig.fork(), { eligible: false });
  const made = [client.echo(1), client.publish(2), client.echo(3), client.publish(4)];
  await rig.time.settle();
  await rig.time.until(rig.client(rig.fork()).ready());
  await rig.time.until(Promise.all(made));
  t.deepEqual(
    rig.upstream().calls.map(call => call.args[0]),
    [1, 2, 3, 4],
  );
});

system('after a failover subscriptions come first, then sticky publications, then what waited', async (t, rig) => {
  const [, client] = await rig.clients(3);
  await rig.time.until(client!.subscribe('topic', () => {}).ready);
  await rig.time.until(client!.with({ sticky: 'key' }).publish('sticky'));
  rig.leader().kill();
  const waiting: Promise<unknown>[] = [];
  // Made before it knows, and after.
  waiting.push(client!.with({ idempotent: true }).echo('first'));
  await rig.time.reached(() => client!.leader === undefined || client!.status().route === undefined);
  waiting.push(client!.echo('second'));
  rig.upstream().calls.length = 0;
  await rig.time.until(Promise.all(waiting));
  t.deepEqual(
    rig.upstream().calls.map(call => call.args[0]),
    ['topic', 'sticky', 'first', 'second'],
  );
});

everywhere('values and results arrive in the order in which the leader sent them', async (t, rig) => {
  const clients = await rig.clients(3);
  for (const client of clients) {
    const order: unknown[] = [];
    const subscription = client.subscribe('topic', value => order.push(value));
    await rig.time.until(subscription.ready);
    tasks.set('talk', async () => {
      const { client: real } = rig.upstream();
      for (let n = 0; n < 5; n++) {
        FakeClient.pushNow(real, 'topic', n);
        if (n === 2) rig.upstream().held.get('first')!.resolve('first');
        // In a later turn, because who awaits a result hears of it after what comes with it in one message.
        if (n === 2) await new Promise<void>(resolve => rig.time.schedule(resolve));
      }
      return 'last';
    });
    const first = client.hold('first').then(value => order.push(value));
    const last = client.run('talk').then(value => order.push(value));
    await rig.time.until(Promise.all([first, last]));
    t.deepEqual(order, [0, 1, 2, 'first', 3, 4, 'last']);
    await subscription.unsubscribe();
  }
});

everywhere('a value for many and a last value for one do not overtake each other', async (t, rig) => {
  const clients = await rig.clients(3);
  const first = recorder();
  await rig.time.until(clients[0]!.subscribe('topic', first.listener).ready);
  const late = [recorder(), recorder(), recorder()];
  for (let n = 0; n < 12; n++) {
    rig.upstream().push('topic', n);
    if (n % 4 === 2) clients[(n >> 2) % 3]!.subscribe('topic', late[n >> 2]!.listener);
  }
  await rig.time.settle();
  for (const { values } of [first, ...late]) {
    const sorted = [...values].sort((a, b) => Number(a) - Number(b));
    t.deepEqual(values, sorted);
    t.is(values.at(-1), 11);
    t.is(new Set(values).size, values.length);
  }
});

system('calls that came back from a lost leader are sent before those made later', async (t, rig) => {
  const [, client] = await rig.clients(3);
  const leader = rig.leader();
  leader.stopReading();
  const large = 'x'.repeat(700_000);
  // Two fill the channel; the others wait in the primary.
  const lost = [1, 2].map(n => watch(client!.echo([n, large])));
  await rig.time.settle();
  const kept: Promise<unknown>[] = [];
  for (const n of [3, 4]) {
    kept.push(client!.echo([n]));
    await rig.time.settle();
  }
  leader.kill();
  kept.push(client!.echo([5]));
  await rig.time.settle();
  kept.push(client!.echo([6]));
  await rig.time.until(Promise.all(kept));
  t.deepEqual(
    lost.map(call => call.end),
    Array(2).fill('ERR_LEADER_LOST unknown'),
  );
  t.deepEqual(
    rig.upstream().calls.map(call => (call.args[0] as number[])[0]),
    [3, 4, 5, 6],
  );
});

system(
  'calls that came back are sent before those made later, to a member that is slow to read too',
  async (t, rig) => {
    const [leader, slow, next] = [rig.fork(), rig.fork(), rig.fork()];
    const [, client] = [leader, slow, next].map(worker => rig.client(worker, { eligible: worker !== slow }));
    await rig.time.until(client!.ready());
    leader.stopReading();
    const large = 'x'.repeat(700_000);
    for (const n of [1, 2]) watch(client!.echo([n, large]));
    await rig.time.settle();
    const kept: Promise<unknown>[] = [client!.echo([3])];
    await rig.time.settle();
    // Its own channel is full: data waits, and control overtakes it.
    const flood = rig.client(next, { name: 'other' });
    const flooded = rig.client(slow, { name: 'other', eligible: false });
    await rig.time.until(Promise.all([flood.ready(), flooded.ready()]));
    await rig.time.until(flooded.subscribe('flood', () => {}).ready);
    slow.freeze();
    for (const n of [1, 2, 3]) rig.upstream('other').push('flood', [n, large]);
    await rig.time.settle();
    leader.kill();
    await rig.time.settle();
    slow.thaw();
    await rig.time.reached(() => client!.status().route === undefined);
    kept.push(client!.echo([4]));
    await rig.time.settle();
    kept.push(client!.echo([5]));
    await rig.time.until(Promise.all(kept));
    t.deepEqual(
      rig.upstream().calls.map(call => (call.args[0] as number[])[0]),
      [3, 4, 5],
    );
  },
);

everywhere('what a worker says after a thaw comes behind what it said before', async (t, rig) => {
  const [, client] = await rig.clients(2);
  const large = 'x'.repeat(600_000);
  rig.workers[1]!.freeze();
  // A promise may still run code of a frozen worker.
  const calls = [client!.invoke('echo' as string, 1, large)];
  await rig.time.tick();
  rig.workers[1]!.thaw();
  calls.push(client!.invoke('echo' as string, 2, large));
  await rig.time.until(Promise.all(calls));
  t.deepEqual(
    rig.upstream().calls.map(call => call.args[0]),
    [1, 2],
  );
});

system(
  'what one tick produces leaves in one message, there and back',
  async (t, rig) => {
    const [, client] = await rig.clients(2);
    const [leader, follower] = rig.workers.map(worker => rig.spy(worker));
    const calls = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? client!.echo(i) : client!.publish(i)));
    const { ready } = client!.subscribe('topic', () => {});
    await rig.time.until(Promise.all([...calls, ready]));
    const withData = (packets: readonly { d?: unknown }[]) => packets.filter(({ d }) => d).length;
    t.deepEqual([withData(follower!.up), withData(leader!.down)], [1, 1]);
    t.true(withData(leader!.up) <= 2, 'results that need a tick more come in a second one');
    t.is(withData(leader!.up), withData(follower!.down));
  },
  { over: ['advanced', 'json'] },
);
