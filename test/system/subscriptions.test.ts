import { endOf, eventsOf, everywhere, recorder, system, watch } from '../helpers/system/test.js';

everywhere('one upstream subscription serves all workers and listeners', async (t, rig) => {
  const clients = await rig.clients(3);
  const all = clients.flatMap(client => [recorder(), recorder()].map(log => ({ client, log })));
  await rig.time.until(Promise.all(all.map(({ client, log }) => client.subscribe('topic', log.listener).ready)));
  t.is(rig.upstream().count('subscribe'), 1);
  rig.upstream().push('topic', { n: 1 });
  await rig.time.settle();
  for (const { client, log } of all) {
    t.deepEqual(log.values, [{ n: 1 }]);
    t.deepEqual(log.infos, [{ term: client.term, replayed: false }]);
  }
  for (const client of clients) t.is(client.status().subscriptions, 2);
});

everywhere('each listener has a copy of its own', async (t, rig) => {
  const clients = await rig.clients(2);
  const values: { list: unknown[]; bytes: Buffer }[] = [];
  for (const client of clients) {
    for (let i = 0; i < 3; i++) {
      await rig.time.until(client.subscribe('topic', value => void values.push(value as (typeof values)[0])).ready);
    }
  }
  const sent = { list: [1], bytes: Buffer.from('abc') };
  rig.upstream().push('topic', sent);
  await rig.time.settle();
  t.is(values.length, 6);
  for (const value of values) {
    t.deepEqual(value, { list: [1], bytes: Buffer.from('abc') });
    value.list.push('mine');
    value.bytes[0] = 0;
  }
  t.deepEqual(sent, { list: [1], bytes: Buffer.from('abc') });
  const late = recorder();
  clients[0]!.subscribe('topic', late.listener);
  await rig.time.settle();
  t.deepEqual(late.values, [{ list: [1], bytes: Buffer.from('abc') }]);
});

everywhere('a late subscriber gets the last value at once, marked', async (t, rig) => {
  const clients = await rig.clients(2);
  const [early, late, here] = [recorder(), recorder(), recorder()];
  await rig.time.until(clients[0]!.subscribe('topic', early.listener).ready);
  rig.upstream().push('topic', 1, 2);
  await rig.time.settle();
  clients[1]!.subscribe('topic', late.listener);
  clients[0]!.subscribe('topic', here.listener);
  await rig.time.settle();
  rig.upstream().push('topic', 3);
  await rig.time.settle();
  t.deepEqual(early.values, [1, 2, 3]);
  for (const { values, infos } of [late, here]) {
    t.deepEqual(values, [2, 3]);
    t.deepEqual(
      infos.map(info => info.replayed),
      [true, false],
    );
    t.is(infos[0]!.term, clients[0]!.term);
  }
  t.is(rig.upstream().count('subscribe'), 1);
});

everywhere('a value of undefined, or null, is a last value too', async (t, rig) => {
  const clients = await rig.clients(2);
  for (const value of [undefined, null, 0, '']) {
    const [early, late] = [recorder(), recorder()];
    const subscriptions = [clients[0]!.subscribe('topic', early.listener)];
    await rig.time.until(subscriptions[0]!.ready);
    rig.upstream().push('topic', value);
    await rig.time.settle();
    subscriptions.push(clients[1]!.subscribe('topic', late.listener));
    await rig.time.settle();
    t.deepEqual([early.values, late.values], [[value], [value]]);
    for (const subscription of subscriptions) await subscription.unsubscribe();
    await rig.time.settle();
  }
});

everywhere("with replay: 'none' a late subscriber gets only what comes", async (t, rig) => {
  const clients = await rig.clients(2, { replay: 'none' });
  await rig.time.until(clients[0]!.subscribe('topic', () => {}).ready);
  rig.upstream().push('topic', 1);
  await rig.time.settle();
  const late = recorder();
  clients[1]!.subscribe('topic', late.listener);
  await rig.time.settle();
  rig.upstream().push('topic', 2);
  await rig.time.settle();
  t.deepEqual(late.values, [2]);
});

everywhere('the last value is forgotten when the upstream subscription ends, and with the term', async (t, rig) => {
  const clients = await rig.clients(2);
  const subscription = clients[1]!.subscribe('topic', () => {});
  await rig.time.until(subscription.ready);
  rig.upstream().push('topic', 1);
  await rig.time.settle();
  await subscription.unsubscribe();
  await rig.time.settle();
  const again = recorder();
  await rig.time.until(clients[1]!.subscribe('topic', again.listener).ready);
  await rig.time.settle();
  t.deepEqual(again.values, []);
  rig.upstream().push('topic', 2);
  await rig.time.settle();
  await rig.time.until(clients[0]!.resign());
  await rig.time.until(clients[0]!.ready());
  const late = recorder();
  await rig.time.until(clients[0]!.subscribe('topic', late.listener).ready);
  await rig.time.settle();
  t.deepEqual([again.values, late.values], [[2], []]);
});

system('the real client is unsubscribed when the last subscriber leaves, by word or by death', async (t, rig) => {
  const clients = await rig.clients(3);
  const mine = clients.map(client => client.subscribe('topic', () => {}));
  await rig.time.until(Promise.all(mine.map(({ ready }) => ready)));
  await mine[0]!.unsubscribe();
  await mine[0]!.unsubscribe();
  await mine[1]![Symbol.asyncDispose]();
  await rig.time.settle();
  t.deepEqual(rig.upstream().topics, ['topic']);
  rig.workers[2]!.kill();
  await rig.time.settle();
  t.deepEqual(rig.upstream().topics, []);
  await rig.time.until(clients[1]!.subscribe('topic', () => {}).ready);
  t.deepEqual(rig.upstream().topics, ['topic']);
  await clients[1]!.unsubscribe('topic');
  await rig.time.settle();
  t.deepEqual([rig.upstream().count('subscribe'), rig.upstream().count('unsubscribe')], [2, 2]);
});

everywhere('a member that leaves takes its subscriptions with it', async (t, rig) => {
  const clients = await rig.clients(2);
  await rig.time.until(clients[1]!.subscribe('topic', () => {}).ready);
  await rig.time.until(clients[1]!.close());
  await rig.time.settle();
  t.deepEqual(rig.upstream().topics, []);
});

everywhere('an unsubscribe function that the real client returned is used', async (t, rig) => {
  const [, client] = await rig.clients(2);
  const log: string[] = [];
  for (const wrap of [(off: () => unknown) => off, (off: () => unknown) => Promise.resolve(off)]) {
    rig.upstream().onSubscribe = topic => wrap(() => void log.push(`off ${topic}`));
    const subscription = client!.subscribe(`topic ${log.length}`, () => {});
    await rig.time.until(subscription.ready);
    await subscription.unsubscribe();
    await rig.time.settle();
  }
  t.deepEqual(log, ['off topic 0', 'off topic 1']);
  t.is(rig.upstream().count('unsubscribe'), 0);
});

everywhere('subscribe and unsubscribe of a key are serialised, however slow the real client is', async (t, rig) => {
  const clients = await rig.clients(2);
  const slow = () => new Promise<void>(resolve => rig.time.setTimer(resolve, 50));
  rig.upstream().onSubscribe = slow;
  rig.upstream().onUnsubscribe = slow;
  const log = recorder();
  for (const client of clients) {
    rig.upstream().log.length = 0;
    // In and out, faster than the real client follows.
    const first = client.subscribe('topic', log.listener);
    await rig.time.settle();
    await first.unsubscribe();
    await rig.time.settle();
    t.deepEqual(rig.upstream().log, ['subscribe "topic"']);
    await rig.time.advance(60);
    t.deepEqual(rig.upstream().log, ['subscribe "topic"', 'unsubscribe "topic"']);
    const second = client.subscribe('topic', log.listener);
    const ready = watch(second.ready);
    await rig.time.settle();
    t.is(rig.upstream().log.length, 2);
    await rig.time.advance(200);
    t.is(ready.end, 'ok');
    t.deepEqual(rig.upstream().log.slice(2), ['subscribe "topic"']);
    await second.unsubscribe();
    await rig.time.advance(200);
    t.deepEqual(rig.upstream().log.slice(3), ['unsubscribe "topic"']);
  }
});

everywhere('a subscriber that comes while the real client unsubscribes gets values again', async (t, rig) => {
  const [, client] = await rig.clients(2);
  rig.upstream().onUnsubscribe = () => new Promise<void>(resolve => rig.time.setTimer(resolve, 50));
  const log = recorder();
  for (let n = 0; n < 3; n++) {
    const subscription = client!.subscribe('topic', log.listener);
    await rig.time.until(subscription.ready);
    rig.upstream().push('topic', n);
    await rig.time.settle();
    if (n < 2) await subscription.unsubscribe();
    await rig.time.settle();
  }
  t.deepEqual(log.values, [0, 1, 2]);
  await client!.unsubscribe('topic');
  await rig.time.advance(100);
});

everywhere('values that come before the subscription is confirmed are not lost', async (t, rig) => {
  const [, client] = await rig.clients(2);
  let confirm = () => {};
  rig.upstream().onSubscribe = () => new Promise<void>(resolve => (confirm = resolve));
  const log = recorder();
  const { ready } = client!.subscribe('topic', log.listener);
  const end = watch(ready);
  await rig.time.settle();
  rig.upstream().push('topic', 1, 2);
  await rig.time.settle();
  t.deepEqual([log.values, end.end], [[], undefined]);
  confirm();
  await rig.time.settle();
  t.deepEqual([log.values, end.end], [[1, 2], 'ok']);
  t.deepEqual(
    log.infos.map(info => info.replayed),
    [false, false],
  );
});

everywhere('a refusal of the real client rejects ready, and ends the subscription', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    const events = eventsOf(client);
    rig.upstream().onSubscribe = topic => {
      if (topic === 'sync') throw new RangeError('refused now');
      if (topic === 'async') return Promise.reject(Object.assign(new Error('refused later'), { code: 'E_NO' }));
      return undefined;
    };
    t.is(await rig.time.until(endOf(client.subscribe('sync', () => {}).ready)), 'refused now');
    t.is(await rig.time.until(endOf(client.subscribe('async', () => {}).ready)), 'E_NO');
    t.deepEqual(events, ['error refused now', 'error refused later']);
    t.is(client.status().subscriptions, 0);
    await rig.time.until(client.subscribe('good', () => {}).ready);
  }
});

everywhere('a refused subscription can be tried again', async (t, rig) => {
  const [, client] = await rig.clients(2);
  rig.upstream().onSubscribe = () => Promise.reject(new Error('not yet'));
  const log = recorder();
  t.is(await rig.time.until(endOf(client!.subscribe('topic', log.listener).ready)), 'not yet');
  rig.upstream().onSubscribe = () => {};
  await rig.time.until(client!.subscribe('topic', log.listener).ready);
  rig.upstream().push('topic', 1);
  await rig.time.settle();
  t.deepEqual(log.values, [1]);
});

everywhere(
  'ready of a subscription that nobody asks for, or that is ended, is no unhandled rejection',
  async (t, rig) => {
    const [, client] = await rig.clients(2, { timeoutMs: 100 });
    rig.upstream().onSubscribe = topic => (topic === 'never' ? new Promise(() => {}) : Promise.reject(new Error('no')));
    client!.subscribe('refused', () => {});
    client!.subscribe('never', () => {});
    const ended = client!.subscribe('ended', () => {});
    void ended.unsubscribe();
    t.is(await rig.time.until(endOf(ended.ready)), 'ERR_CLOSED');
    const slow = client!.subscribe('never', () => {});
    t.is(await rig.time.until(endOf(slow.ready)), 'ERR_TIMEOUT unknown');
  },
);

everywhere('after unsubscribe() a listener is not called again, whatever is under way', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    const log = recorder();
    const subscription = client.subscribe('topic', log.listener);
    await rig.time.until(subscription.ready);
    rig.upstream().push('topic', 1);
    void subscription.unsubscribe();
    await rig.time.settle();
    t.deepEqual(log.values, []);
    await client.unsubscribe('topic');
  }
});

everywhere('unsubscribe(topic, listener) ends those of this handle and no other', async (t, rig) => {
  const worker = rig.fork();
  const [one, two] = [rig.client(worker), rig.client(worker)];
  await rig.time.until(one.ready());
  const logs = [recorder(), recorder(), recorder()];
  one.subscribe({ a: 1, b: 2 }, logs[0]!.listener);
  one.subscribe({ a: 1, b: 2 }, logs[1]!.listener);
  await rig.time.until(two.subscribe({ b: 2, a: 1 }, logs[2]!.listener).ready);
  t.is(rig.upstream().count('subscribe'), 1);
  const push = async (value: unknown) => {
    rig.upstream().push({ a: 1, b: 2 }, value);
    await rig.time.settle();
  };
  await push(1);
  await one.unsubscribe({ b: 2, a: 1 }, logs[0]!.listener);
  await push(2);
  await one.unsubscribe({ b: 2, a: 1 });
  await one.unsubscribe('unknown');
  await push(3);
  t.deepEqual(
    logs.map(({ values }) => values),
    [[1], [1, 2], [1, 2, 3]],
  );
});

everywhere('a listener that throws hurts nobody else', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    const events = eventsOf(client);
    const log = recorder();
    client.subscribe('topic', () => {
      throw new Error('thrown');
    });
    client.subscribe('topic', async () => {
      throw new Error('rejected');
    });
    await rig.time.until(client.subscribe('topic', log.listener).ready);
    rig.upstream().push('topic', 1, 2);
    await rig.time.settle();
    t.deepEqual(log.values, [1, 2]);
    t.deepEqual([...events].sort(), ['error rejected', 'error rejected', 'error thrown', 'error thrown']);
    await client.unsubscribe('topic');
    await rig.time.settle();
  }
});

everywhere('a listener may end itself, others, or begin one', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    const seen: string[] = [];
    const ends: Record<string, () => unknown> = {};
    const late = recorder();
    const on = (name: string, act: () => unknown) => {
      const subscription = client.subscribe('topic', value => {
        seen.push(`${name}${value}`);
        act();
      });
      ends[name] = () => subscription.unsubscribe();
      return subscription.ready;
    };
    const readies = [
      on('a', () => ends.a!()),
      on('b', () => ends.c!()),
      on('c', () => {}),
      on('d', () => late.values.length === 0 && client.subscribe('topic', late.listener)),
    ];
    await rig.time.until(Promise.all(readies));
    rig.upstream().push('topic', 1);
    await rig.time.settle();
    rig.upstream().push('topic', 2);
    await rig.time.settle();
    t.deepEqual(seen, ['a1', 'b1', 'd1', 'b2', 'd2']);
    t.deepEqual(late.values, [1, 2]);
    t.deepEqual(
      late.infos.map(info => info.replayed),
      [true, false],
    );
    await client.unsubscribe('topic');
    await rig.time.settle();
  }
});

system(
  'topics that differ in any way are apart, and those that are equal are one',
  async (t, rig) => {
    const [, client] = await rig.clients(2);
    const topics: unknown[] = [
      '1',
      1,
      1n,
      true,
      'true',
      null,
      'null',
      { a: 1 },
      { a: '1' },
      [1],
      '__proto__',
      'constructor',
      '',
      'a\nb',
    ];
    for (const topic of topics) await rig.time.until(client!.subscribe(topic, () => {}).ready);
    await rig.time.until(client!.subscribe({ a: 1 }, () => {}).ready);
    t.is(rig.upstream().log.filter(line => line.startsWith('subscribe')).length, topics.length);
  },
  { over: ['advanced', 'json'] },
);

everywhere('a topic that cannot travel, and a listener that is none, are refused at once', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    t.throws(
      () =>
        client.subscribe(
          () => {},
          () => {},
        ),
      { code: 'ERR_NOT_SERIALIZABLE' },
    );
    t.throws(() => client.subscribe('topic', 'no' as never), { code: 'ERR_INVALID_OPTION' });
    t.is(client.status().subscriptions, 0);
  }
});

everywhere('a real client that cannot subscribe says so', async (t, rig) => {
  const worker = rig.fork();
  const create = { name: 'bare', open: () => ({ get: () => 1 }) };
  const client = rig.adopt(
    worker.createSharedClient<{ get(): number; subscribe(topic: string): void }>(create as never),
    worker,
  );
  await rig.time.until(client.ready());
  t.is(await rig.time.until(endOf(client.subscribe('topic', () => {}).ready)), 'ERR_UNKNOWN_METHOD not-started');
  t.is(await rig.time.until(endOf(client.publish('x'))), 'ERR_UNKNOWN_METHOD not-started');
});

everywhere('a value that cannot travel is an error in the leader, and the others come', async (t, rig) => {
  const [leader, follower] = await rig.clients(2);
  const events = eventsOf(leader!);
  const log = recorder();
  await rig.time.until(follower!.subscribe('topic', log.listener).ready);
  rig.upstream().push('topic', 1, () => {}, 2);
  await rig.time.settle();
  t.deepEqual(log.values, [1, 2]);
  t.is(events.length, 1);
  t.regex(events[0]!, /error value is .*function/);
});

everywhere('a signal ends a subscription, before and after it began', async (t, rig) => {
  const [, client] = await rig.clients(2);
  const controller = new AbortController();
  const log = recorder();
  await rig.time.until(client!.with({ signal: controller.signal }).subscribe('topic', log.listener).ready);
  controller.abort(new Error('enough'));
  rig.upstream().push('topic', 1);
  await rig.time.settle();
  t.deepEqual([log.values, rig.upstream().topics], [[], []]);
  const late = client!.with({ signal: controller.signal }).subscribe('topic', log.listener);
  t.is(await endOf(late.ready), 'enough');
  await late.unsubscribe();
  t.is(client!.status().subscriptions, 0);
});

everywhere(
  'a real client that fails to unsubscribe is an error event, and the topic can be had again',
  async (t, rig) => {
    const [leader, follower] = await rig.clients(2);
    const events = eventsOf(leader!);
    const faults = [
      () => {
        throw new Error('no');
      },
      () => Promise.reject(new Error('not now')),
    ];
    const log = recorder();
    for (const fault of faults) {
      const subscription = follower!.subscribe('topic', log.listener);
      await rig.time.until(subscription.ready);
      rig.upstream().push('topic', events.length);
      await rig.time.settle();
      rig.upstream().onUnsubscribe = fault;
      await subscription.unsubscribe();
      await rig.time.settle();
    }
    t.deepEqual(events, ['error no', 'error not now']);
    t.deepEqual(log.values, [0, 1]);
  },
);

system('the worker of a subscriber dies while the real client subscribes', async (t, rig) => {
  const clients = await rig.clients(3);
  const confirm: (() => void)[] = [];
  rig.upstream().onSubscribe = () => new Promise<void>(resolve => confirm.push(resolve));
  const log = recorder();
  clients[1]!.subscribe('topic', () => {});
  await rig.time.settle();
  rig.workers[1]!.kill();
  await rig.time.settle();
  t.is(rig.upstream().count('unsubscribe'), 0, 'in turn');
  const { ready } = clients[2]!.subscribe('topic', log.listener);
  await rig.time.settle();
  for (const resolve of confirm) resolve();
  await rig.time.until(ready);
  rig.upstream().push('topic', 1);
  await rig.time.settle();
  t.deepEqual(log.values, [1]);
  t.is(rig.upstream().count('subscribe'), 1);
  rig.upstream().onSubscribe = () => new Promise<void>(resolve => confirm.push(resolve));
  clients[2]!.subscribe('other', () => {});
  await rig.time.settle();
  rig.workers[2]!.kill();
  await rig.time.settle();
  confirm.at(-1)!();
  await rig.time.settle();
  t.deepEqual(rig.upstream().topics, []);
});
