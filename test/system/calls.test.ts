import { callContext, type SharedClientError } from '../../lib/index.js';
import { tasks } from '../helpers/system/client.js';
import { endOf, everywhere, HEARTBEAT_MS, system, watch } from '../helpers/system/test.js';

everywhere('a call runs once, in the leader, whoever makes it', async (t, rig) => {
  const clients = await rig.clients(3);
  const results = await rig.time.until(Promise.all(clients.map((client, i) => client.echo(i))));
  t.deepEqual(results, [0, 1, 2]);
  const leader = rig.leader().workerId;
  t.deepEqual([...new Set(rig.upstream().calls.map(call => call.workerId))], [leader]);
  t.is(rig.upstream().calls.length, 3);
  t.is(rig.upstream().clients.length, 1);
  t.deepEqual(
    clients.map(client => client.isLeader),
    rig.workers.map(({ workerId }) => workerId === leader),
  );
});

everywhere('a method that returns no promise returns one elsewhere, and may throw', async (t, rig) => {
  tasks.set('throw', () => {
    throw new RangeError('too far');
  });
  for (const client of await rig.clients(2)) {
    const result = client.echoNow(7);
    t.true(result instanceof Promise);
    t.is(await rig.time.until(result), 7);
    t.is(await rig.time.until(endOf(client.run('throw'))), 'too far');
  }
});

everywhere('results come back to the call they belong to, whatever order they end in', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    const [slow, fast] = [client.work('slow', 50), client.work('fast', 10)];
    t.is(await rig.time.until(Promise.race([slow, fast])), 'fast');
    t.is(await rig.time.until(slow), 'slow');
  }
});

everywhere(
  'a method that is missing, hidden or inherited is unknown in the leader and in a follower alike',
  async (t, rig) => {
    for (const client of await rig.clients(2)) {
      const names = ['missing', '_hidden', '__proto__', 'toString', 'constructor', 'hasOwnProperty', 'property', ''];
      for (const name of names) {
        t.is(await rig.time.until(endOf(client.invoke(name as string))), 'ERR_UNKNOWN_METHOD not-started', name);
      }
      for (const odd of [Symbol('secret'), Symbol.asyncDispose, undefined, 7, null, { toString: () => 'echo' }]) {
        t.is(await rig.time.until(endOf(client.invoke(odd as string))), 'ERR_UNKNOWN_METHOD not-started');
      }
    }
    t.is(rig.upstream().calls.length, 0);
  },
);

everywhere('a name that nobody has reads undefined, whatever a framework probes for', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    const any = client as unknown as Record<string | symbol, unknown>;
    const names = [
      'then',
      'catch',
      'toJSON',
      'missing',
      '_hidden',
      'onModuleInit',
      'asymmetricMatch',
      '$$typeof',
      'nodeType',
    ];
    for (const name of names) t.is(any[name], undefined, name);
    t.is(any[Symbol.iterator], undefined);
    t.is(any[Symbol.toPrimitive], undefined);
    t.is(await client, client);
    t.is(JSON.stringify(client), '{}');
  }
});

everywhere('a call that gets no answer ends at its deadline, and the leader hears of it', async (t, rig) => {
  const [leader, follower] = await rig.clients(2, { timeoutMs: 300 });
  for (const client of [leader!, follower!]) {
    const call = watch(client.aborted());
    await rig.time.advance(299);
    t.is(call.end, undefined);
    await rig.time.advance(2);
    t.is(call.end, 'ERR_TIMEOUT unknown');
    t.regex(rig.upstream().log.at(-1)!, /aborted aborted\(\) did not end within 300 ms/);
  }
});

everywhere('the nearest of all timeouts counts: of with(), of the method, of the handle', async (t, rig) => {
  const [worker] = [rig.fork(), rig.fork()];
  const methods = { hold: { timeoutMs: 200 } };
  const one = rig.client(worker, { timeoutMs: 400, methods });
  const two = rig.client(worker, { timeoutMs: 600 });
  await rig.time.until(one.ready());
  const started = rig.time.now();
  const lasts = async (promise: Promise<unknown>) => {
    t.is(await endOf(promise), 'ERR_TIMEOUT unknown');
    return Math.floor(rig.time.now() - started);
  };
  const times = Promise.all([
    lasts(one.with({ timeoutMs: 100 }).hold(1)),
    lasts(one.hold(2)),
    lasts(one.aborted()),
    lasts(two.hold(3)),
    lasts(two.with({ timeoutMs: 700 }).hold(4)),
  ]);
  const within = (await rig.time.until(times)).map((ms, i) => ms - [100, 200, 400, 600, 700][i]!);
  t.true(
    within.every(ms => ms === 0 || ms === 1),
    String(within),
  );
});

everywhere('a call without a limit waits as long as it takes', async (t, rig) => {
  const [, client] = await rig.clients(2);
  const call = watch(client!.with({ timeoutMs: Number.POSITIVE_INFINITY }).hold('long'));
  await rig.time.advance(60_000);
  t.is(call.end, undefined);
  rig.upstream().held.get('long')!.resolve(1);
  await rig.time.settle();
  t.is(call.end, 'ok');
});

everywhere('a call whose deadline passed on its way is never started', async (t, rig) => {
  const [, client] = await rig.clients(2, { timeoutMs: 100 });
  const leader = rig.leader();
  rig.freeze(leader);
  const calls = [watch(client!.echo('late')), watch(client!.with({ timeoutMs: 1000 }).echo('in time'))];
  await rig.time.advance(150);
  t.is(calls[0]!.end, 'ERR_TIMEOUT unknown');
  await rig.thaw(leader);
  await rig.time.advance(HEARTBEAT_MS);
  t.is(calls[1]!.end, 'ok');
  t.is(rig.upstream().count('echo', 'late'), 0);
});

everywhere('a call that came with one that blocked the leader is not started after its deadline', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    tasks.set('block', () => rig.time.jump(200));
    const calls = [client.run('block'), client.with({ timeoutMs: 150 }).echo('late'), client.echo('in time')];
    const ends = await rig.time.until(Promise.all(calls.map(endOf)));
    t.is(ends[0], 'ok');
    t.regex(ends[1]!, /^ERR_TIMEOUT/);
    t.is(ends[2], 'ok');
    t.is(rig.upstream().count('echo', 'late'), 0);
  }
});

system('a call made while nobody leads waits, and its own deadline counts', async (t, rig) => {
  const client = rig.client(rig.fork(), { eligible: false });
  const [short, long] = [watch(client.with({ timeoutMs: 100 }).echo(1)), watch(client.echo(2))];
  await rig.time.advance(150);
  t.is(short.end, 'ERR_TIMEOUT not-started');
  t.is(client.status().calls.waiting, 1);
  await rig.time.until(rig.client(rig.fork()).ready());
  await rig.time.settle();
  t.is(long.end, 'ok');
  t.is(rig.upstream().count('echo'), 1);
});

system(
  'calls that wait in a process are bounded',
  async (t, rig) => {
    const client = rig.client(rig.fork(), { eligible: false, timeoutMs: 1000 });
    const large = 'x'.repeat(8 * 1024 * 1024);
    const calls = Array.from({ length: 9 }, () => watch(client.echo(large)));
    await rig.time.settle();
    t.deepEqual(calls.map(call => call.end).slice(6), [
      undefined,
      'ERR_OVERLOADED not-started',
      'ERR_OVERLOADED not-started',
    ]);
    const again = rig.client(rig.workers[0], { eligible: false });
    await rig.time.advance(1001);
    t.is(calls[0]!.end, 'ERR_TIMEOUT not-started');
    const roomy = watch(again.echo(large));
    await rig.time.settle();
    t.is(roomy.end, undefined);
  },
  { over: ['advanced'] },
);

everywhere('a call in the leader can ask for its term, its group, its signal and its deadline', async (t, rig) => {
  const seen: unknown[] = [];
  tasks.set('context', async () => {
    await null;
    const { name, term, signal, deadline } = callContext()!;
    seen.push([name, term, signal.aborted, Math.floor(deadline - rig.time.now())]);
  });
  const clients = await rig.clients(2);
  for (const client of clients) await rig.time.until(client.run('context'));
  const { term } = clients[0]!;
  t.deepEqual(seen, [
    ['g', term, false, 10_000],
    ['g', term, false, 10_000],
  ]);
  t.is(callContext(), undefined);
});

everywhere('a value that cannot travel ends that one call, with the path to it', async (t, rig) => {
  tasks.set('odd', () => ({ list: [1, () => {}] }));
  for (const client of await rig.clients(2)) {
    const call = client.echo({ a: [{ b: Symbol('no') }] });
    const error = await rig.time.until(t.throwsAsync<SharedClientError>(call));
    t.is(error.code, 'ERR_NOT_SERIALIZABLE');
    t.is(error.outcome, 'not-started');
    t.regex(error.message, /args\[0\]\.a\[0\]\.b is a symbol/);
    const result = await rig.time.until(t.throwsAsync<SharedClientError>(client.run('odd')));
    t.is(result.code, 'ERR_NOT_SERIALIZABLE');
    t.is(result.outcome, 'unknown');
    t.regex(result.message, /run\(\).*result\.list\[1\] is a/s);
    t.is(await rig.time.until(client.echo('still there')), 'still there');
  }
  t.is(rig.upstream().count('echo'), 2);
});

everywhere('many calls in one tick all end, each with its own result', async (t, rig) => {
  const clients = await rig.clients(3);
  const calls = clients.flatMap((client, c) => Array.from({ length: 300 }, (_, i) => client.echo([c, i])));
  const results = await rig.time.until(Promise.all(calls));
  t.deepEqual(results.slice(299, 302), [
    [0, 299],
    [1, 0],
    [1, 1],
  ]);
  t.is(rig.upstream().calls.length, 900);
});
