import { getEventListeners } from 'node:events';
import { endOf, eventsOf, everywhere, system, watch } from '../helpers/system/test.js';

system('a sticky publication is said once to each new leader', async (t, rig) => {
  const clients = await rig.clients(4, i => ({ eligible: i < 3 }));
  await rig.time.until(clients[3]!.with({ sticky: 'me' }).publish('here', { port: 1 }));
  await rig.time.until(clients[3]!.publish('once'));
  for (let n = 1; n < 3; n++) {
    rig.leader().kill();
    await rig.time.settle();
    t.is(rig.upstream().count('publish', 'here'), n + 1);
  }
  t.is(rig.upstream().count('publish', 'once'), 1);
  t.deepEqual(rig.upstream().calls.at(-1)!.args, ['here', { port: 1 }]);
  t.is(clients[3]!.status().sticky, 1);
});

system('the newest under a key replaces the older, keys that are equal are one', async (t, rig) => {
  const clients = await rig.clients(3);
  const publish = (key: unknown, value: unknown) => rig.time.until(clients[2]!.with({ sticky: key }).publish(value));
  await publish({ a: 1, b: 2 }, 'old');
  await publish('other', 'other');
  await publish({ b: 2, a: 1 }, 'new');
  rig.upstream().calls.length = 0;
  rig.leader().kill();
  await rig.time.settle();
  t.deepEqual(
    rig
      .upstream()
      .calls.map(call => call.args[0])
      .sort(),
    ['new', 'other'],
  );
});

system('one that is in flight at a failover is not said twice', async (t, rig) => {
  const clients = await rig.clients(3);
  rig.upstream().onPublish = () => new Promise(resolve => rig.time.setTimer(() => resolve(1), 50));
  const published = watch(clients[2]!.with({ sticky: 'me' }).publish('here'));
  await rig.time.settle();
  t.is(rig.upstream().count('publish'), 1);
  rig.leader().kill();
  await rig.time.settle();
  t.is(rig.upstream().count('publish'), 2);
  await rig.time.advance(200);
  t.is(published.end, 'ok');
  t.is(rig.upstream().count('publish'), 2);
});

system('one that waits for a leader is said once', async (t, rig) => {
  const client = rig.client(rig.fork(), { eligible: false });
  const published = client.with({ sticky: 'me' }).publish('here');
  await rig.time.settle();
  await rig.time.until(rig.client(rig.fork()).ready());
  await rig.time.until(published);
  await rig.time.settle();
  t.is(rig.upstream().count('publish'), 1);
});

system('an older one in flight that was replaced is not said again after the newer', async (t, rig) => {
  const clients = await rig.clients(3);
  rig.upstream().onPublish = () => new Promise(() => {});
  const sticky = clients[2]!.with({ sticky: 'me' });
  const [older, newer] = [watch(sticky.publish('old')), watch(sticky.publish('new'))];
  await rig.time.settle();
  t.is(rig.upstream().count('publish'), 2);
  rig.upstream().onPublish = () => {};
  rig.upstream().calls.length = 0;
  rig.leader().kill();
  await rig.time.settle();
  t.deepEqual(
    rig.upstream().calls.map(call => call.args[0]),
    ['new'],
  );
  t.is(older.end, 'ERR_LEADER_LOST unknown');
  t.is(newer.end, 'ok');
});

system('of several under one key that wait, the newest is said last, and only it is said again', async (t, rig) => {
  const clients = [rig.client(rig.fork(), { eligible: false })];
  const sticky = clients[0]!.with({ sticky: 'me' });
  const published = Promise.all([sticky.publish('old'), sticky.publish('new')]);
  await rig.time.settle();
  for (const _ of [1, 2]) clients.push(rig.client(rig.fork()));
  await rig.time.until(published);
  t.is(rig.upstream().calls.at(-1)!.args[0], 'new');
  rig.upstream().calls.length = 0;
  rig.leader().kill();
  await rig.time.settle();
  t.deepEqual(
    rig.upstream().calls.map(call => call.args[0]),
    ['new'],
  );
});

everywhere('unpublish(key) ends it, and the real client is told with the arguments', async (t, rig) => {
  const clients = await rig.clients(3);
  for (const client of clients.slice(1)) {
    await rig.time.until(client.with({ sticky: ['me'] }).publish('here', 7));
    await rig.time.until(client.unpublish(['me']));
    t.deepEqual(rig.upstream().calls.at(-1)!.method, 'unpublish');
    t.deepEqual(rig.upstream().calls.at(-1)!.args, ['here', 7]);
    await rig.time.until(client.unpublish(['me']));
    t.is(rig.upstream().count('unpublish'), clients.indexOf(client));
    t.is(client.status().sticky, 0);
  }
  rig.leader().kill();
  await rig.time.settle();
  t.is(rig.upstream().count('publish'), 2);
});

everywhere('unpublish reaches a leader that came after the publication', async (t, rig) => {
  const clients = await rig.clients(3);
  await rig.time.until(clients[2]!.with({ sticky: 'me' }).publish('here'));
  rig.leader().kill();
  const taken = clients[2]!.unpublish('me');
  await rig.time.until(taken);
  t.deepEqual(rig.upstream().calls.at(-1)!.method, 'unpublish');
  t.is(rig.upstream().count('publish'), 1);
});

everywhere('the end of its signal ends it', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    rig.upstream().calls.length = 0;
    const controller = new AbortController();
    await rig.time.until(client.with({ sticky: 'me', signal: controller.signal }).publish('here'));
    controller.abort(new Error('enough'));
    await rig.time.settle();
    t.deepEqual(
      rig.upstream().calls.map(call => call.method),
      ['publish', 'unpublish'],
    );
    t.is(client.status().sticky, 0);
  }
});

everywhere('the signal of one that was replaced does not end the one that replaced it', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    rig.upstream().calls.length = 0;
    const controller = new AbortController();
    await rig.time.until(client.with({ sticky: 'me', signal: controller.signal }).publish('old'));
    await rig.time.until(client.with({ sticky: 'me' }).publish('new'));
    controller.abort(new Error('enough'));
    await rig.time.settle();
    t.deepEqual(
      rig.upstream().calls.map(call => call.method),
      ['publish', 'publish'],
    );
    t.is(client.status().sticky, 1);
    await rig.time.until(client.unpublish('me'));
  }
});

everywhere('a signal that aborts while it is under way ends the call at once, and nothing stays', async (t, rig) => {
  for (const client of await rig.clients(2)) {
    rig.upstream().calls.length = 0;
    rig.upstream().onPublish = () => new Promise(() => {});
    const controller = new AbortController();
    const published = watch(client.with({ sticky: 'me', signal: controller.signal }).publish('here'));
    await rig.time.settle();
    controller.abort(new Error('enough'));
    await rig.time.tick();
    t.is(published.end, 'enough');
    await rig.time.settle();
    t.deepEqual(
      rig.upstream().calls.map(call => call.method),
      ['publish', 'unpublish'],
    );
    t.is(client.status().sticky, 0);
  }
});

everywhere('one that waits for a leader and is cancelled is never said', async (t, rig) => {
  const client = rig.client(rig.fork(), { eligible: false });
  const controller = new AbortController();
  const published = watch(client.with({ sticky: 'me', signal: controller.signal }).publish('here'));
  await rig.time.settle();
  controller.abort(new Error('enough'));
  await rig.time.settle();
  t.is(published.end, 'enough');
  await rig.time.until(rig.client(rig.fork()).ready());
  await rig.time.settle();
  t.is(rig.upstream().count('publish'), 0);
});

everywhere('no listener stays on its signal when it is over, however often it is said', async (t, rig) => {
  const [, client] = await rig.clients(2);
  const { signal } = new AbortController();
  const sticky = client!.with({ sticky: 'me', signal });
  for (let n = 0; n < 5; n++) await rig.time.until(sticky.publish(n));
  t.is(getEventListeners(signal, 'abort').length, 1);
  await rig.time.until(client!.unpublish('me'));
  t.is(getEventListeners(signal, 'abort').length, 0);
  await rig.time.until(sticky.publish('again'));
  await rig.time.until(client!.close());
  t.is(getEventListeners(signal, 'abort').length, 0);
});

everywhere('close() takes back what the handle said, and nothing of another handle', async (t, rig) => {
  const [worker] = [rig.fork(), rig.fork()];
  const [one, two] = [rig.client(worker), rig.client(worker)];
  const other = rig.client(rig.workers[1]);
  await rig.time.until(Promise.all([one.with({ sticky: 1 }).publish('one'), two.with({ sticky: 2 }).publish('two')]));
  await rig.time.until(one.close());
  t.deepEqual(rig.upstream().log.at(-1), "unpublish [ 'one' ]");
  t.is(two.status().sticky, 1);
  await rig.time.until(other.with({ sticky: 1 }).publish('three'));
  await rig.time.until(other.close());
  t.deepEqual(rig.upstream().log.at(-1), "unpublish [ 'three' ]");
  t.is(rig.upstream().count('unpublish', 'two'), 0);
});

system('the death of its member ends it, and the real client is told', async (t, rig) => {
  const clients = await rig.clients(3);
  await rig.time.until(clients[1]!.with({ sticky: 'a' }).publish('dead', 1));
  await rig.time.until(clients[2]!.with({ sticky: 'a' }).publish('alive', 2));
  rig.workers[1]!.kill();
  await rig.time.settle();
  t.deepEqual(rig.upstream().calls.at(-1)!.method, 'unpublish');
  t.deepEqual(rig.upstream().calls.at(-1)!.args, ['dead', 1]);
  t.is(rig.upstream().count('unpublish'), 1);
});

system('the death of its member ends it with a later leader too', async (t, rig) => {
  const clients = await rig.clients(3);
  await rig.time.until(clients[2]!.with({ sticky: 'a' }).publish('dead'));
  await rig.time.until(clients[0]!.resign());
  await rig.time.until(clients[0]!.ready());
  t.true(clients[1]!.isLeader || clients[2]!.isLeader);
  await rig.time.settle();
  const publisher = rig.workers[2]!;
  if (rig.leader() === publisher) await rig.time.until(rig.primary.transfer('g', 1));
  await rig.time.settle();
  publisher.kill();
  await rig.time.settle();
  t.is(rig.upstream().count('unpublish', 'dead'), 1);
});

everywhere('one that the real client refused is not said again', async (t, rig) => {
  const clients = await rig.clients(3);
  rig.upstream().onPublish = () => Promise.reject(new Error('no'));
  t.is(await rig.time.until(endOf(clients[2]!.with({ sticky: 'a' }).publish('refused'))), 'no');
  t.is(clients[2]!.status().sticky, 0);
  rig.upstream().onPublish = () => {};
  rig.leader().kill();
  await rig.time.settle();
  t.is(rig.upstream().count('publish'), 1);
});

system('a refusal when it is said again goes to error, and it is said to the leader after that', async (t, rig) => {
  const clients = await rig.clients(4, i => ({ eligible: i < 3 }));
  const events = eventsOf(clients[3]!);
  await rig.time.until(clients[3]!.with({ sticky: 'a' }).publish('here'));
  rig.upstream().onPublish = () => Promise.reject(new Error('not now'));
  rig.leader().kill();
  await rig.time.settle();
  t.deepEqual(events, ['error not now']);
  rig.upstream().onPublish = () => {};
  rig.leader().kill();
  await rig.time.settle();
  t.is(rig.upstream().count('publish'), 3);
});

everywhere('a real client without unpublish is not asked', async (t, rig) => {
  const [worker, other] = [rig.fork(), rig.fork()];
  const published: unknown[] = [];
  const definition = { name: 'bare', open: () => ({ publish: (value: unknown) => void published.push(value) }) };
  const [, client] = [worker, other].map(one => rig.adopt(one.createSharedClient(definition), one));
  await rig.time.until(client!.with({ sticky: 'a' }).publish(1));
  await rig.time.until(client!.unpublish('a'));
  await rig.time.until(client!.with({ sticky: 'a' }).publish(2));
  other.kill();
  await rig.time.settle();
  t.deepEqual(published, [1, 2]);
});

system('a sticky publication may be oneway', async (t, rig) => {
  const clients = await rig.clients(3);
  t.is(await clients[2]!.with({ sticky: 'a', oneway: true }).publish('here'), undefined);
  await rig.time.settle();
  rig.leader().kill();
  await rig.time.settle();
  t.is(rig.upstream().count('publish'), 2);
});

everywhere('a key that cannot travel is refused, and nothing is said', async (t, rig) => {
  const [, client] = await rig.clients(2);
  t.is(await rig.time.until(endOf(client!.with({ sticky: () => {} }).publish(1))), 'ERR_NOT_SERIALIZABLE not-started');
  t.is(await rig.time.until(endOf(client!.unpublish(Symbol('no')))), 'ERR_NOT_SERIALIZABLE not-started');
  await rig.time.settle();
  t.is(rig.upstream().count('publish'), 0);
});

system('a real client that fails to unpublish for a dead member is an error event', async (t, rig) => {
  const clients = await rig.clients(3);
  const events = eventsOf(clients[0]!);
  rig.upstream().onUnpublish = ([value]) => {
    if (value === 'now') throw new Error('no');
    return Promise.reject(new Error('not now'));
  };
  await rig.time.until(clients[1]!.with({ sticky: 1 }).publish('now'));
  await rig.time.until(clients[1]!.with({ sticky: 2 }).publish('later'));
  rig.workers[1]!.kill();
  await rig.time.settle();
  t.deepEqual(events, ['error no', 'error not now']);
  t.is(await rig.time.until(clients[2]!.echo(1)), 1);
});
