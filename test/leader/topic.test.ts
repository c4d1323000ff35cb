import test from 'ava';
import { moreArguments, oddSubscription } from '../../lib/errors/warnings.js';
import { microtasks } from '../helpers/clocks/unit-clock.js';
import { SlowUpstream, UnitTopic } from '../helpers/unit/topic.js';

async function setUp(replay: 'last' | 'none' = 'last') {
  const upstream = new SlowUpstream();
  const unit = await UnitTopic.create(upstream, replay);
  return { upstream, unit };
}

/** One subscriber, confirmed. */
async function setUpActive(replay: 'last' | 'none' = 'last') {
  const { upstream, unit } = await setUp(replay);
  unit.add(2, 7);
  await upstream.done();
  unit.sent();
  return { upstream, unit, value: (value: unknown) => upstream.listeners.at(-1)!(value) };
}

test('however many subscribe, the real client is subscribed once, and all are confirmed when it is', async t => {
  const { upstream, unit } = await setUp();
  unit.add(2, 7);
  unit.add(3, 8, 'one');
  unit.add(1, 9);
  t.deepEqual(upstream.asked, ['subscribe "t"']);
  t.deepEqual(unit.sent(), []);
  await upstream.done();
  t.deepEqual(unit.sent(), ['1 SUBSCRIBED 9 3', '2 SUBSCRIBED 7 3', '3 SUBSCRIBED 8 3']);
  unit.add(4, 10);
  t.deepEqual(unit.sent(), ['4 SUBSCRIBED 10 3']);
  t.is(upstream.asked.length, 1);
});

test('a value reaches each worker with subscribers once', async t => {
  const { unit, value } = await setUpActive();
  unit.add(2, 8);
  unit.add(3, 9);
  unit.sent();
  value('v');
  t.deepEqual(unit.sent(), ['2,3 VALUE 3 "v"']);
});

test('a late subscriber gets the last value at once', async t => {
  const { unit, value } = await setUpActive();
  value('old');
  value('last');
  unit.sent();
  unit.add(3, 8);
  t.deepEqual(unit.sent(), ['3 SUBSCRIBED 8 3', '3 REPLAY 8 "last"']);
});

test('of an event stream nothing is said again', async t => {
  const { unit, value } = await setUpActive('none');
  value('last');
  unit.sent();
  unit.add(3, 8);
  t.deepEqual(unit.sent(), ['3 SUBSCRIBED 8 3']);
});

test('of those that share the values a late one gets nothing that another had', async t => {
  const { unit, value } = await setUpActive();
  unit.add(3, 9, 'one');
  value('v');
  unit.sent();
  unit.add(4, 10, 'one');
  t.deepEqual(unit.sent(), ['4 SUBSCRIBED 10 3']);
});

test('values are shared in turn, beside those that get all', async t => {
  const { unit, value } = await setUpActive();
  unit.add(2, 8, 'one');
  unit.add(3, 9, 'one');
  unit.sent();
  for (const each of ['a', 'b', 'c']) value(each);
  unit.add(4, 10, 'one');
  for (const each of ['d', 'e', 'f']) value(each);
  const sent = unit.sent();
  const to = (workerId: number) => sent.filter(words => words.startsWith(`${workerId} `)).map(words => words.slice(2));
  t.deepEqual(to(2), [
    'VALUE 3 "a"',
    'VALUE_ONE 8 "a"',
    'VALUE 3 "b"',
    'VALUE 3 "c"',
    'VALUE_ONE 8 "c"',
    'VALUE 3 "d"',
    'VALUE 3 "e"',
    'VALUE_ONE 8 "e"',
    'VALUE 3 "f"',
  ]);
  t.deepEqual(to(3), ['VALUE_ONE 9 "b"', 'VALUE_ONE 9 "d"']);
  t.deepEqual(to(4), ['SUBSCRIBED 10 3', 'VALUE_ONE 10 "f"']);
});

test('values that come before the subscription is confirmed follow it, the oldest dropped beyond a thousand', async t => {
  const { upstream, unit } = await setUp();
  unit.add(2, 7);
  for (let i = 0; i < 1005; i++) upstream.listeners[0]!(i);
  t.deepEqual(unit.sent(), []);
  await upstream.done();
  const sent = unit.sent();
  t.deepEqual(sent.slice(0, 2), ['2 SUBSCRIBED 7 3', '2 VALUE 3 5']);
  t.is(sent.length, 1001);
});

test('a refusal reaches all who asked, and the next one tries again', async t => {
  const { upstream, unit } = await setUp();
  unit.add(2, 7);
  unit.add(3, 8);
  await upstream.fail(new Error('no'));
  t.deepEqual(
    unit.sent().map(words => words.slice(0, 11)),
    ['2 REFUSED 7', '3 REFUSED 8'],
  );
  t.deepEqual(unit.refusals, ['2 7', '3 8']);
  t.is(unit.idled, 1);
  unit.add(2, 9);
  t.deepEqual(upstream.asked, ['subscribe "t"', 'subscribe "t"']);
  upstream.listeners[0]!('of the refused one');
  await upstream.done();
  upstream.listeners[1]!('v');
  t.deepEqual(unit.sent(), ['2 SUBSCRIBED 9 3', '2 VALUE 3 "v"']);
});

test('a real client that throws, or can not subscribe, refuses', async t => {
  const throws = {
    subscribe() {
      throw new Error('no');
    },
  };
  for (const [upstream, expected] of [
    [throws, /REFUSED 7 .*"no"/],
    [{}, /REFUSED 7 .*ERR_UNKNOWN_METHOD/],
  ] as const) {
    const unit = await UnitTopic.create(upstream);
    unit.add(2, 7);
    await microtasks();
    t.regex(unit.sent().join(), expected);
  }
});

test('when the last subscriber goes the real client is unsubscribed, with the listener it was given', async t => {
  const { upstream, unit, value } = await setUpActive();
  unit.add(3, 8);
  unit.topic.remove(2, 7);
  unit.topic.remove(2, 7);
  t.is(upstream.asked.length, 1);
  unit.topic.remove(3, 8);
  t.deepEqual(upstream.asked.slice(1), ['unsubscribe "t" 0']);
  unit.sent();
  value('too late');
  t.deepEqual(unit.sent(), []);
  t.is(unit.idled, 0);
  await upstream.done();
  t.is(unit.idled, 1);
});

test('a function that subscribe() returned unsubscribes', async t => {
  let offs = 0;
  const upstream = { subscribe: () => () => offs++, unsubscribe: () => t.fail() };
  const unit = await UnitTopic.create(upstream);
  unit.add(2, 7);
  unit.topic.remove(2, 7);
  await microtasks();
  t.is(offs, 1);
  t.is(unit.idled, 1);
});

test('a promise of a function that unsubscribes is as good', async t => {
  const { upstream, unit } = await setUp();
  let offs = 0;
  unit.add(2, 7);
  await upstream.done(() => offs++);
  unit.topic.remove(2, 7);
  await microtasks();
  t.is(offs, 1);
  t.deepEqual(upstream.asked, ['subscribe "t"']);
});

test('a real client that can not unsubscribe is left as it is', async t => {
  const unit = await UnitTopic.create({ subscribe() {} });
  unit.add(2, 7);
  unit.topic.remove(2, 7);
  await microtasks();
  t.is(unit.idled, 1);
});

test('an unsubscribe that fails is reported, and the topic goes on', async t => {
  const { upstream, unit } = await setUpActive();
  unit.topic.remove(2, 7);
  await upstream.fail(new Error('no'));
  t.like(unit.reported[0], { message: 'no' });
  t.is(unit.idled, 1);
  unit.add(2, 8);
  t.is(upstream.asked.at(-1), 'subscribe "t"');
});

test('a subscribe that ends after the last subscriber has gone is followed by an unsubscribe', async t => {
  const { upstream, unit } = await setUp();
  unit.add(2, 7);
  unit.topic.remove(2, 7);
  t.deepEqual(upstream.asked, ['subscribe "t"']);
  await upstream.done();
  t.deepEqual(upstream.asked, ['subscribe "t"', 'unsubscribe "t" 0']);
  t.deepEqual(unit.sent(), []);
});

test('who subscribes while the real client unsubscribes waits for that', async t => {
  const { upstream, unit } = await setUpActive();
  unit.topic.remove(2, 7);
  unit.add(3, 8);
  t.is(upstream.underWay, 1);
  await upstream.done();
  t.deepEqual(upstream.asked.slice(1), ['unsubscribe "t" 0', 'subscribe "t"']);
  await upstream.done();
  t.deepEqual(unit.sent(), ['3 SUBSCRIBED 8 3']);
  upstream.listeners[0]!('of the old one');
  upstream.listeners[1]!('v');
  t.deepEqual(unit.sent(), ['3 VALUE 3 "v"']);
});

test('the last value is forgotten when the real client is unsubscribed', async t => {
  const { upstream, unit, value } = await setUpActive();
  value('old');
  unit.topic.remove(2, 7);
  await upstream.done();
  unit.add(2, 8);
  await upstream.done();
  unit.add(3, 9);
  t.deepEqual(unit.sent(), ['2 VALUE 3 "old"', '2 SUBSCRIBED 8 3', '3 SUBSCRIBED 9 3']);
});

test('a worker that goes takes all its subscribers with it', async t => {
  const { upstream, unit, value } = await setUpActive();
  unit.add(2, 8, 'one');
  unit.add(3, 9);
  unit.sent();
  unit.topic.removeWorker(2);
  value('v');
  t.deepEqual(unit.sent(), ['3 VALUE 3 "v"']);
  unit.topic.removeWorker(3);
  t.is(upstream.asked.at(-1), 'unsubscribe "t" 0');
});

test('outside the lease values are held, the newest for all, and a gap says that others were dropped', async t => {
  const { unit, value } = await setUpActive();
  unit.leases = false;
  value('a');
  t.deepEqual(unit.sent(), []);
  unit.leases = true;
  unit.topic.release();
  t.deepEqual(unit.sent(), ['2 VALUE 3 "a"']);
  unit.leases = false;
  value('b');
  value('c');
  unit.leases = true;
  unit.topic.release();
  unit.topic.release();
  t.deepEqual(unit.sent(), ['2 GAP 3 0', '2 VALUE 3 "c"']);
});

test('what was held goes before the first value within the lease', async t => {
  const { unit, value } = await setUpActive();
  unit.leases = false;
  value('a');
  unit.leases = true;
  value('b');
  t.deepEqual(unit.sent(), ['2 VALUE 3 "a"', '2 VALUE 3 "b"']);
});

test('what was held is forgotten with the subscription', async t => {
  const { upstream, unit, value } = await setUpActive();
  unit.leases = false;
  value('a');
  unit.topic.remove(2, 7);
  await upstream.done();
  unit.leases = true;
  unit.topic.release();
  t.deepEqual(unit.sent(), []);
});

test('a value that can not travel is reported, and the next one does', async t => {
  const { unit, value } = await setUpActive();
  value(() => {});
  value('v');
  t.like(unit.reported[0], { code: 'ERR_NOT_SERIALIZABLE' });
  t.deepEqual(unit.sent(), ['2 VALUE 3 "v"']);
});

test('nothing counts once it is stopped, whatever is under way', async t => {
  const { upstream, unit, value } = await setUpActive();
  unit.topic.stop();
  value('v');
  t.deepEqual(unit.sent(), []);
  const second = await setUp();
  second.unit.add(2, 7);
  second.unit.topic.stop();
  await second.upstream.done();
  t.deepEqual(second.unit.sent(), []);
  const third = await setUp();
  third.unit.add(2, 7);
  third.unit.topic.stop();
  await third.upstream.fail(new Error('no'));
  t.deepEqual(third.unit.sent(), []);
  const fourth = await setUpActive();
  fourth.unit.topic.remove(2, 7);
  fourth.unit.topic.stop();
  await fourth.upstream.done();
  t.is(fourth.unit.idled, 0);
  t.is(upstream.underWay, 0);
});

/** What ended a subscription whose `subscribe()` returned this. */
async function endedBy(returned: (sent: string[]) => unknown): Promise<{ sent: string[]; warnings: string[] }> {
  const sent: string[] = [];
  const unit = await UnitTopic.create({
    subscribe: async () => returned(sent),
    unsubscribe: (topic: string) => sent.push(`unsubscribe ${topic}`),
  });
  unit.add(2, 7);
  await microtasks();
  unit.topic.remove(2, 7);
  await microtasks();
  return { sent, warnings: unit.warnings };
}

test('what subscribe() returns ends the subscription, whatever it calls that', async t => {
  const by = (sent: string[], name: string) => () => sent.push(name);
  for (const name of ['unsubscribe', 'cancel', 'close', Symbol.asyncDispose, Symbol.dispose] as const) {
    const ended = await endedBy(sent => ({ [name]: by(sent, String(name)) }));
    t.deepEqual(ended, { sent: [String(name)], warnings: [] });
  }
  t.deepEqual(await endedBy(sent => by(sent, 'called')), { sent: ['called'], warnings: [] });
  t.deepEqual(await endedBy(() => undefined), { sent: ['unsubscribe t'], warnings: [] });
});

test('what subscribe() returns and nobody can use is a warning that names it', async t => {
  for (const [returned, what] of [
    [7, '7'],
    [null, 'null'],
    [{}, 'an object'],
  ] as const) {
    t.deepEqual(await endedBy(() => returned), {
      sent: ['unsubscribe t'],
      warnings: [oddSubscription('g', what)],
    });
  }
});

test('a client that returns itself is unsubscribed by its own unsubscribe()', async t => {
  const sent: unknown[] = [];
  const client = {
    subscribe: () => client,
    unsubscribe: (...args: unknown[]) => sent.push(args.length),
  };
  const unit = await UnitTopic.create(client);
  unit.add(2, 7);
  await microtasks();
  unit.topic.remove(2, 7);
  await microtasks();
  t.deepEqual([sent, unit.warnings], [[2], []]);
});

test('of several arguments the first is the value, with a warning; an error there is reported', async t => {
  let listener = (..._: unknown[]) => {};
  const unit = await UnitTopic.create({
    subscribe(_topic: unknown, given: typeof listener) {
      listener = given;
    },
  });
  unit.add(2, 7);
  await microtasks();
  unit.sent();
  const error = new Error('refused');
  listener('channel', 'message');
  listener(error, undefined);
  listener(error);
  t.deepEqual(unit.warnings, [moreArguments('g', 2)]);
  t.deepEqual(unit.reported, [error]);
  const [value, ...others] = unit.sent();
  t.is(value, '2 VALUE 3 "channel"');
  t.is(others.length, 1, 'an error alone is a value');
});

test('an upstream subscription that is not made in time is tried again, with a warning, and takes over where it comes after all', async t => {
  const upstream = new SlowUpstream();
  const unit = await UnitTopic.create(upstream);
  unit.add(2, 7);
  unit.clock.advance(999);
  await microtasks();
  t.deepEqual(unit.warnings, []);
  unit.clock.advance(1);
  await microtasks();
  t.is(unit.warnings.length, 1);
  unit.add(3, 8);
  t.deepEqual(upstream.asked, ['subscribe "t"']);
  unit.clock.advance(100);
  await microtasks();
  t.deepEqual(upstream.asked, ['subscribe "t"', 'subscribe "t"']);
  // The first comes while the second is on its way: no value counts twice, and by its topic it can't be ended.
  await upstream.done();
  t.is(upstream.asked.length, 2);
  t.deepEqual(unit.sent(), []);
  unit.clock.advance(1000);
  await microtasks();
  await upstream.done();
  t.deepEqual(unit.sent(), ['2 SUBSCRIBED 7 3', '3 SUBSCRIBED 8 3']);
  upstream.listeners[0]!('old');
  upstream.listeners[1]!('new');
  t.deepEqual(unit.sent(), ['2,3 VALUE 3 "new"']);
  unit.clock.advance(10_000);
  t.is(upstream.asked.length, 2);
});

/** A topic whose upstream subscription takes too long, and whose only subscriber has gone. */
async function removeLate() {
  const upstream = new SlowUpstream();
  const unit = await UnitTopic.create(upstream);
  unit.add(2, 7);
  unit.clock.advance(1000);
  await microtasks();
  unit.topic.remove(2, 7);
  return { upstream, unit };
}

test('one that comes when nobody wants it any more is ended, by what it returned or by its topic', async t => {
  for (const returned of ['off', 'throws', undefined]) {
    const { upstream, unit } = await removeLate();
    t.is(unit.idled, 0);
    let ended = 0;
    const off = () => {
      ended++;
      if (returned === 'throws') throw new Error('no');
    };
    await upstream.done(returned && off);
    t.is(ended, returned ? 1 : 0);
    if (!returned) await upstream.done();
    t.is(unit.idled, 1);
    t.is(unit.reported.length, returned === 'throws' ? 1 : 0);
    t.deepEqual(upstream.asked.slice(1), returned ? [] : ['unsubscribe "t" 0']);
    unit.clock.advance(10_000);
    t.is(unit.clock.timers, 0);
  }
});

test('one that comes when nobody has wanted it for longer than the pause is ended, by what it returned or by its topic', async t => {
  for (const returns of [true, false]) {
    const { upstream, unit } = await removeLate();
    unit.clock.advance(10_000);
    t.is(unit.idled, 0, 'it stays until what is late has settled');
    let ended = 0;
    await upstream.done(returns ? () => ended++ : undefined);
    if (!returns) await upstream.done();
    t.is(ended, returns ? 1 : 0);
    t.deepEqual(upstream.asked.slice(1), returns ? [] : ['unsubscribe "t" 0']);
    t.is(unit.idled, 1);
    t.is(unit.clock.timers, 0);
  }
});

test('one that comes when nobody wanted it, and then somebody did, serves', async t => {
  const upstream = new SlowUpstream();
  const unit = await UnitTopic.create(upstream);
  unit.add(2, 7);
  unit.clock.advance(1000);
  await microtasks();
  unit.topic.remove(2, 7);
  unit.add(2, 8);
  await upstream.done();
  t.deepEqual(upstream.asked, ['subscribe "t"'], 'not twice');
  t.is(unit.idled, 0);
  unit.topic.remove(2, 8);
  await upstream.done();
  t.deepEqual(upstream.asked.slice(1), ['unsubscribe "t" 0']);
  t.is(unit.idled, 1);
  t.is(unit.clock.timers, 0);
});

test('one that fails too late is reported, and not tried again once the term is over', async t => {
  const upstream = new SlowUpstream();
  const unit = await UnitTopic.create(upstream);
  unit.add(2, 7);
  unit.clock.advance(1000);
  await microtasks();
  await upstream.fail(new Error('no'));
  t.is(unit.reported.length, 1);
  unit.topic.stop();
  unit.clock.advance(10_000);
  t.is(upstream.asked.length, 1, 'the term is over');
});

test('one that comes after the term is over is left to its real client', async t => {
  const upstream = new SlowUpstream();
  const unit = await UnitTopic.create(upstream);
  unit.add(2, 7);
  unit.clock.advance(1000);
  await microtasks();
  unit.topic.stop();
  await upstream.done();
  t.deepEqual(upstream.asked, ['subscribe "t"']);
});

test('an upstream subscription that is not ended in time is left, with a warning, and another may begin', async t => {
  const upstream = new SlowUpstream();
  const unit = await UnitTopic.create(upstream);
  unit.add(2, 7);
  await upstream.done();
  unit.topic.remove(2, 7);
  unit.add(2, 8);
  unit.clock.advance(1000);
  await microtasks();
  t.is(unit.warnings.length, 1);
  t.deepEqual(upstream.asked, ['subscribe "t"', 'unsubscribe "t" 0', 'subscribe "t"']);
});

test('where it ends after all, the one that was made meanwhile is made anew, because it may have ended too', async t => {
  for (const when of ['active', 'subscribing', 'idle', 'stopped'] as const) {
    const upstream = new SlowUpstream();
    const unit = await UnitTopic.create(upstream);
    unit.add(2, 7);
    await upstream.done();
    unit.topic.remove(2, 7);
    unit.clock.advance(1000);
    await microtasks();
    t.is(unit.idled, 0, 'it is not settled yet');
    const { asked } = upstream;
    if (when !== 'idle') unit.add(2, 8);
    if (when === 'active') await upstream.last();
    if (when === 'stopped') unit.topic.stop();
    unit.sent();
    const before = asked.length;
    if (when === 'active') await upstream.done();
    else await upstream.fail(new Error('late'));
    t.is(unit.reported.length, when === 'active' ? 0 : 1);
    if (when === 'subscribing') {
      t.is(asked.length, before);
      await upstream.done();
    }
    if (when === 'active') t.deepEqual(unit.sent(), ['2 GAP 3 0']);
    if (when === 'subscribing') t.deepEqual(unit.sent(), ['2 SUBSCRIBED 8 3', '2 GAP 3 0']);
    if (when === 'idle') t.is(unit.idled, 1);
    if (when === 'active' || when === 'subscribing') await upstream.done();
    const anew = ['unsubscribe "t" 1', 'subscribe "t"'];
    t.deepEqual(asked.slice(before), when === 'active' || when === 'subscribing' ? anew : []);
    unit.topic.stop();
  }
});

test('a real client that reconnects outside the lease is told of once the lease is valid again', async t => {
  let listener = (..._: unknown[]) => {};
  const unit = await UnitTopic.create({
    subscribe(_topic: unknown, given: typeof listener) {
      listener = given;
    },
  });
  unit.add(2, 7);
  await microtasks();
  listener('old');
  unit.sent();
  unit.leases = false;
  unit.topic.reconnected();
  t.deepEqual(unit.sent(), []);
  unit.leases = true;
  unit.topic.release();
  t.deepEqual(unit.sent(), ['2 GAP 3 2']);
  unit.topic.release();
  t.deepEqual(unit.sent(), []);
  unit.add(2, 8);
  t.deepEqual(unit.sent(), ['2 SUBSCRIBED 8 3'], 'the last value is forgotten');
});

test('an iterable that is read ends with the term', async t => {
  let ended = 0;
  const iterator = { next: () => new Promise(() => {}), return: () => ++ended };
  const unit = await UnitTopic.create({ subscribe: () => ({ [Symbol.asyncIterator]: () => iterator }) });
  unit.add(2, 7);
  await microtasks();
  unit.topic.stop();
  t.is(ended, 1);
  unit.topic.stop();
  t.is(ended, 1);
});

test('an iterable that can not be ended with the term is reported, and harms nothing', async t => {
  const ends = [
    () => {
      throw new Error('thrown');
    },
    () => Promise.reject(new Error('rejected')),
  ];
  for (const [i, end] of ends.entries()) {
    const iterator = { next: () => new Promise(() => {}), return: end };
    const unit = await UnitTopic.create({ subscribe: () => ({ [Symbol.asyncIterator]: () => iterator }) });
    unit.add(2, 7);
    await microtasks();
    t.notThrows(() => unit.topic.stop());
    await microtasks();
    t.deepEqual(
      unit.reported.map(error => (error as Error).message),
      [['thrown', 'rejected'][i]],
    );
  }
});

test('an iterable that comes too late for anybody is ended', async t => {
  const iterated = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: () => ++ended }) };
  let ended = 0;
  const upstream = new SlowUpstream();
  const unit = await UnitTopic.create(upstream);
  unit.add(2, 7);
  unit.clock.advance(unit.limitMs);
  await microtasks();
  unit.clock.advance(100);
  await microtasks();
  t.is(upstream.underWay, 2, 'another attempt is in its place');
  await upstream.done(iterated);
  await microtasks();
  t.is(ended, 1);
  t.deepEqual(
    unit.warnings.filter(text => /returned/.test(text)),
    [],
  );
});
