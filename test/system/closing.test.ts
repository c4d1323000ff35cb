import { getEventListeners } from 'node:events';
import { endOf, eventsOf, everywhere, recorder, system, watch } from '../helpers/system/test.js';

system('close() lets calls end, takes back what was asked for, and says close last', async (t, rig) => {
  const clients = await rig.clients(2);
  for (const client of [clients[1]!, clients[0]!]) {
    const events = eventsOf(client);
    await rig.time.until(client.subscribe('topic', () => {}).ready);
    await rig.time.until(client.with({ sticky: 'me' }).publish('here'));
    const call = watch(client.work('slow', 100));
    await rig.time.settle();
    const closing = watch(client.close());
    await rig.time.advance(50);
    t.deepEqual([call.end, closing.end], [undefined, undefined]);
    await rig.time.advance(60);
    t.deepEqual([call.end, closing.end], ['ok', 'ok']);
    t.is(events.at(-1), 'close');
    t.is(rig.upstream().count('unpublish'), client === clients[1] ? 1 : 2);
    if (client === clients[1]) t.deepEqual(rig.upstream().topics, []);
  }
  t.is(rig.upstream().live.length, 0);
  t.is(rig.primary.status().groups.length, 0);
  t.deepEqual(rig.time.waiting, []);
});

system('what has not ended by drainTimeoutMs ends with ERR_CLOSED', async (t, rig) => {
  const clients = await rig.clients(2, { drainTimeoutMs: 200 });
  const call = watch(clients[1]!.hold(1));
  await rig.time.settle();
  const closing = watch(clients[1]!.close());
  await rig.time.advance(199);
  t.is(call.end, undefined);
  await rig.time.advance(2);
  t.deepEqual([call.end, closing.end], ['ERR_CLOSED unknown', 'ok']);
});

everywhere('a closed handle does nothing any more, and close() may be said again', async (t, rig) => {
  const clients = await rig.clients(2);
  const client = clients[1]!;
  const signal = new AbortController().signal;
  const closing = client.close();
  t.is(client.close(), closing);
  await rig.time.until(closing);
  t.is(await endOf(client.ready()), 'ERR_CLOSED');
  t.is(await endOf(client.echo(1)), 'ERR_CLOSED not-started');
  t.is(await endOf(client.publish(1)), 'ERR_CLOSED not-started');
  t.is(await endOf(client.with({ sticky: 1, signal }).publish(1)), 'ERR_CLOSED not-started');
  t.throws(() => client.subscribe('topic', () => {}), { code: 'ERR_CLOSED' });
  const values = client.subscribe('topic');
  t.is(await endOf(values.next()), 'ERR_CLOSED');
  t.is(await endOf(values.ready), 'ERR_CLOSED');
  await client.unpublish(1);
  await client.unsubscribe('topic');
  await client.resign();
  t.is(await endOf(client.transfer()), 'ERR_CLOSED');
  t.is(client.leader, undefined);
  t.false(client.isLeader);
  t.is(client.status().role, 'follower');
  t.is(getEventListeners(signal, 'abort').length, 0);
  await rig.time.settle();
  t.deepEqual(rig.upstream().calls, []);
});

everywhere('a ready() that waits when the handle closes is told', async (t, rig) => {
  const client = rig.client(rig.fork(), { eligible: false });
  await rig.time.settle();
  const ready = watch(client.ready());
  await rig.time.until(client.close());
  await rig.time.settle();
  t.is(ready.end, 'ERR_CLOSED');
});

everywhere(
  'a closed handle knows of no leader and hands nothing over, although its member lives on',
  async (t, rig) => {
    const [leader] = await rig.clients(2);
    const other = rig.client(rig.workers[0]);
    const { term } = leader!;
    await rig.time.until(other.with({ sticky: 'key' }).publish('of the other'));
    const seen: unknown[] = [];
    leader!.on('close', () => seen.push(leader!.leader, leader!.isLeader));
    await rig.time.until(leader!.close());
    t.deepEqual(seen, [undefined, false]);
    t.deepEqual([leader!.leader, leader!.isLeader, leader!.term], [undefined, false, term]);
    t.like(leader!.status(), { role: 'follower', leader: undefined, term });
    await leader!.resign();
    await leader!.unpublish('key');
    t.is(await endOf(leader!.transfer(rig.workers[1]!.workerId)), 'ERR_CLOSED');
    t.is(await endOf(leader!.with({ timeoutMs: 5 }).transfer()), 'ERR_CLOSED');
    await rig.time.settle();
    t.deepEqual([other.isLeader, other.term, other.status().sticky], [true, term, 1]);
  },
);

system('a handle that waits for a leader when it closes is told, although its member lives on', async (t, rig) => {
  const worker = rig.fork();
  const [one, two] = [rig.client(worker, { eligible: false }), rig.client(worker, { eligible: false })];
  const [ready, transfer, other] = [watch(one.ready()), watch(one.transfer()), watch(two.ready())];
  await rig.time.settle();
  t.deepEqual([ready.end, transfer.end], [undefined, undefined]);
  // Nobody is about to lead.
  t.is(await rig.time.until(endOf(two.transfer())), 'ERR_LEADER_FAILED');
  await rig.time.until(one.close());
  await rig.time.settle();
  t.deepEqual([ready.end, transfer.end, other.end], ['ERR_CLOSED', 'ERR_CLOSED', undefined]);
  await rig.clients(1);
  await rig.time.settle();
  t.is(other.end, 'ok');
});

everywhere('a call refused by its closed handle is refused after a turn of the event loop', async (t, rig) => {
  const [client] = await rig.clients(1);
  await rig.time.until(client!.close());
  const order: string[] = [];
  setImmediate(() => order.push('turn'));
  await client!.transfer().catch(() => order.push('transfer'));
  t.deepEqual(order, ['turn', 'transfer']);
});

everywhere('handles of one name share a member: it leaves with the last of them', async (t, rig) => {
  const worker = rig.fork();
  const [one, two] = [rig.client(worker), rig.client(worker)];
  await rig.time.until(one.ready());
  t.is(rig.upstream().clients.length, 1);
  t.true(two.isLeader);
  const calls = [watch(one.work('one', 100)), watch(two.work('two', 500))];
  const log = recorder();
  await rig.time.until(two.subscribe('topic', log.listener).ready);
  const closing = watch(one.close());
  await rig.time.advance(101);
  t.is(closing.end, 'ok');
  t.true(two.isLeader);
  rig.upstream().push('topic', 1);
  await rig.time.advance(400);
  t.deepEqual(
    calls.map(call => call.end),
    ['ok', 'ok'],
  );
  t.deepEqual(log.values, [1]);
  await rig.time.until(two.close());
  t.is(rig.upstream().live.length, 0);
});

everywhere(
  'a name can be used again while its last client still closes, with another class and other options',
  async (t, rig) => {
    const worker = rig.fork();
    const first = rig.client(worker);
    await rig.time.until(first.ready());
    t.throws(() => worker.createSharedClient({ name: 'g', open: () => ({}) }), {
      code: 'ERR_INVALID_OPTION',
      message: /open/,
    });
    t.throws(() => rig.client(worker, { priority: 1 }), { code: 'ERR_INVALID_OPTION', message: /priority/ });
    t.throws(() => rig.client(worker, { eligible: false }), { code: 'ERR_INVALID_OPTION', message: /eligible/ });
    t.notThrows(() => rig.client(worker, { timeoutMs: 77, readyTimeoutMs: 88 }).close());
    rig.upstream().onClose = () => new Promise(resolve => rig.time.setTimer(() => resolve(1), 50));
    const closing = watch(first.close());
    await rig.time.settle();
    const second = rig.adopt(worker.createSharedClient({ name: 'g', open: () => ({ two: () => 2 }) }), worker);
    const call = watch(second.invoke('two'));
    await rig.time.advance(49);
    t.deepEqual([closing.end, call.end], [undefined, undefined]);
    await rig.time.advance(2);
    t.deepEqual([closing.end, call.end], ['ok', 'ok']);
    t.is(rig.upstream().live.length, 0);
    t.true(second.isLeader);
  },
);

everywhere('the last client of a worker that closes leaves nothing there; a new one joins anew', async (t, rig) => {
  const worker = rig.fork();
  for (let n = 0; n < 3; n++) {
    const client = rig.client(worker);
    t.is(await rig.time.until(client.echo(n)), n);
    await rig.time.until(client.close());
    await rig.time.settle();
    t.deepEqual(rig.time.waiting, []);
  }
  t.is(rig.upstream().clients.length, 3);
});

everywhere(
  'close() before the primary answered, and before anybody leads',
  async (t, rig) => {
    const early = rig.client(rig.fork());
    const call = watch(early.echo(1));
    await rig.time.until(early.close(), 1);
    t.is(call.end, 'ERR_CLOSED not-started');
    rig.setup();
    const follower = rig.client(rig.fork(), { eligible: false, drainTimeoutMs: 100 });
    await rig.time.settle();
    const waiting = watch(follower.echo(1));
    await rig.time.until(follower.close(), 200);
    t.is(waiting.end, 'ERR_CLOSED not-started');
    await rig.time.settle();
    t.deepEqual(rig.time.waiting, []);
  },
  { primary: false },
);

system('close() while the real client is opened', async (t, rig) => {
  rig.upstream().onReady = () => new Promise(() => {});
  const client = rig.client(rig.fork());
  await rig.time.settle();
  t.is(rig.upstream().live.length, 1);
  await rig.time.until(client.close(), 10);
  t.is(rig.upstream().live.length, 0);
});

system('a client opened while the one before the last still steps down waits for both', async (t, rig) => {
  const worker = rig.fork();
  const first = rig.client(worker);
  await rig.time.until(first.ready());
  rig.upstream().onClose = () => new Promise<void>(resolve => rig.time.setTimer(resolve, 100));
  const closing = watch(first.close());
  await rig.time.settle();
  const nextClosing = watch(rig.client(worker).close());
  await rig.time.settle();
  const echo = watch(rig.client(worker).echo(1));
  await rig.time.advance(50);
  t.deepEqual([closing.end, nextClosing.end, echo.end], [undefined, undefined, undefined]);
  t.is(rig.upstream().clients.length, 1);
  await rig.time.advance(60);
  t.deepEqual([closing.end, nextClosing.end, echo.end], ['ok', 'ok', 'ok']);
  t.is(rig.upstream().clients.length, 2);
  t.is(rig.upstream().live.length, 1);
});

everywhere('await using closes a handle', async (t, rig) => {
  const [client] = await rig.clients(1);
  await rig.time.until(client![Symbol.asyncDispose]());
  t.is(rig.upstream().live.length, 0);
});

system('everybody closes at once, under load: nothing hangs', async (t, rig) => {
  const clients = await rig.clients(5);
  const calls = clients.flatMap(client => [watch(client.work(1, 20)), watch(client.echo(2))]);
  await rig.time.advance(5);
  const closed = Promise.all(clients.map(client => client.close()));
  await rig.time.until(closed);
  t.deepEqual([...new Set(calls.map(call => call.end))], ['ok']);
  t.deepEqual(rig.time.waiting, []);
});

system('a frozen worker that closes when it thaws leaves in good order', async (t, rig) => {
  const clients = await rig.clients(3);
  rig.freeze(rig.workers[0]!);
  const closing = watch(clients[0]!.close());
  await rig.time.advance(2000);
  t.is(closing.end, undefined);
  await rig.thaw(rig.workers[0]!);
  await rig.time.settle();
  t.is(closing.end, 'ok');
  t.is(rig.primary.status().groups[0]!.members.length, 2);
});

system('nothing of ours keeps a process alive but a call or a ready() that waits', async (t, rig) => {
  const clients = await rig.clients(3);
  const client = clients[1]!;
  await rig.time.until(client.subscribe('topic', () => {}).ready);
  await rig.time.until(client.with({ sticky: 'me' }).publish('here'));
  await rig.time.until(clients[0]!.echo(1));
  await rig.time.settle();
  t.false(rig.time.isAwake);
  for (const caller of clients) {
    const call = watch(caller.hold('awake'));
    await rig.time.settle();
    t.true(rig.time.isAwake);
    rig.upstream().held.get('awake')!.resolve(1);
    await rig.time.settle();
    t.is(call.end, 'ok');
    t.false(rig.time.isAwake);
  }
  const forever = watch(client.with({ timeoutMs: Number.POSITIVE_INFINITY }).hold('forever'));
  await rig.time.settle();
  t.true(rig.time.isAwake);
  rig.upstream().held.get('forever')!.resolve(1);
  await rig.time.settle();
  t.is(forever.end, 'ok');
  t.false(rig.time.isAwake);
  rig.leader().kill();
  await rig.time.advance(1000);
  t.false(rig.time.isAwake);
  const nobody = rig.client(rig.fork(), { name: 'nobody', eligible: false, readyTimeoutMs: Number.POSITIVE_INFINITY });
  await rig.time.settle();
  t.false(rig.time.isAwake);
  const ready = watch(nobody.ready());
  await rig.time.advance(10_000);
  t.true(rig.time.isAwake);
  rig.client(rig.fork(), { name: 'nobody' });
  await rig.time.settle();
  t.is(ready.end, 'ok');
  t.false(rig.time.isAwake);
});

everywhere('a handle that is closed within open() leaves no real client behind', async (t, rig) => {
  let closes = 0;
  const open = () => {
    void client.close();
    return { close: () => void closes++ };
  };
  const client = rig.fork().createSharedClient({ name: 'g', open });
  await rig.time.settle();
  t.is(closes, 1);
});
