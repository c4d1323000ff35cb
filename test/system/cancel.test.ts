import { getEventListeners } from 'node:events';
import { callContext } from '../../lib/index.js';
import { tasks } from '../helpers/system/client.js';
import { endOf, everywhere, system, watch } from '../helpers/system/test.js';

everywhere('a signal ends the call at once with its reason, and aborts in the leader', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    const controller = new AbortController();
    const call = watch(client.with({ signal: controller.signal }).aborted());
    await rig.time.settle();
    t.is(call.end, undefined);
    controller.abort(new Error('enough'));
    await rig.time.tick();
    t.is(call.end, 'enough');
    await rig.time.settle();
    t.is(rig.upstream().log.at(-1), 'aborted enough');
    t.deepEqual(getEventListeners(controller.signal, 'abort'), []);
  }
});

everywhere('a signal that aborted before the call keeps it from being made', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    t.is(await endOf(client.with({ signal: AbortSignal.abort(new Error('before')) }).echo(1)), 'before');
    t.is(await endOf(client.with({ signal: AbortSignal.abort(7) }).publish(1)), '7');
  }
  await rig.time.settle();
  t.is(rig.upstream().calls.length, 0);
});

everywhere('a call that is cancelled while it waits is never made', async (t, rig) => {
  const client = rig.client(rig.fork(), { eligible: false });
  const controller = new AbortController();
  const call = watch(client.with({ signal: controller.signal }).echo('never'));
  await rig.time.settle();
  controller.abort(new Error('enough'));
  await rig.time.settle();
  t.is(call.end, 'enough');
  await rig.time.until(rig.client(rig.fork()).ready());
  await rig.time.settle();
  t.is(rig.upstream().count('echo'), 0);
  t.is(client.status().calls.waiting, 0);
});

everywhere('a signal in the arguments becomes a live one in the leader, at any depth', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    const controller = new AbortController();
    const call = watch(client.aborted({ signal: controller.signal }));
    await rig.time.settle();
    controller.abort({ code: 'E', list: [1n] });
    t.is(call.end, undefined);
    await rig.time.settle();
    t.is(call.end, 'ok');
    t.deepEqual(getEventListeners(controller.signal, 'abort'), []);
    const aborted = client.aborted({ signal: AbortSignal.abort(new RangeError('was')) });
    t.true((await rig.time.until(aborted)) instanceof RangeError);
  }
});

everywhere('several signals in one call are told apart, and one that is there twice is one', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    const [one, two] = [new AbortController(), new AbortController()];
    const map = new Map([['deep', { list: [one.signal, two.signal, one.signal] }]]);
    const end = watch(client.hold(map));
    await rig.time.settle();
    const arrived = rig.upstream().calls.at(-1)!.args[0] as typeof map;
    const [a, b, c] = arrived.get('deep')!.list;
    t.is(a, c);
    two.abort('second');
    await rig.time.settle();
    t.deepEqual([a!.aborted, b!.aborted, b!.reason], [false, true, 'second']);
    one.abort('first');
    await rig.time.settle();
    t.is(a!.reason, 'first');
    t.is(end.end, undefined);
    rig.upstream().held.get(arrived)!.resolve(undefined);
    await rig.time.settle();
    t.is(end.end, 'ok');
  }
});

everywhere('a signal of a call that could not be made is not listened to by the next one', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    const { signal } = new AbortController();
    t.is(await endOf(client.echo([signal, () => {}])), 'ERR_NOT_SERIALIZABLE not-started');
    const call = client.hold('next');
    t.deepEqual(getEventListeners(signal, 'abort'), []);
    await rig.time.settle();
    rig.upstream().held.get('next')!.resolve(1);
    await rig.time.until(call);
  }
});

system('a worker that dies cancels its calls', async (t, rig) => {
  const clients = await rig.clients(3);
  const follower = rig.follower();
  const client = clients[rig.workers.indexOf(follower)]!;
  void client.aborted();
  const other = watch(clients[2]!.hold('other'));
  await rig.time.settle();
  follower.kill();
  await rig.time.settle();
  t.is(rig.upstream().log.at(-1), 'aborted The worker that made this call is gone.');
  rig.upstream().held.get('other')!.resolve(1);
  await rig.time.settle();
  t.is(other.end, 'ok');
});

everywhere('a closed handle and a term that ends abort what still runs in the leader', async (t, rig) => {
  const reasons: unknown[] = [];
  tasks.set('forever', async () => {
    const { signal } = callContext()!;
    await new Promise(resolve => signal.addEventListener('abort', resolve));
    reasons.push((signal.reason as Error).message.slice(0, 20));
  });
  const [leader, follower] = await rig.clients(2, { drainTimeoutMs: 100 });
  const call = watch(follower!.run('forever'));
  const own = watch(leader!.run('forever'));
  await rig.time.settle();
  await rig.time.until(leader!.resign());
  await rig.time.settle();
  t.deepEqual([call.end, own.end], ['ERR_LEADER_LOST unknown', 'ERR_LEADER_LOST unknown']);
  t.deepEqual(reasons, ['The leader was lost ', 'The leader was lost ']);
});

everywhere('a cancelled call that ends all the same ends once', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    const controller = new AbortController();
    const call = watch(client.with({ signal: controller.signal }).hold('both'));
    await rig.time.settle();
    rig.upstream().held.get('both')!.resolve('result');
    controller.abort(new Error('enough'));
    await rig.time.settle();
    t.is(call.end, 'enough');
    const { calls } = client.status();
    t.deepEqual(calls.ended, { ok: 0, failed: 1 });
  }
});

everywhere('one signal for many calls, subscriptions and publications has one listener of ours', async (t, rig) => {
  const clients = await rig.clients(2);
  const controller = new AbortController();
  const { signal } = controller;
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  process.on('warning', onWarning);
  t.teardown(() => process.off('warning', onWarning));
  const ends = clients.flatMap(client => {
    const many = Array.from({ length: 15 }, (_, i) => i);
    const own = client.with({ signal });
    for (const i of many) own.subscribe(`topic ${i}`, () => {});
    return [
      ...many.map(i => endOf(own.hold(i))),
      ...many.map(i => endOf(client.aborted({ signal, i } as never))),
      ...many.map(i => endOf(own.with({ sticky: i }).publish(i))),
    ];
  });
  await rig.time.settle();
  t.is(getEventListeners(signal, 'abort').length, 1);
  controller.abort(new Error('enough'));
  await rig.time.until(Promise.all(ends));
  await rig.time.settle();
  t.is(getEventListeners(signal, 'abort').length, 0);
  await new Promise(resolve => setImmediate(resolve));
  t.deepEqual(warnings, []);
});
