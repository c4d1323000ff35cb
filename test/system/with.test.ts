import { eventsOf, everywhere, recorder, system, watch } from '../helpers/system/test.js';

system('with() gives the same handle with other options, on top of those it had', async (t, rig) => {
  const [, client] = await rig.clients(2);
  const oneway = client!.with({ oneway: true });
  const patient = oneway.with({ timeoutMs: 50 });
  t.is(await patient.echo(1), undefined);
  t.is(await rig.time.until(client!.echo(1)), 1);
  t.is(patient.term, client!.term);
  t.deepEqual(patient.status(), client!.status());
  const events = eventsOf(patient);
  client!.once('warning', () => {});
  await rig.time.until(patient.close());
  t.deepEqual(events, ['close']);
  t.is(await watchEnd(client!.echo(1)), 'ERR_CLOSED not-started');
});

async function watchEnd(promise: Promise<unknown>): Promise<string | undefined> {
  const watched = watch(promise);
  await promise.catch(() => {});
  await null;
  return watched.end;
}

system(
  'a wrong option of with() is named',
  async (t, rig) => {
    const [client] = await rig.clients(1);
    const wrong = (options: object) => t.throws(() => client!.with(options), { code: 'ERR_INVALID_OPTION' }).message;
    t.regex(wrong({ timeoutMs: 0 }), /timeoutMs/);
    t.regex(wrong({ timeout: 10 }), /timeoutMs/);
    t.regex(wrong({ delivery: 'two' }), /delivery/);
    t.regex(wrong({ maxQueued: 0.5 }), /maxQueued/);
    t.regex(wrong({ signal: {} }), /signal/);
    t.regex(wrong({ oneway: 1 }), /oneway/);
  },
  { over: ['advanced'] },
);

everywhere('a oneway call resolves when it is accepted here, and its errors go to error', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    const events = eventsOf(client);
    const oneway = client.with({ oneway: true });
    t.is(await oneway.echo('heard'), undefined);
    t.is<unknown, unknown>(await oneway.fail(new RangeError('unheard')), undefined);
    t.is(await oneway.publish('news'), undefined);
    await t.throwsAsync(
      oneway.echo(() => {}),
      { code: 'ERR_NOT_SERIALIZABLE' },
    );
    await rig.time.settle();
    t.is(rig.upstream().count('echo', 'heard'), 1);
    t.is(rig.upstream().count('publish', 'news'), 1);
    t.deepEqual(events, ['error unheard']);
    rig.upstream().calls.length = 0;
  }
});

system('a oneway call that is lost goes to error too', async (t, rig) => {
  const [, client] = await rig.clients(2);
  const events = eventsOf(client!);
  void client!.with({ oneway: true }).hold('lost');
  await rig.time.settle();
  rig.leader().kill();
  await rig.time.settle();
  t.regex(events[0]!, /error The leader was lost while hold/);
});

everywhere('a method with the role oneway is one without being asked', async (t, rig) => {
  const [, client] = await rig.clients(2, { methods: { echo: { role: 'oneway' } } });
  t.is(await client!.echo('x'), undefined);
  t.is(await rig.time.until(client!.with({ oneway: false }).echo('y')), 'y');
  t.is(rig.upstream().count('echo'), 2);
});

everywhere("with delivery: 'one' each value goes to one subscriber, in turn, and is never replayed", async (t, rig) => {
  const clients = await rig.clients(3);
  const ones = clients.flatMap(client => [recorder(), recorder()].map(log => ({ client, log })));
  const all = recorder();
  for (const { client, log } of ones) {
    await rig.time.until(client.with({ delivery: 'one' }).subscribe('jobs', log.listener).ready);
  }
  await rig.time.until(clients[1]!.subscribe('jobs', all.listener).ready);
  t.is(rig.upstream().count('subscribe'), 1);
  const jobs = Array.from({ length: 12 }, (_, i) => i);
  rig.upstream().push('jobs', ...jobs);
  await rig.time.settle();
  t.deepEqual(all.values, jobs);
  t.deepEqual(
    ones.flatMap(({ log }) => log.values as number[]).sort((a, b) => a - b),
    jobs,
  );
  for (const { log } of ones) t.is(log.values.length, 2);
  const late = recorder();
  await rig.time.until(clients[0]!.with({ delivery: 'one' }).subscribe('jobs', late.listener).ready);
  await rig.time.settle();
  t.deepEqual(late.values, []);
  const kept = recorder();
  clients[0]!.subscribe('jobs', kept.listener);
  await rig.time.settle();
  t.deepEqual(kept.values, [11]);
});

system("with delivery: 'one' the others go on when one leaves or dies", async (t, rig) => {
  const clients = await rig.clients(3);
  const logs = clients.map(() => recorder());
  const subscriptions = clients.map((client, i) =>
    client.with({ delivery: 'one' }).subscribe('jobs', logs[i]!.listener),
  );
  await rig.time.until(Promise.all(subscriptions.map(({ ready }) => ready)));
  rig.workers[2]!.kill();
  await rig.time.settle();
  rig.upstream().push('jobs', 1, 2, 3, 4);
  await rig.time.settle();
  t.deepEqual([logs[0]!.values.length, logs[1]!.values.length], [2, 2]);
  await subscriptions[0]!.unsubscribe();
  await rig.time.settle();
  rig.upstream().push('jobs', 5, 6);
  await rig.time.settle();
  t.deepEqual(logs[1]!.values.slice(2), [5, 6]);
  await subscriptions[1]!.unsubscribe();
  await rig.time.settle();
  t.deepEqual(rig.upstream().topics, []);
});

everywhere('an iterator gets what comes from the call on, and ends with a break', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    const iterator = client.subscribe('topic');
    await rig.time.until(iterator.ready);
    rig.upstream().push('topic', 1, 2, 3);
    const seen: unknown[] = [];
    const loop = (async () => {
      for await (const value of iterator) {
        seen.push(value);
        if (value === 2) break;
      }
    })();
    await rig.time.until(loop);
    t.deepEqual(seen, [1, 2]);
    await rig.time.settle();
    t.deepEqual(rig.upstream().topics, []);
    t.deepEqual(await iterator.next(), { value: undefined, done: true });
  }
});

everywhere(
  'an iterator ends with close(), unsubscribe() and a refusal; what came before can still be taken',
  async (t, rig) => {
    const worker = rig.fork();
    const [one, two] = [rig.client(worker), rig.client(worker)];
    await rig.time.until(one.ready());
    const waiting = one.subscribe('topic');
    const full = two.subscribe('topic');
    const disposed = two.subscribe('topic');
    await rig.time.until(Promise.all([waiting.ready, full.ready]));
    const next = [waiting.next(), waiting.next()];
    rig.upstream().push('topic', 1);
    await rig.time.settle();
    await one.unsubscribe('topic');
    t.deepEqual(await Promise.all(next), [
      { value: 1, done: false },
      { value: undefined, done: true },
    ]);
    await disposed[Symbol.asyncDispose]();
    t.deepEqual(await disposed.next(), { value: undefined, done: true });
    await rig.time.until(two.close());
    t.deepEqual(await full.next(), { value: 1, done: false });
    t.deepEqual(await full.next(), { value: undefined, done: true });
    rig.upstream().onSubscribe = () => Promise.reject(new Error('no'));
    const refused = one.subscribe('refused');
    t.deepEqual(await rig.time.until(refused.next()), { value: undefined, done: true });
    await t.throwsAsync(refused.ready, { message: 'no' });
  },
);

everywhere('an iterator drops the oldest beyond maxQueued, and counts them', async (t, rig) => {
  const [, client] = await rig.clients(2);
  const small = client!.with({ maxQueued: 3 }).subscribe('topic');
  const usual = client!.subscribe('topic');
  await rig.time.until(Promise.all([small.ready, usual.ready]));
  rig.upstream().push('topic', ...Array.from({ length: 1005 }, (_, i) => i));
  await rig.time.settle();
  t.deepEqual([small.dropped, usual.dropped], [1002, 5]);
  t.deepEqual([(await small.next()).value, (await usual.next()).value], [1002, 5]);
  await small.return();
  await usual.unsubscribe();
  t.deepEqual(
    [await small.next(), await usual.next()].map(({ done }) => done),
    [true, true],
  );
});

system('an iterator lives on over a failover', async (t, rig) => {
  const [, client] = await rig.clients(3);
  const iterator = client!.subscribe('topic');
  await rig.time.until(iterator.ready);
  rig.leader().kill();
  await rig.time.settle();
  rig.upstream().push('topic', 'after');
  t.deepEqual(await rig.time.until(iterator.next()), { value: 'after', done: false });
});
