import type { ExecutionContext } from 'ava';
import { Kind, kindOf } from '../../lib/protocol/bundle.js';
import type { Packet } from '../../lib/protocol/messages.js';
import { RECONNECT_MS } from '../../lib/route/direct/direct-route.js';
import { shareConnections } from '../../lib/route/direct/shared-transport.js';
import type { TestWorker } from '../../lib/testing.js';
import type { MemoryDirect } from '../../lib/transport/memory-direct.js';
import { endOf, eventsOf, type Rig, type RigOptions, recorder, system, watch } from '../helpers/system/test.js';
import { bundlesOf } from '../helpers/unit/frames.js';
import { written } from '../helpers/unit/written-bytes.js';

const direct = (title: string, body: (t: ExecutionContext, rig: Rig) => Promise<void>, options: RigOptions = {}) =>
  system(title, body, { over: ['direct'], ...options });

/** Data frames on the way through the primary, by kind. */
function kinds(packets: readonly Packet[]): string[] {
  const names = Object.fromEntries(Object.entries(Kind).map(([name, kind]) => [kind, name]));
  return packets
    .flatMap(bundlesOf)
    .flatMap(({ h }) => h.filter((_, i) => i % 4 === 0).map(kind => names[kindOf(kind)]!));
}

const networkOf = (worker: TestWorker) => (worker as unknown as { readonly direct: MemoryDirect }).direct;

direct('no frame of a call, a value or an event passes the primary once the connection stands', async (t, rig) => {
  const [leading, client] = await rig.clients(2, { events: ['news'] });
  await rig.connect();
  t.deepEqual([leading!.status().route, client!.status().route], ['local', 'direct']);
  const [leader, follower] = rig.workers.map(worker => rig.spy(worker));
  const { values, listener } = recorder();
  await rig.time.until(client!.subscribe('topic', listener).ready);
  t.is(await rig.time.until(client!.echo('here')), 'here');
  rig.upstream().push('topic', 1);
  const events: unknown[] = [];
  client!.upstream.on('news', event => events.push(event));
  rig.upstream().emit('news', 7);
  await rig.time.settle();
  t.deepEqual([values, events], [[1], [7]]);
  // The event is for members that nobody has heard of too.
  t.deepEqual([kinds(leader!.up), kinds(leader!.down)], [['EVENT'], []]);
  t.deepEqual([kinds(follower!.up), kinds(follower!.down)], [[], []]);
  t.deepEqual(
    rig.primary.status().groups[0]!.members.map(({ route }) => route),
    ['local', 'direct'],
  );
});

direct('a client that closes while its leader reads nothing leaves the group all the same', async (t, rig) => {
  const [, client] = await rig.clients(2, { drainTimeoutMs: 50 });
  await rig.connect();
  rig.leader().stopReading();
  const call = watch(client!.echo('x'.repeat(600_000)));
  await rig.time.settle();
  const closed = client!.close();
  await rig.time.until(closed);
  await rig.time.settle();
  t.regex(call.end!, /^ERR_CLOSED/);
  t.deepEqual(
    rig.primary.status().groups[0]!.members.map(({ workerId }) => workerId),
    [1],
  );
  rig.leader().startReading();
});

direct('where no connection can be made the relay serves, says so once, and it is tried again', async (t, rig) => {
  const first = rig.client(rig.fork());
  await rig.time.until(first.ready());
  await rig.connect();
  rig.workers[0]!.refuseConnections(true);
  const client = rig.client(rig.fork());
  const events = eventsOf(client);
  await rig.time.until(client.ready());
  t.is(await rig.time.until(client.echo(1)), 1);
  await rig.time.advance(10_000);
  t.is(client.status().route, 'relay');
  t.regex(client.status().routeProblem!, /nobody listens/);
  t.is(events.filter(event => /^warning .*relay.*nobody listens/.test(event)).length, 1);
  t.is(rig.warnings.filter(text => /^In worker 2: .*relay/.test(text)).length, 1);
  rig.workers[0]!.refuseConnections(false);
  await rig.time.reached(() => client.status().route === 'direct');
  t.is(client.status().routeProblem, undefined);
  t.is(await rig.time.until(client.echo(2)), 2);
});

direct('a leader that can open no door says so, and opens one when it can', async (t, rig) => {
  const worker = rig.fork();
  worker.refuseConnections(true);
  const leading = rig.client(worker);
  const client = rig.client(rig.fork());
  await rig.time.until(Promise.all([leading.ready(), client.ready()]));
  await rig.connect();
  t.regex(leading.status().routeProblem!, /no listener/);
  t.is(rig.warnings.filter(text => /^In worker 1: .*no listener/.test(text)).length, 1);
  t.is(client.status().route, 'relay');
  worker.refuseConnections(false);
  await rig.time.reached(() => client.status().route === 'direct');
});

direct(
  'a connection that breaks ends no call, and what was on its way is sent again by the next one',
  async (t, rig) => {
    const [, client] = await rig.clients(2);
    await rig.connect();
    const { values, listener } = recorder();
    await rig.time.until(client!.subscribe('topic', listener).ready);
    const held = watch(client!.hold('held'));
    await rig.time.settle();
    const calls = [1, 2, 3].map(i => watch(client!.echo(i)));
    await rig.time.tick();
    rig.upstream().push('topic', 'a');
    await rig.time.tick();
    rig.workers[0]!.breakConnections();
    rig.upstream().push('topic', 'b');
    calls.push(watch(client!.echo(4)));
    rig.upstream().held.get('held')!.resolve('held');
    await rig.time.advance(RECONNECT_MS);
    t.deepEqual(
      [held, ...calls].map(({ end }) => end),
      ['ok', 'ok', 'ok', 'ok', 'ok'],
    );
    t.deepEqual(values, ['a', 'b']);
    t.deepEqual(
      [1, 2, 3, 4].map(i => rig.upstream().count('echo', i)),
      [1, 1, 1, 1],
    );
    t.is(client!.status().route, 'direct');
  },
);

direct('a connection that breaks where no other can be made goes on by the relay', async (t, rig) => {
  const [, client] = await rig.clients(2);
  await rig.connect();
  const events = eventsOf(client!);
  const { values, listener } = recorder();
  await rig.time.until(client!.subscribe('topic', listener).ready);
  const calls = [1, 2, 3].map(i => watch(client!.echo(i)));
  await rig.time.turns(1);
  rig.upstream().push('topic', 'a');
  rig.workers[0]!.refuseConnections(true);
  await rig.time.tick();
  rig.workers[1]!.breakConnections();
  calls.push(watch(client!.echo(4)));
  rig.upstream().push('topic', 'b');
  await rig.time.advance(RECONNECT_MS);
  t.deepEqual(
    calls.map(({ end }) => end),
    ['ok', 'ok', 'ok', 'ok'],
  );
  t.deepEqual(values, ['a', 'b']);
  t.deepEqual(
    [1, 2, 3, 4].map(i => rig.upstream().count('echo', i)),
    [1, 1, 1, 1],
  );
  t.is(client!.status().route, 'relay');
  const warnings = () => events.filter(event => event.startsWith('warning')).length;
  t.is(warnings(), 0, 'the leader may just be closing');
  await rig.time.advance(1000);
  t.is(warnings(), 1);
  t.is(rig.primary.status().groups[0]!.members[1]!.route, 'relay');
  rig.workers[0]!.refuseConnections(false);
  await rig.time.reached(() => client!.status().route === 'direct');
  rig.upstream().push('topic', 'c');
  await rig.time.settle();
  t.deepEqual(values, ['a', 'b', 'c']);
});

direct('the leader is lost while a broken connection is to go on by the relay', async (t, rig) => {
  const [, client] = await rig.clients(3);
  await rig.connect();
  const worker = rig.leader();
  worker.refuseConnections(true);
  const sent = watch(client!.hold('sent'));
  const again = watch(client!.with({ idempotent: true }).echo('again'));
  await rig.time.tick();
  worker.stopReading();
  rig.workers[1]!.breakConnections();
  await rig.time.settle();
  const own = watch(client!.echo('own'));
  await rig.time.tick();
  worker.kill();
  await rig.time.settle();
  t.deepEqual([sent.end, again.end, own.end], ['ERR_LEADER_LOST unknown', 'ok', 'ok']);
});

direct('what a killed leader left is removed by the primary, and nothing is left in the end', async (t, rig) => {
  await rig.clients(3);
  await rig.connect();
  const { addresses } = networkOf(rig.workers[0]!);
  t.is(addresses.size, 1);
  rig.leader().kill();
  await rig.connect();
  t.is(addresses.size, 1);
  t.is(rig.events.filter(event => event.endsWith('ready')).length, 2);
});

direct('an unproved peer, and a member of another term, is turned away', async (t, rig) => {
  const [leading, client] = await rig.clients(2);
  await rig.connect();
  const { addresses } = networkOf(rig.workers[0]!);
  const [address] = addresses.keys();
  const unproved = rig.fork();
  const knocking = shareConnections(networkOf(unproved), unproved.clock);
  const publish = async (bytes: Uint8Array) => {
    let end = 'open';
    const connection = knocking.connect(address!, {
      data: () => {
        end = 'answered';
      },
      drained() {},
      closed: () => {
        end = 'closed';
      },
    });
    connection.write([written(bytes)]);
    await rig.time.settle();
    return end;
  };
  const frame = (words: object, what = 1) => {
    const text = Buffer.from(JSON.stringify(words));
    const bytes = Buffer.concat([Buffer.alloc(5), text]);
    bytes.writeUInt32LE(1 + text.length);
    bytes[4] = what;
    return bytes;
  };
  const hello = {
    group: 'g',
    term: client!.term,
    nonce: 'n',
    from: 2,
    stream: 9,
    goesOn: false,
    received: 0,
    hasNoRelay: false,
  };
  const events = eventsOf(leading!);
  t.is(await publish(frame(hello)), 'answered', 'whoever says hello may prove itself');
  const guess = () => publish(Buffer.concat([frame(hello), frame({ proof: 'guessed' }, 7)]));
  t.is(await guess(), 'closed');
  t.is(await guess(), 'closed');
  t.is(events.length, 1);
  t.regex(events[0]!, /^warning Somebody came to the leader of .* as the member of worker 2, and/);
  t.is(await publish(frame({ ...hello, group: 'h' })), 'closed');
  t.is(await publish(frame({ ...hello, term: 1 })), 'closed');
  t.is(await publish(frame({ ...hello, stream: -1 })), 'closed');
  t.is(await publish(Buffer.from('GET / HTTP/1.1\r\n\r\n')), 'closed');
  t.is(await publish(Buffer.alloc(8)), 'closed');
  const mute = publish(Buffer.from([1]));
  t.is(await mute, 'open');
  await rig.time.advance(5000);
  t.is(await rig.time.until(client!.echo(1)), 1);
});

direct(
  'a member that leaves is forgotten after all that it sent, and another of its name begins anew',
  async (t, rig) => {
    const [leading, client] = await rig.clients(2);
    await rig.connect();
    await rig.time.until(client!.with({ sticky: 'me' }).publish('here'));
    const last = endOf(client!.with({ oneway: true }).publish('last'));
    const closing = client!.close();
    const next = rig.client(rig.workers[1]);
    t.is(await rig.time.until(last), 'ok');
    await rig.time.until(closing);
    await rig.time.until(next.ready());
    t.is(await rig.time.until(next.echo('next')), 'next');
    await rig.connect();
    t.is(next.status().route, 'direct');
    t.true(leading!.isLeader);
    t.is(rig.upstream().count('publish', 'last'), 1);
    t.is(rig.upstream().count('unpublish', 'here'), 1);
  },
);

direct('a client that is closed while the dead leader is still read to the end closes all the same', async (t, rig) => {
  const [, , client] = await rig.clients(3);
  await rig.connect();
  rig.leader().kill();
  await rig.time.reached(() => client!.status().route !== 'direct');
  t.is(await endOf(rig.time.until(client!.close())), 'ok');
});

direct('a second group that is led in the same worker has the same door and a secret of its own', async (t, rig) => {
  const [first, second] = [rig.fork(), rig.fork()];
  const leading = rig.client(first);
  await rig.time.until(leading.ready());
  rig.client(first, { name: 'h' });
  const client = rig.client(second, { name: 'h', eligible: false });
  await rig.time.until(client.ready());
  await rig.connect();
  t.is(client.status().route, 'direct');
  t.is(networkOf(first).addresses.size, 1);
  t.is(await rig.time.until(client.echo(1)), 1);
});

direct('many groups share one connection, which breaks for all of them and goes with the last', async (t, rig) => {
  const names = Array.from({ length: 20 }, (_, i) => `group ${i}`);
  const [leading, following] = [rig.fork(), rig.fork()];
  for (const name of names) await rig.time.until(rig.client(leading, { name }).ready());
  const clients = names.map(name => rig.client(following, { name, eligible: false }));
  await rig.time.until(Promise.all(clients.map(client => client.ready())));
  await rig.connect();
  const areDirect = () => clients.every(client => client.status().route === 'direct');
  t.true(areDirect());
  const open = () => [leading, following].map(worker => networkOf(worker).ends.size);
  t.deepEqual(open(), [1, 1]);
  const echoAll = () => rig.time.until(Promise.all(clients.map((client, i) => client.echo(i))));
  t.deepEqual(await echoAll(), [...names.keys()]);

  const calls = clients.map((client, i) => watch(client.echo(i)));
  await rig.time.turns(1);
  following.breakConnections();
  await rig.time.advance(RECONNECT_MS);
  await rig.time.settle();
  t.true(calls.every(({ end }) => end === 'ok'));
  t.true(areDirect());
  t.deepEqual(open(), [1, 1]);

  const [first, ...others] = clients;
  await rig.time.until(first!.close());
  t.deepEqual(await rig.time.until(Promise.all(others.map((client, i) => client.echo(i)))), [...others.keys()]);
  t.deepEqual(open(), [1, 1]);
  await rig.time.until(Promise.all(others.map(client => client.close())));
  await rig.time.settle();
  t.deepEqual(open(), [0, 0]);
});

direct('a large value of one group does not hold up a call of another', async (t, rig) => {
  const [leading, following] = [rig.fork(), rig.fork()];
  for (const name of ['large', 'small']) await rig.time.until(rig.client(leading, { name }).ready());
  const [large, small] = ['large', 'small'].map(name => rig.client(following, { name, eligible: false }));
  await rig.time.until(Promise.all([large!.ready(), small!.ready()]));
  await rig.connect();
  const order: string[] = [];
  const long = large!.echo('x'.repeat(10_000_000)).then(() => order.push('large'));
  const short = small!.echo(1).then(() => order.push('small'));
  await rig.time.until(Promise.all([long, short]));
  t.deepEqual(order, ['small', 'large']);
});
