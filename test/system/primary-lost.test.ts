import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { endOf, eventsOf, system, watch } from '../helpers/system/test.js';

system('the primary dies: calls end, the real client is closed, then the workers exit', async (t, rig) => {
  const clients = await rig.clients(2);
  const closedAt: number[] = [];
  rig.upstream().onClose = () =>
    new Promise(resolve =>
      rig.time.setTimer(() => {
        closedAt.push(rig.time.now());
        resolve(1);
      }, 300),
    );
  const calls = [
    watch(clients[0]!.hold(1)),
    watch(clients[1]!.hold(2)),
    watch(clients[1]!.with({ idempotent: true }).hold(3)),
  ];
  await rig.time.settle();
  const at = rig.time.now();
  rig.killPrimary();
  await rig.time.settle();
  // The follower had nothing to wait for: it was gone before its promises could tell.
  t.deepEqual(
    calls.map(call => call.end),
    ['ERR_PRIMARY_LOST unknown', 'ERR_PRIMARY_LOST unknown', 'ERR_PRIMARY_LOST unknown'],
  );
  t.deepEqual([rig.workers[0]!.isAlive, rig.workers[1]!.isAlive], [true, false]);
  await rig.time.advance(301);
  t.deepEqual(closedAt, [at + 300]);
  t.false(rig.workers[0]!.isAlive);
});

system('the exit is delayed by at most drainTimeoutMs', async (t, rig) => {
  const clients = await rig.clients(1, { drainTimeoutMs: 200 });
  rig.upstream().onClose = () => new Promise(() => {});
  rig.killPrimary();
  await rig.time.advance(199);
  t.true(rig.workers[0]!.isAlive);
  t.false(clients[0]!.isLeader);
  await rig.time.advance(2);
  t.false(rig.workers[0]!.isAlive);
});

system('a follower whose app holds the exit hears what became of its calls', async (t, rig) => {
  const clients = await rig.clients(2);
  const worker = rig.workers[1]!;
  const call = watch(clients[1]!.hold(1));
  await rig.time.settle();
  // The app closed the channel itself: nobody exits for us.
  worker.disconnect();
  await rig.time.settle();
  t.is(call.end, 'ERR_PRIMARY_LOST unknown');
  t.true(worker.isAlive);
  t.is(await endOf(clients[1]!.echo(1)), 'ERR_PRIMARY_LOST not-started');
  t.is(await endOf(clients[1]!.publish(1)), 'ERR_PRIMARY_LOST not-started');
  t.is(await endOf(clients[1]!.ready()), 'ERR_PRIMARY_LOST');
  const late = rig.client(worker, { name: 'late', readyTimeoutMs: 100 });
  t.is(await rig.time.until(endOf(late.ready())), 'ERR_PRIMARY_LOST');
  t.is(await endOf(late.echo(1)), 'ERR_PRIMARY_LOST not-started');
  const subscription = watch(late.subscribe('topic', () => {}).ready);
  await rig.time.advance(10_001);
  t.regex(subscription.end!, /^ERR_PRIMARY_LOST/);
  rig.killPrimary();
  await rig.time.settle();
  t.true(worker.isAlive);
});

system('a worker that disconnects and waits for nothing can still close', async (t, rig) => {
  const clients = await rig.clients(2);
  const events = eventsOf(clients[0]!);
  await rig.time.until(clients[0]!.subscribe('topic', () => {}).ready);
  void clients[0]!.hold(1).catch(() => {});
  await rig.time.settle();
  rig.workers[0]!.disconnect();
  await rig.time.settle();
  t.is(rig.upstream().live.filter(client => client === rig.upstream().clients[0]).length, 0);
  await rig.time.until(clients[0]!.close(), 10);
  t.deepEqual(events, ['follower', 'close']);
});

system('a call that was ended by the loss is not ended again', async (t, rig) => {
  const clients = await rig.clients(2);
  const worker = rig.workers[1]!;
  let ends = 0;
  const count = () => void ends++;
  void clients[1]!.with({ timeoutMs: 50 }).hold(1).then(count, count);
  await rig.time.settle();
  worker.disconnect();
  await rig.time.advance(100);
  rig.upstream().held.get(1)!.resolve(1);
  await rig.time.settle();
  t.is(ends, 1);
  t.deepEqual(clients[1]!.status().calls.ended, { ok: 0, failed: 1 });
});

system('a leader of a primary that is set up again was not lost, if it has closed its real client', async (t, rig) => {
  const clients = await rig.clients(2, { maxLeadersLost: 1 });
  await rig.time.until(clients[1]!.with({ sticky: 'here' }).publish('news', 1));
  for (let round = 1; round <= 3; round++) {
    void rig.primary.close();
    rig.setup();
    await rig.time.settle();
    await rig.time.until(clients[1]!.ready());
    const ends = rig.story.filter(event => !/appointed|ready|vacant/.test(event));
    t.is(ends.length, round);
    t.regex(ends.at(-1)!, /resigned$/);
  }
});

for (const isAwaited of [true, false]) {
  const title = `no leader counts as lost for what is under way, and close() is ${isAwaited ? '' : 'not '}awaited`;
  system(title, async (t, rig) => {
    const client = (await rig.clients(3)).at(-1)!;
    const causes: string[] = [];
    // A primary that is closed emits nothing, so only the channel tells.
    const note = (message: unknown) => void causes.push((message as { readonly cause: string }).cause);
    subscribe('cluster-shared-client:deposed', note);
    t.teardown(() => unsubscribe('cluster-shared-client:deposed', note));
    rig.upstream().onPublish = () => new Promise<never>(() => {});
    watch(client.with({ sticky: 'k' }).publish('slow'));
    for (let round = 1; round <= 3; round++) {
      const held = watch(client.with({ idempotent: true }).hold(round));
      await rig.time.settle();
      const closing = rig.primary.close();
      if (isAwaited) await rig.time.until(closing);
      rig.setup();
      await rig.time.until(client.ready());
      await rig.time.settle();
      t.is(held.end, 'ERR_PRIMARY_LOST unknown');
    }
    t.deepEqual(causes, ['resigned', 'resigned', 'resigned']);
    t.is(client.status().sticky, 1);
  });
}
