// Shared clients across hosts, on hosts and a store in memory.

import test, { type ExecutionContext } from 'ava';
import { GONE_MS } from '../../lib/fleet/presence.js';
import { SharedClientError } from '../../lib/index.js';
import { defer } from '../../lib/utils/deferred.js';
import { CallRig, type CallWorker } from '../helpers/fleet/call-rig.js';
import { LEASE_MS } from '../helpers/fleet/rig.js';
import { endOf, recorder, watch } from '../helpers/system/rig.js';

function across(title: string, body: (t: ExecutionContext, rig: CallRig) => Promise<void>): void {
  test.serial(title, async t => {
    const rig = new CallRig();
    await body(t, rig);
    await rig.finish(t);
  });
}

across('all workers of all hosts share one real client', async (t, rig) => {
  const workers = await rig.start(['a', 'b', 'c']);
  const term = rig.store.get(rig.store.records.keys().next().value!).text!;
  const fleetTerm = (JSON.parse(term) as { term: number }).term;
  for (const { client } of workers) {
    t.deepEqual(await rig.time.until(client.echo({ a: 1n })), { a: 1n });
    const { term, name, left } = await rig.time.until(client.where());
    t.deepEqual([term, name], [fleetTerm, 'up']);
    t.true(left > rig.time.now());
    t.deepEqual(client.status().fleet, {
      term: fleetTerm,
      host: 'a',
      isHere: client === workers[0]!.client || client === workers[1]!.client,
      connected: true,
    });
    const error = (await rig.time.until(t.throwsAsync(client.fails()))) as RangeError & { code: string };
    t.true(error instanceof RangeError);
    t.is(error.code, 'E_FAR');
  }
  t.is(rig.seen.opened, 1);
  for (const { fleet } of workers)
    t.like(fleet.status(), { connected: true, groups: [{ name: 'up', host: 'a', state: 'ready' }] });
  t.is(await rig.time.until(endOf(workers[4]!.client.invoke('missing' as never))), 'ERR_UNKNOWN_METHOD not-started');
});

across('streams in both directions, and blobs', async (t, rig) => {
  const workers = await rig.start(['a', 'b']);
  const { client } = workers[3]!;
  const items: number[] = [];
  const reading = (async () => {
    for await (const item of client.count(40)) items.push(item);
  })();
  await rig.time.until(reading);
  t.deepEqual(
    items,
    Array.from({ length: 40 }, (_, i) => i + 1),
  );
  const controller = new AbortController();
  const [first, second] = [client.size(new Blob(['abc']), controller.signal), client.echo('after')];
  t.deepEqual(await rig.time.until(Promise.all([first, second])), [3, 'after']);
  // A call with a blob is made later in the process that passes it on, and is cancelled there all the same.
  const given = new AbortController();
  const cancelled = endOf(client.with({ signal: given.signal }).size(new Blob(['abc']), controller.signal));
  given.abort(new Error('enough'));
  t.is(await rig.time.until(cancelled), 'enough');
});

across('a signal ends a call on another host, there too', async (t, rig) => {
  const workers = await rig.start(['a', 'b']);
  for (const [name, { client }] of workers.entries()) {
    const [own, inside] = [new AbortController(), new AbortController()];
    const call = watch(client.with({ signal: own.signal }).hold(name));
    const other = watch(client.hold(`${name} inside`, inside.signal));
    await rig.time.advance(10);
    t.false(rig.seen.signals.get(name)!.aborted);
    own.abort(new Error('not any more'));
    inside.abort(new Error('from inside'));
    await rig.time.advance(10);
    t.is(call.end, 'not any more');
    t.is((rig.seen.signals.get(name)!.reason as Error).message, 'not any more');
    t.is((rig.seen.signals.get(`${name} inside`)!.reason as Error).message, 'from inside');
    rig.seen.held.get(`${name} inside`)!.resolve(1);
    await rig.time.advance(10);
    t.is(other.end, 'ok');
  }
});

across('one upstream subscription, one stream of values for each host', async (t, rig) => {
  const workers = await rig.start(['a', 'b']);
  const records = workers.map(({ client }) => {
    const record = recorder();
    client.subscribe('topic', record.listener);
    return record;
  });
  await rig.time.advance(20);
  await rig.emit('topic', 1);
  t.deepEqual(
    records.map(({ values }) => values),
    [[1], [1], [1], [1]],
  );
  t.deepEqual(rig.seen.log, ['subscribe topic']);
  const late = rig.host('c');
  await rig.ready(late);
  const record = recorder();
  late.workers[1]!.client.subscribe('topic', record.listener);
  await rig.time.advance(20);
  t.like(record, { values: [1], infos: [{ replayed: true }] });
  const second = recorder();
  late.workers[0]!.client.subscribe('topic', second.listener);
  await rig.time.advance(20);
  t.like(second, { values: [1], infos: [{ replayed: true }] });
  const refused = late.workers[0]!.client.subscribe('refused', () => {});
  await rig.time.until(t.throwsAsync(refused.ready, { message: 'not that one' }));
  await Promise.all(rig.workers.map(({ client }) => client.unsubscribe('topic')));
  await rig.time.advance(20);
  t.is(rig.seen.log.at(-1), 'unsubscribe topic');
});

across("with delivery: 'one' each value goes to one subscriber of all hosts", async (t, rig) => {
  const workers = await rig.start(['a', 'b', 'c']);
  const records = workers.map(({ client }) => {
    const record = recorder();
    client.with({ delivery: 'one' }).subscribe('jobs', record.listener);
    return record;
  });
  await rig.time.advance(20);
  for (let job = 0; job < 12; job++) await rig.emit('jobs', job);
  t.deepEqual(
    records.map(({ values }) => values.length),
    Array(6).fill(2),
  );
  t.deepEqual(
    records.flatMap(({ values }) => values).sort((a, b) => Number(a) - Number(b)),
    [...Array(12).keys()],
  );
});

across('events of the real client reach all, and its errors the worker that leads its host', async (t, rig) => {
  const workers = await rig.start(['a', 'b'], { events: ['news'] });
  const heard = workers.map(({ client }) => {
    const log: unknown[] = [];
    client.upstream.on('news', (...args) => log.push(args));
    return log;
  });
  rig.server.emit('news', 1, { b: 2n });
  rig.server.emit('error', new Error('of the server'));
  await rig.time.advance(20);
  t.deepEqual(heard, Array(4).fill([[1, { b: 2n }]]));
  t.deepEqual(rig.leaderOf(rig.hosts[0]!).errors, ['of the server']);
  t.deepEqual(workers.flatMap(({ errors }) => errors).length, 1);
});

across('oneway calls, and publications that are not sticky', async (t, rig) => {
  const workers = await rig.start(['a', 'b']);
  const { client, errors } = workers[3]!;
  await rig.time.until(client.with({ oneway: true }).fails());
  await rig.time.until(client.publish('x', 1));
  await rig.time.advance(20);
  t.deepEqual(errors, ['too far']);
  t.true(rig.seen.log.includes('publish x 1'));
});

across(
  'the leading worker dies: the next one of its host goes on, and everything is asked for again',
  async (t, rig) => {
    const workers = await rig.start(['a', 'b']);
    const far = workers[3]!;
    const record = recorder();
    far.client.subscribe('topic', record.listener);
    await rig.time.until(far.client.with({ sticky: 'k' }).publish('me'));
    const slow = watch(far.client.hold('slow'));
    const again = watch(far.client.with({ idempotent: true }).hold('again'));
    await rig.time.advance(20);
    const startedAt = rig.time.now();
    rig.leaderOf(rig.hosts[0]!).worker.kill();
    t.is(await rig.time.until(far.client.echo(1)), 1);
    t.true(rig.time.now() - startedAt < LEASE_MS / 4);
    t.is(slow.end, 'ERR_LEADER_LOST unknown');
    rig.seen.held.get('again')!.resolve(1);
    await rig.time.advance(20);
    t.is(again.end, 'ok');
    t.deepEqual(rig.seen.log.filter(entry => entry === 'hold again').length, 2);
    const asked = rig.seen.log.filter(entry => /^publish|^subscribe/.test(entry));
    t.deepEqual(asked, ['subscribe topic', 'publish me', 'subscribe topic', 'publish me']);
    t.deepEqual(
      far.resyncs.map(({ key, reason }) => [key, reason]),
      [['"topic"', 'failover']],
    );
    await rig.emit('topic', 'new');
    t.deepEqual(record.values, ['new']);
  },
);

across(
  'the leader of another host dies: what it published is taken back before its successor publishes',
  async (t, rig) => {
    await rig.start(['a', 'b']);
    const [, b] = rig.hosts;
    const follower = rig.followerOf(b!);
    await rig.time.until(rig.leaderOf(b!).client.with({ sticky: 'k' }).publish('of the leader'));
    await rig.time.until(follower.client.with({ sticky: 'k' }).publish('of the follower'));
    rig.seen.log.length = 0;
    rig.leaderOf(b!).worker.kill();
    t.is(await rig.time.until(follower.client.echo(1)), 1);
    await rig.time.advance(50);
    t.deepEqual([...rig.seen.log].slice(0, 2).sort(), ['unpublish of the follower', 'unpublish of the leader']);
    t.deepEqual(rig.seen.log.slice(2), ['publish of the follower']);
    t.is(rig.seen.opened, 1);
  },
);

across(
  'a publication that the server refuses is an error where it is repeated, and is withdrawn with its worker',
  async (t, rig) => {
    await rig.start(['a', 'b']);
    const [a, b] = rig.hosts;
    const far = rig.followerOf(b!);
    await rig.time.until(t.throwsAsync(far.client.with({ sticky: 'r' }).publish('refused'), { message: 'not that' }));
    await rig.time.until(far.client.with({ sticky: 'k' }).publish('later'));
    rig.seen.refuses.add('later');
    rig.leaderOf(a!).worker.kill();
    t.is(await rig.time.until(far.client.echo(1)), 1);
    await rig.time.advance(50);
    t.deepEqual(rig.leaderOf(b!).errors, ['not that']);
    rig.seen.refuses.clear();
    await rig.time.until(far.client.close());
    await rig.time.advance(50);
    t.true(rig.seen.log.includes('unpublish refused'));
    t.true(rig.seen.log.includes('unpublish later'));
  },
);

across('what waits for the lease keeps that order too', async (t, rig) => {
  await rig.start(['a', 'b']);
  const [a, b] = rig.hosts;
  const follower = rig.followerOf(b!);
  await rig.time.until(rig.leaderOf(b!).client.with({ sticky: 'k' }).publish('of the leader'));
  await rig.time.until(follower.client.with({ sticky: 'k' }).publish('of the follower'));
  rig.seen.log.length = 0;
  // Its leader has no lease from now on, but is the leader still.
  a!.cluster.freezePrimary();
  await rig.time.advance(500);
  rig.leaderOf(b!).worker.kill();
  await rig.time.advance(1000);
  t.deepEqual(rig.seen.log, []);
  a!.cluster.thawPrimary();
  await rig.time.advance(1000);
  t.deepEqual([...rig.seen.log].slice(0, 2).sort(), ['unpublish of the follower', 'unpublish of the leader']);
  t.deepEqual(rig.seen.log.slice(2), ['publish of the follower']);
});

across('a host dies silently: its calls are cancelled and its publications taken back', async (t, rig) => {
  await rig.start(['a', 'b']);
  const [, b] = rig.hosts;
  const far = rig.followerOf(b!);
  far.client.subscribe('topic', () => {});
  void far.client.hold('held').catch(() => {});
  await rig.time.until(far.client.with({ sticky: 'k' }).publish('mine'));
  rig.kill(b!);
  await rig.time.advance(GONE_MS + 6000);
  t.true(rig.seen.signals.get('held')!.aborted);
  t.true(rig.seen.log.includes('unpublish mine'));
  t.true(rig.seen.log.includes('unsubscribe topic'));
});

across('a worker that closes takes back what it asked for at once', async (t, rig) => {
  await rig.start(['a', 'b']);
  const [, b] = rig.hosts;
  const far = rig.followerOf(b!);
  far.client.subscribe('topic', () => {});
  await rig.time.until(far.client.with({ sticky: 'k' }).publish('mine'));
  await rig.time.until(far.client.close());
  await rig.time.advance(20);
  t.deepEqual(
    rig.seen.log,
    ['subscribe topic', 'publish mine', 'unpublish mine', 'unsubscribe topic'].sort(
      (x, y) => rig.seen.log.indexOf(x) - rig.seen.log.indexOf(y),
    ),
  );
  const near = rig.leaderOf(b!);
  await rig.time.until(near.client.with({ sticky: 'k' }).publish('second'));
  await rig.time.until(near.client.unpublish('k'));
  t.is(rig.seen.log.at(-1), 'unpublish second');
  await rig.time.until(near.client.with({ sticky: 'k' }).publish('third'));
  await rig.time.until(near.client.close());
  await rig.time.advance(20);
  t.is(rig.seen.log.at(-1), 'unpublish third');
});

across('a host is cut off for a short time: no call ends, no value is missed for good', async (t, rig) => {
  await rig.start(['a', 'b']);
  const [, b] = rig.hosts;
  const far = rig.followerOf(b!);
  const record = recorder();
  far.client.subscribe('topic', record.listener);
  const held = watch(far.client.hold('held'));
  await rig.time.advance(20);
  rig.cut(b!);
  const during = watch(far.client.echo('during'));
  await rig.time.advance(2000);
  rig.server.listeners_.get('topic')?.('while it was cut off');
  t.is(during.end, undefined);
  t.false(far.client.status().fleet!.connected);
  rig.cut(b!, true);
  await rig.time.advance(500);
  t.is(during.end, 'ok');
  rig.seen.held.get('held')!.resolve(1);
  await rig.time.advance(20);
  t.is(held.end, 'ok');
  t.deepEqual(record.values, ['while it was cut off']);
  t.deepEqual(far.resyncs, []);
});

across('a host is cut off for so long that it counts as gone, and comes back', async (t, rig) => {
  await rig.start(['a', 'b'], { timeoutMs: 60_000 });
  const [, b] = rig.hosts;
  const far = rig.followerOf(b!);
  const record = recorder();
  far.client.subscribe('topic', record.listener);
  await rig.time.until(far.client.with({ sticky: 'k' }).publish('mine'));
  const lost = watch(far.client.hold('lost'));
  const again = watch(far.client.with({ idempotent: true }).hold('again'));
  await rig.time.advance(20);
  rig.cut(b!);
  await rig.time.advance(GONE_MS + 6000);
  t.true(rig.seen.log.includes('unpublish mine'));
  rig.cut(b!, true);
  await rig.time.advance(1000);
  t.is(lost.end, 'ERR_LEADER_LOST unknown');
  rig.seen.held.get('again')!.resolve(1);
  await rig.time.advance(20);
  t.is(again.end, 'ok');
  t.is(rig.seen.log.at(-1) === 'hold again' || rig.seen.log.filter(entry => entry === 'hold again').length === 2, true);
  t.is(rig.seen.log.filter(entry => entry === 'publish mine').length, 2);
  t.deepEqual(
    far.resyncs.map(({ reason }) => reason),
    ['failover'],
  );
  await rig.emit('topic', 'new');
  t.deepEqual(record.values, ['new']);
  t.is(rig.seen.opened, 1);
});

across('the host of the leader is cut off: another one leads, and calls go there', async (t, rig) => {
  await rig.start(['a', 'b'], { timeoutMs: 60_000 });
  const [a, b] = rig.hosts;
  const far = rig.followerOf(b!);
  rig.cut(a!);
  const call = watch(far.client.echo(1));
  await rig.time.advance(LEASE_MS + 4000);
  t.is(call.end, 'ok');
  t.is(rig.seen.live.size, 1);
  t.is(far.client.status().fleet!.host, 'b');
  rig.cut(a!, true);
  await rig.time.advance(2000);
  t.is(await rig.time.until(rig.followerOf(a!).client.echo(2)), 2);
});

across('without the engine calls wait for their time, and say what they wait for', async (t, rig) => {
  await rig.start(['a', 'b'], { timeoutMs: 9000 });
  for (const host of rig.hosts) rig.cut(host);
  const [a, b] = rig.hosts;
  await rig.time.advance(LEASE_MS);
  t.is(rig.seen.live.size, 0);
  const calls = [rig.followerOf(a!), rig.leaderOf(b!)].map(({ client }) => client.echo(1));
  for (const call of calls) {
    const error = (await rig.time.until(t.throwsAsync(call))) as SharedClientError;
    t.is(error.code, 'ERR_TIMEOUT');
    t.regex(error.message, /no connection to the engine of the fleet "shop"/);
  }
  for (const host of rig.hosts) rig.cut(host, true);
  t.is(await rig.time.until(rig.followerOf(b!).client.echo(2)), 2);
});

across('the real client cannot be opened: ready() says why on every host', async (t, rig) => {
  let isBroken = true;
  rig.seen.onOpen = () => {
    if (isBroken) throw Object.assign(new TypeError('a secret'), { code: 'E_NO' });
  };
  const hosts = [rig.host('a'), rig.host('b')];
  const workers = hosts.flatMap(({ workers }) => workers);
  const errors = (await rig.time.until(
    Promise.all(workers.map(({ client }) => t.throwsAsync(client.ready()))),
  )) as SharedClientError[];
  for (const { code, cause } of errors) {
    t.is(code, 'ERR_LEADER_FAILED');
    t.like(cause as object, { name: 'TypeError', code: 'E_NO' });
  }
  isBroken = false;
  for (const host of hosts) await rig.ready(host);
  t.is(await rig.time.until(workers[3]!.client.echo(1)), 1);
  // Each host has tried, one after the other.
  rig.seen.mostLive = 1;
});

across('a fleet hands over by name, from any worker', async (t, rig) => {
  const workers = await rig.start(['a', 'b']);
  await rig.time.until(rig.followerOf(rig.hosts[1]!).fleet.transfer('up', 'b'));
  await rig.time.advance(20);
  t.true(workers.every(({ client }) => client.status().fleet!.host === 'b'));
  t.is(await rig.time.until(workers[0]!.client.echo(1)), 1);
  await rig.time.until(workers[0]!.fleet.transfer('up'));
  await rig.time.advance(20);
  t.is(workers[0]!.client.status().fleet!.host, 'a');
  await rig.time.until(t.throwsAsync(workers[0]!.fleet.transfer('up', 'nobody'), { message: /nobody/ }));
  await rig.time.until(t.throwsAsync(workers[0]!.fleet.transfer('other'), { message: /it has "up"/ }));
});

across('calls that no leader had go to the next leader of their host', async (t, rig) => {
  await rig.start(['a', 'b']);
  const [a, b] = rig.hosts;
  const opening = defer();
  rig.seen.onOpen = () => opening.promise;
  rig.leaderOf(a!).worker.kill();
  await rig.time.advance(1000);
  const far = rig.followerOf(b!);
  const leader = rig.leaderOf(b!);
  const waiting = watch(far.client.hold('waiting'));
  await rig.time.advance(10);
  await rig.time.until(leader.client.resign());
  opening.resolve();
  await rig.time.advance(1000);
  t.deepEqual(rig.seen.log.filter(entry => entry === 'hold waiting').length, 1);
  rig.seen.held.get('waiting')!.resolve(1);
  await rig.time.advance(20);
  t.is(waiting.end, 'ok');
});

across('clocks of hosts that differ by hours', async (t, rig) => {
  const { time } = rig;
  const ahead = (ms: number) => Object.assign(Object.create(time), { now: () => time.now() + ms }) as typeof time;
  const workers = await rig.start(['a', 'b', 'c'], { timeoutMs: 3000 }, name =>
    name === 'b' ? ahead(7_200_000) : name === 'c' ? ahead(-3000) : time,
  );
  for (const { client } of workers) {
    t.is(await time.until(client.echo(1)), 1);
    const { left } = await time.until(client.where());
    t.true(left - time.now() <= 3001 && left - time.now() > 2900, String(left - time.now()));
  }
  // The difference is measured again and again.
  await time.advance(130_000);
  for (const { client } of workers) t.is(await time.until(client.echo(1)), 1);
});

across('a frozen leader of a host acts no more when it thaws', async (t, rig) => {
  await rig.start(['a', 'b'], { timeoutMs: 60_000 });
  const [a, b] = rig.hosts;
  const frozen = rig.leaderOf(a!);
  frozen.worker.freeze();
  const call = watch(rig.followerOf(b!).client.with({ idempotent: true }).hold('held'));
  await rig.time.advance(3000);
  t.is(call.end, undefined);
  t.is(rig.seen.log.filter(entry => entry === 'hold held').length, 1);
  frozen.worker.thaw();
  await rig.time.advance(3000);
  t.is(rig.seen.log.filter(entry => entry === 'hold held').length, 1);
  rig.seen.held.get('held')!.resolve(1);
  await rig.time.advance(20);
  t.is(call.end, 'ok');
  rig.seen.mostLive = 1;
});

across('several groups of one fleet, tasks too, in one process', async (t, rig) => {
  const workers = await rig.start(['a', 'b']);
  const ran: string[] = [];
  for (const { worker, fleet, host } of workers) {
    worker.whileLeader('task', () => void ran.push(host.name), { across: fleet });
    const other = worker.createSharedClient({ name: 'other', open: () => ({ name: () => host.name }), across: fleet });
    await rig.time.until(other.ready());
    t.is(typeof (await rig.time.until(other.name())), 'string');
  }
  await rig.time.advance(2000);
  t.is(ran.length, 1);
  const groups = workers[0]!.fleet.status().groups.map(({ name }) => name);
  t.deepEqual(groups.sort(), ['other', 'task', 'up']);
});

across('a result that the worker in between cannot pass on is an error', async (t, rig) => {
  class Price {
    constructor(readonly value: number) {}
  }
  let encoded = 0;
  const type = {
    name: 'price',
    test: (value: unknown) => value instanceof Price,
    encode: ({ value }: Price) => {
      if (++encoded > 1) throw new Error('not twice');
      return value;
    },
    decode: (value: unknown) => new Price(value as number),
  };
  const host = rig.host('a', { types: [type] as never });
  const far = rig.host('b', { types: [type] as never });
  await rig.ready(host);
  await rig.ready(far);
  rig.server.made = () => [new Price(1)];
  const call = rig.followerOf(far).client.make();
  t.is(await rig.time.until(endOf(call)), 'ERR_NOT_SERIALIZABLE unknown');
});

across('a subscription that the next real client refuses is an error, and is tried again', async (t, rig) => {
  await rig.start(['a', 'b']);
  const [a, b] = rig.hosts;
  const far = rig.followerOf(b!);
  const record = recorder();
  far.client.subscribe('topic', record.listener);
  await rig.time.advance(20);
  rig.seen.refuses.add('topic');
  rig.leaderOf(a!).worker.kill();
  t.is(await rig.time.until(far.client.echo(1)), 1);
  await rig.time.advance(20);
  t.deepEqual(rig.leaderOf(b!).errors, ['not that one']);
  rig.seen.refuses.clear();
  await rig.time.advance(2000);
  await rig.emit('topic', 1);
  t.deepEqual(record.values, [1]);
});

across('a worker whose fleet is closed cannot lead its host in it', async (t, rig) => {
  await rig.start(['a', 'b']);
  const [, b] = rig.hosts;
  const closed = rig.followerOf(b!);
  await rig.time.until(closed.fleet.close());
  rig.leaderOf(b!).worker.kill();
  await rig.time.advance(1000);
  t.regex(closed.errors[0]!, /The fleet "shop" is closed/);
});

across('a closed fleet takes no more clients, and closing it ends what it leads', async (t, rig) => {
  const workers = await rig.start(['a', 'b']);
  const { fleet, worker } = workers[0]!;
  await rig.time.until(fleet.close());
  const create = () => worker.createSharedClient({ name: 'more', open: () => ({}), across: fleet } as never);
  t.throws(create, { code: 'ERR_CLOSED' });
  t.true(new SharedClientError('ERR_CLOSED', 'x') instanceof Error);
  await rig.time.advance(3000);
  t.is(await rig.time.until(workers[3]!.client.echo(1)), 1);
});

const workersOf = (rig: CallRig): CallWorker[] => rig.workers;

across('values are kept for a host that has lost its lease, and told with a gap', async (t, rig) => {
  await rig.start(['a', 'b']);
  const [, b] = rig.hosts;
  const far = rig.followerOf(b!);
  const record = recorder();
  far.client.subscribe('topic', record.listener);
  await rig.time.advance(20);
  b!.cluster.freezePrimary();
  await rig.time.advance(600);
  for (const value of [1, 2, 3]) rig.server.listeners_.get('topic')?.(value);
  await rig.time.advance(50);
  t.deepEqual(record.values, []);
  b!.cluster.thawPrimary();
  await rig.time.advance(1000);
  t.is(record.values.at(-1), 3);
  t.is(workersOf(rig).length, 4);
});
