import { endOf, eventsOf, everywhere, LEADER_TIMEOUT_MS, recorder, system, watch } from '../helpers/system/test.js';

const MIB = 1024 * 1024;
const large = (mark: unknown, size = 600_000) => ({ mark, text: 'x'.repeat(size) });
const marks = (values: unknown[]) => values.map(value => (value as { mark: unknown }).mark);

system(
  'values for a worker that does not read are conflated to the newest, and it is told',
  async (t, rig) => {
    const clients = await rig.clients(3);
    const logs = clients.map(() => recorder());
    const events = clients.map(eventsOf);
    const orders: string[][] = clients.map(() => []);
    for (const [i, client] of clients.entries()) {
      client.on('resync', ({ reason }) => orders[i]!.push(reason));
      client.subscribe('topic', value => orders[i]!.push(String((value as { mark: unknown }).mark)));
      await rig.time.until(client.subscribe('topic', logs[i]!.listener).ready);
    }
    rig.workers[2]!.stopReading();
    for (let n = 0; n < 30; n++) {
      rig.upstream().push('topic', large(n));
      await rig.time.settle();
      t.true(rig.primary.status().queuedBytes <= 3 * MIB);
    }
    t.deepEqual(
      marks(logs[1]!.values),
      Array.from({ length: 30 }, (_, i) => i),
    );
    t.deepEqual(logs[2]!.values, []);
    rig.workers[2]!.startReading();
    await rig.time.settle();
    const seen = marks(logs[2]!.values) as number[];
    t.is(seen.at(-1), 29);
    t.true(seen.length < 10, String(seen));
    t.deepEqual(
      [...seen].sort((a, b) => a - b),
      seen,
    );
    t.deepEqual(
      events.map(list => list.filter(event => event.startsWith('resync'))),
      [[], [], ['resync "topic" overload']],
    );
    t.deepEqual(orders[2]!.slice(-2), ['overload', '29']);
    rig.upstream().push('topic', large(30));
    await rig.time.settle();
    t.is(marks(logs[2]!.values).at(-1), 30);
    t.is(rig.primary.status().queuedBytes, 0);
  },
  { primary: { maxQueuedBytes: 2 * MIB } },
);

everywhere(
  'a newer value never comes before an older one that had to wait',
  async (t, rig) => {
    const clients = await rig.clients(2);
    const log = recorder();
    await rig.time.until(clients[1]!.subscribe('topic', log.listener).ready);
    const slow = rig.workers[1]!;
    slow.stopReading();
    let n = 0;
    for (; n < 10; n++) {
      rig.upstream().push('topic', large(n));
      await rig.time.settle();
    }
    // Small ones fit where a large one did not.
    for (; n < 13; n++) {
      rig.upstream().push('topic', large(n, 10));
      await rig.time.settle();
    }
    slow.startReading();
    await rig.time.settle();
    const seen = marks(log.values) as number[];
    t.deepEqual(
      [...seen].sort((a, b) => a - b),
      seen,
    );
    t.is(new Set(seen).size, seen.length);
    t.is(seen.at(-1), 12);
  },
  { primary: { maxQueuedBytes: 2 * MIB } },
);

system(
  'values of several topics keep their newest each',
  async (t, rig) => {
    const clients = await rig.clients(2);
    const logs = ['a', 'b', 'c'].map(topic => ({ topic, ...recorder() }));
    const events = eventsOf(clients[1]!);
    for (const { topic, listener } of logs) await rig.time.until(clients[1]!.subscribe(topic, listener).ready);
    rig.workers[1]!.stopReading();
    for (let n = 0; n < 12; n++) {
      rig.upstream().push('a', large(`a${n}`));
      rig.upstream().push('b', large(`b${n}`));
      await rig.time.settle();
    }
    rig.upstream().push('c', large('c0'));
    await rig.time.settle();
    rig.workers[1]!.startReading();
    await rig.time.settle();
    t.deepEqual(
      logs.map(({ values }) => marks(values).at(-1)),
      ['a11', 'b11', 'c0'],
    );
    t.deepEqual(events.sort(), ['resync "a" overload', 'resync "b" overload']);
  },
  { primary: { maxQueuedBytes: 2 * MIB } },
);

system(
  'events of the real client are conflated too',
  async (t, rig) => {
    const clients = await rig.clients(2, { events: ['news'] });
    const seen: unknown[] = [];
    clients[1]!.upstream.on('news', value => seen.push(value));
    rig.workers[1]!.stopReading();
    for (let n = 0; n < 20; n++) {
      rig.upstream().emit('news', large(n));
      await rig.time.settle();
      t.true(rig.primary.status().queuedBytes <= 3 * MIB);
    }
    rig.workers[1]!.startReading();
    await rig.time.settle();
    t.is(marks(seen).at(-1), 19);
    t.true(seen.length < 10);
  },
  { primary: { maxQueuedBytes: 2 * MIB } },
);

system(
  'calls to a leader that does not read are refused, and those that wait go on',
  async (t, rig) => {
    const clients = await rig.clients(2);
    rig.workers[0]!.stopReading();
    const calls = [];
    for (let n = 0; n < 10; n++) {
      calls.push(watch(clients[1]!.echo(large(n))));
      await rig.time.settle();
    }
    const small = watch(clients[1]!.publish('small'));
    await rig.time.settle();
    const refused = calls.filter(call => call.end !== undefined);
    t.true(refused.length > 2 && refused.length < 8, String(refused.length));
    t.deepEqual([...new Set(refused.map(call => call.end))], ['ERR_OVERLOADED not-started']);
    rig.workers[0]!.startReading();
    await rig.time.settle();
    t.deepEqual(
      calls.filter(call => !refused.includes(call)).map(call => call.end),
      Array(10 - refused.length).fill('ok'),
    );
    t.is(rig.upstream().count('echo'), 10 - refused.length);
    t.is(small.end, 'ok');
    t.is(await rig.time.until(endOf(clients[1]!.echo(large('again')))), 'ok');
  },
  { primary: { maxQueuedBytes: 2 * MIB } },
);

system(
  'results for a worker that does not read end their calls',
  async (t, rig) => {
    const clients = await rig.clients(2);
    rig.workers[1]!.stopReading();
    const calls = [];
    for (let n = 0; n < 10; n++) {
      calls.push(watch(clients[1]!.echo(large(n))));
      await rig.time.settle();
    }
    t.deepEqual([...new Set(calls.map(call => call.end))], [undefined]);
    t.true(rig.primary.status().queuedBytes <= 3 * MIB);
    t.is(rig.upstream().count('echo'), 10);
    rig.workers[1]!.startReading();
    await rig.time.settle();
    const ends = calls.map(call => call.end);
    t.deepEqual([...new Set(ends)].sort(), ['ERR_OVERLOADED unknown', 'ok']);
    t.is(await rig.time.until(endOf(clients[1]!.echo(large('again')))), 'ok');
  },
  { primary: { maxQueuedBytes: 2 * MIB } },
);

system(
  'what waits for all workers together is bounded too',
  async (t, rig) => {
    const clients = await rig.clients(6);
    const logs = clients.map(() => recorder());
    for (const [i, client] of clients.entries())
      await rig.time.until(client.subscribe('topic', logs[i]!.listener).ready);
    for (const worker of rig.workers.slice(1)) worker.stopReading();
    for (let n = 0; n < 20; n++) {
      rig.upstream().push('topic', large(n));
      await rig.time.settle();
      t.true(rig.primary.status().queuedBytes <= 9 * MIB, String(rig.primary.status().queuedBytes));
    }
    for (const worker of rig.workers.slice(1)) worker.startReading();
    await rig.time.settle();
    for (const { values } of logs) t.is(marks(values).at(-1), 19);
  },
  { primary: { maxQueuedBytes: 64 * MIB, maxQueuedTotalBytes: 4 * MIB } },
);

everywhere(
  'control overtakes data that waits: a worker that is flooded hears who leads, and leads itself',
  async (t, rig) => {
    const clients = await rig.clients(3);
    const slow = clients[2]!;
    await rig.time.until(slow.subscribe('topic', () => {}).ready);
    rig.workers[2]!.stopReading();
    for (let n = 0; n < 10; n++) rig.upstream().push('topic', large(n));
    await rig.time.settle();
    await rig.time.until(clients[0]!.resign());
    await rig.time.until(clients[1]!.ready());
    rig.workers[2]!.startReading();
    await rig.time.settle();
    t.deepEqual(slow.leader, clients[1]!.leader);
    t.is(await rig.time.until(slow.echo(1)), 1);
  },
  { primary: { maxQueuedBytes: 2 * MIB } },
);

system('a leader that is flooded with calls keeps its lease', async (t, rig) => {
  const clients = await rig.clients(3);
  for (let round = 0; round < 8; round++) {
    for (const client of clients.slice(1)) void client.with({ oneway: true }).echo(large(round));
    await rig.time.advance(LEADER_TIMEOUT_MS / 3);
  }
  await rig.time.settle();
  t.is(rig.story.length, 2);
  t.is(rig.upstream().count('echo'), 16);
});

everywhere(
  'a value larger than all bounds still gets through where nothing else waits',
  async (t, rig) => {
    const clients = await rig.clients(2);
    const log = recorder();
    await rig.time.until(clients[1]!.subscribe('topic', log.listener).ready);
    rig.upstream().push('topic', large('huge', 3 * MIB));
    await rig.time.settle();
    t.deepEqual(marks(log.values), ['huge']);
    t.is(await rig.time.until(endOf(clients[1]!.echo(large('huge', 3 * MIB)))), 'ok');
  },
  { primary: { maxQueuedBytes: 2 * MIB } },
);

everywhere('a result waits behind few values of a real client that is faster than the route', async (t, rig) => {
  const clients = await rig.clients(3);
  await rig.connect();
  const client = clients[2]!;
  const log = recorder();
  await rig.time.until(client.subscribe('topic', log.listener).ready);
  const events = eventsOf(client);
  for (let n = 0; n < 100; n++) rig.upstream().push('topic', large(n));
  await rig.time.until(client.echo('well'));
  t.true(log.values.length <= 6, `${log.values.length} values before the result`);
  await rig.time.settle();
  t.is(marks(log.values).at(-1), 99);
  t.true(log.values.length < 10, String(marks(log.values)));
  t.deepEqual(events, ['resync "topic" overload']);
});
