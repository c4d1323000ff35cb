import test from 'ava';
import { encodeError } from '../../lib/codec/encode-error.js';
import { encodeValue } from '../../lib/codec/encode-value.js';
import { droppedWithdrawals } from '../../lib/errors/warnings.js';
import { callContext } from '../../lib/leader/call-context.js';
import { handBack } from '../../lib/leader/hand-back.js';
import { Service } from '../../lib/leader/service.js';
import { Served } from '../../lib/metrics/served.js';
import { type Bundle, EXT, Kind, MORE } from '../../lib/protocol/bundle.js';
import { BundleBuilder } from '../../lib/protocol/frames.js';
import { defer } from '../../lib/utils/deferred.js';
import { microtasks } from '../helpers/clocks/unit-clock.js';
import { bundle } from '../helpers/unit/frames.js';
import { memberOptions, openReal, SELF, TERM, UnitSender } from '../helpers/unit/leader.js';

const NO_STREAMS = { add: () => 1, addStream: () => 1, argumentDepth: 0 };

class UnitService {
  readonly unit = new UnitSender();
  readonly clock = this.unit.clock;
  readonly reported: unknown[] = [];
  readonly warnings: string[] = [];
  readonly served = new Served();
  leaseUntil = Number.POSITIVE_INFINITY;
  hasLease = (now: number) => now < this.leaseUntil;
  service!: Service;

  static async create(client: object, given: object = {}): Promise<UnitService> {
    const made = new UnitService();
    made.service = new Service({
      term: TERM,
      client: await openReal(client, given),
      options: memberOptions(() => client, given),
      sender: made.unit.sender,
      clock: made.clock,
      self: SELF,
      served: made.served,
      contextOf: () => undefined,
      hasLease: now => made.hasLease(now),
      report: error => made.reported.push(error),
      warn: text => made.warnings.push(text),
    });
    return made;
  }

  /** Frames of a member. */
  say(from: number, ...frames: Parameters<typeof bundle>[1][]): void {
    this.service.receive(bundle({ term: TERM, from }, ...frames));
  }

  call(from: number, id: number, method: string, ...args: unknown[]): void {
    this.say(from, call(id, method, ...args));
  }

  /** The primary says that a member has gone. */
  gone(workerId: number): void {
    this.service.receive(bundle({ term: TERM }, { kind: Kind.MEMBER_LEFT, id: workerId }));
  }

  async said(): Promise<string[]> {
    await microtasks();
    return this.unit.said();
  }
}

const call = (id: number, method: unknown, ...args: unknown[]) => ({
  kind: Kind.CALL,
  id,
  value: [method, null, args],
});

/** Each frame without what an error says beside its code. */
const short = (said: readonly string[]) =>
  said.map(words => /^\d+ \w+ \d+/.exec(words)![0] + (/"ERR_\w+"/.exec(words)?.[0] ?? ''));

const echo = { get: (...args: unknown[]) => args, later: async (value: unknown) => value };

test('a call runs the method, and its result goes back to who made it', async t => {
  const unit = await UnitService.create(echo);
  unit.call(2, 7, 'get', 'a', { b: 1 });
  unit.call(3, 8, 'later', 'c');
  unit.call(SELF, 9, 'get');
  t.deepEqual(await unit.said(), ['1 RESULT 9 []', '2 RESULT 7 ["a",{"b":1}]', '3 RESULT 8 "c"']);
});

test('calls begin in the order made', async t => {
  const begun: string[] = [];
  const unit = await UnitService.create({ a: () => begun.push('a'), b: async () => begun.push('b') });
  unit.say(2, call(1, 'b'), call(2, 'a'), call(3, 'b'));
  t.deepEqual(begun, ['b', 'a', 'b']);
});

test('what a method throws, or rejects with, goes back', async t => {
  const client = {
    throws() {
      throw new Error('no');
    },
    rejects: async () => Promise.reject(new RangeError('out')),
  };
  const unit = await UnitService.create(client);
  unit.call(2, 7, 'throws');
  unit.call(2, 8, 'rejects');
  const said = await unit.said();
  t.regex(said[0]!, /^2 ERROR 7 .*"no"/);
  t.regex(said[1]!, /^2 ERROR 8 .*RangeError.*"out"/);
});

test('a result that can not travel is an error, also if it came late', async t => {
  const unit = await UnitService.create({ get: () => () => {}, later: async () => Symbol('s') });
  unit.call(2, 7, 'get');
  unit.call(2, 8, 'later');
  const said = await unit.said();
  t.deepEqual(short(said), ['2 ERROR 7"ERR_NOT_SERIALIZABLE"', '2 ERROR 8"ERR_NOT_SERIALIZABLE"']);
  t.regex(said[0]!, /What get\(\) returned can't travel/);
});

test('a thenable is awaited, and one that throws or settles twice ends its call once', async t => {
  const name = 'then';
  const thenable = (then: (resolve: (value: unknown) => void) => void) => ({ [name]: then });
  const client = {
    good: () => thenable(resolve => resolve('ok')),
    twice: () =>
      thenable(resolve => {
        resolve('first');
        resolve('second');
      }),
    bad: () =>
      thenable(() => {
        throw new Error('no');
      }),
  };
  const methods = Object.fromEntries(Object.keys(client).map(name => [name, { thenable: 'await' }]));
  const unit = await UnitService.create(client, { methods });
  for (const [id, method] of Object.keys(client).entries()) unit.call(2, id, method);
  const said = await unit.said();
  t.deepEqual(said.slice(0, 2), ['2 RESULT 0 "ok"', '2 RESULT 1 "first"']);
  t.regex(said[2]!, /^2 ERROR 2 .*"no"/);
  let drained = false;
  unit.service.drain(100, () => {
    drained = true;
  });
  unit.clock.tick();
  t.true(drained, 'nothing runs any more');
});

test('only what may be called from elsewhere can be', async t => {
  const unit = await UnitService.create({ _hidden() {}, value: 1 });
  for (const [id, method] of ['_hidden', 'value', 'nothing', 'toString', 7].entries()) unit.say(2, call(id, method));
  t.deepEqual(
    short(await unit.said()),
    [0, 1, 2, 3, 4].map(id => `2 ERROR ${id}"ERR_UNKNOWN_METHOD"`),
  );
});

test('a call whose deadline has passed never begins', async t => {
  const unit = await UnitService.create(echo);
  unit.clock.advance(100);
  unit.say(2, { kind: Kind.CALL, id: 7, value: ['get', 99, []] }, { kind: Kind.CALL, id: 8, value: ['get', 100, []] });
  t.deepEqual(short(await unit.said()), ['2 ERROR 7"ERR_TIMEOUT"', '2 RESULT 8']);
});

test('a call that came broken never begins', async t => {
  const unit = await UnitService.create(echo);
  const broken: readonly Parameters<typeof bundle>[1][] = [
    { kind: Kind.CALL, id: 0, value: 'about nothing' },
    { kind: Kind.CALL, id: 1, value: ['get', null, 'no list'] },
    { kind: Kind.CALL | EXT, id: 2, value: ['get', null, [99]] },
    { kind: Kind.CALL | EXT, id: 3, value: ['get', null, [1]] },
    { kind: Kind.CALL | MORE, id: 4, value: ['get', null, 'no list'] },
  ];
  unit.say(2, ...broken);
  const said = await unit.said();
  t.deepEqual(
    short(said),
    [0, 1, 2, 3, 4].map(id => `2 ERROR ${id}"ERR_PROTOCOL"`),
  );
  for (const words of said) t.regex(words, /"not-started"/);
});

test('a bundle that can not be read refuses its calls and no more', async t => {
  const unit = await UnitService.create(echo);
  const h = [Kind.CALL, 7, 1, 0, Kind.CANCEL, 8, 1, 0, Kind.PUBLISH | EXT, 9, 1, 0, Kind.UNPUBLISH, 10, 1, 0];
  const unreadable: Bundle = { g: 'g', t: TERM, f: 2, h, x: '[?,?,?,?]' };
  unit.service.receive(unreadable);
  unit.service.receive({ ...unreadable, f: undefined });
  t.deepEqual(
    short(await unit.said()),
    [7, 9, 10].map(id => `2 ERROR ${id}"ERR_PROTOCOL"`),
  );
});

test('a method can ask for its call, whose signal aborts when the caller gives up', async t => {
  const seen: unknown[] = [];
  const client = {
    async get() {
      const { term, name, deadline, signal } = callContext()!;
      seen.push({ term, name, deadline });
      await new Promise(resolve => signal.addEventListener('abort', resolve));
      seen.push(signal.reason);
    },
  };
  const unit = await UnitService.create(client);
  unit.say(2, { kind: Kind.CALL, id: 7, value: ['get', 99, []] });
  unit.say(3, { kind: Kind.CANCEL, id: 7, value: [0, 'not its own'] });
  unit.say(2, { kind: Kind.CANCEL, id: 7, value: [0, 'enough'] }, { kind: Kind.CANCEL, id: 8, value: [0, 'nobody'] });
  t.deepEqual(await unit.said(), [], 'nobody waits for the result');
  t.deepEqual(seen, [{ term: TERM, name: 'g', deadline: 99 }, 'enough']);
});

test('a signal in the arguments becomes a live one', async t => {
  const signals: AbortSignal[] = [];
  const done = defer();
  const client = {
    get(given: { signal: AbortSignal }) {
      signals.push(given.signal);
      return done.promise;
    },
  };
  const unit = await UnitService.create(client);
  const { text, parts } = encodeValue([{ signal: new AbortController().signal }], 'args', NO_STREAMS);
  unit.say(2, { kind: Kind.CALL | EXT, id: 7, value: ['get', null, JSON.parse(text)] });
  t.is(parts, undefined);
  unit.say(2, { kind: Kind.CANCEL, id: 7, value: [1, 'inner'] });
  t.is(signals[0]!.reason, 'inner');
  done.resolve();
  t.deepEqual(short(await unit.said()), ['2 RESULT 7']);
});

test('a reason in its tagged form is decoded, one that can not be is a reason all the same, and no list is none', async t => {
  const reasons: unknown[] = [];
  const client = {
    async get() {
      const { signal } = callContext()!;
      signal.addEventListener('abort', () => reasons.push(signal.reason));
      await new Promise(() => {});
    },
  };
  const unit = await UnitService.create(client);
  for (const id of [1, 2, 3]) unit.call(2, id, 'get');
  const { text } = encodeError(5n);
  unit.say(2, { kind: Kind.CANCEL | EXT, id: 1, value: [0, JSON.parse(text)] });
  unit.say(2, { kind: Kind.CANCEL | EXT, id: 2, value: [0, [99]] }, { kind: Kind.CANCEL, id: 3, value: 'what' });
  t.is(reasons[0], 5n);
  t.like(reasons[1], { code: 'ERR_PROTOCOL' });
  t.is(reasons.length, 2);
});

test('publications run the method with that role, and wait for it', async t => {
  const said: unknown[] = [];
  const client = {
    publish: async (...args: unknown[]) => void said.push(args),
    unpublish: (...args: unknown[]) => void said.push(['un', ...args]),
  };
  const unit = await UnitService.create(client);
  unit.say(2, { kind: Kind.PUBLISH, id: 7, value: [null, null, ['a', 1]] });
  unit.say(2, { kind: Kind.UNPUBLISH, id: 8, value: [null, 'k', ['a', 1]] });
  t.deepEqual(said, [
    ['a', 1],
    ['un', 'a', 1],
  ]);
  t.deepEqual(short(await unit.said()), ['2 RESULT 8', '2 RESULT 7']);
});

test('a real client that can not publish says so, one that can not unpublish need not', async t => {
  const unit = await UnitService.create({});
  unit.say(
    2,
    { kind: Kind.PUBLISH, id: 7, value: [null, null, []] },
    { kind: Kind.UNPUBLISH, id: 8, value: [null, 'k', []] },
  );
  t.deepEqual(short(await unit.said()), ['2 ERROR 7"ERR_UNKNOWN_METHOD"', '2 RESULT 8']);
});

test('what comes too late to be called is taken back all the same', async t => {
  const taken: unknown[] = [];
  const unit = await UnitService.create({ publish() {}, unpublish: (value: unknown) => void taken.push(value) });
  unit.clock.advance(100);
  unit.say(
    2,
    { kind: Kind.PUBLISH, id: 7, value: [null, 'k', ['a']] },
    { kind: Kind.UNPUBLISH, id: 8, value: [99, 'k', ['b']] },
    { kind: Kind.UNPUBLISH, id: 9, value: [99, 'k', ['b']] },
  );
  unit.say(3, { kind: Kind.UNPUBLISH, id: 1, value: [99, 'k', ['b']] });
  t.deepEqual(taken, ['a']);
  t.deepEqual(short(await unit.said()), [
    '2 RESULT 7',
    '2 ERROR 8"ERR_TIMEOUT"',
    '2 ERROR 9"ERR_TIMEOUT"',
    '3 ERROR 1"ERR_TIMEOUT"',
  ]);
});

test('what a member left sticking is taken back when it goes, the newest under each key', async t => {
  const taken: unknown[] = [];
  const client = {
    publish() {},
    unpublish(value: unknown) {
      taken.push(value);
      if (value === 'c') throw new Error('not that one');
    },
  };
  const unit = await UnitService.create(client);
  const publish = (from: number, key: string | null, value: string) =>
    unit.say(from, { kind: Kind.PUBLISH, id: 1, value: [null, key, [value]] });
  publish(2, 'k', 'a');
  publish(2, 'k', 'b');
  publish(2, 'l', 'c');
  publish(2, 'm', 'd');
  publish(2, null, 'e');
  publish(3, 'k', 'f');
  unit.say(
    2,
    { kind: Kind.UNPUBLISH, id: 1, value: [null, 'm', ['d']] },
    { kind: Kind.UNPUBLISH, id: 1, value: [null, null, ['e']] },
  );
  taken.length = 0;
  unit.gone(2);
  unit.gone(2);
  unit.gone(9);
  await microtasks();
  t.deepEqual(taken, ['b', 'c']);
  t.like(unit.reported[0], { message: 'not that one' });
});

test('a member that goes cancels its calls and ends its subscriptions', async t => {
  const asked: string[] = [];
  const reasons: unknown[] = [];
  const client = {
    async get() {
      const { signal } = callContext()!;
      signal.addEventListener('abort', () => reasons.push(signal.reason));
      await new Promise(() => {});
    },
    subscribe: (topic: string) => asked.push(`subscribe ${topic}`),
    unsubscribe: (topic: string) => asked.push(`unsubscribe ${topic}`),
  };
  const unit = await UnitService.create(client);
  unit.call(2, 7, 'get');
  for (const [from, id, topic] of [
    [2, 1, 'a'],
    [2, 2, 'a'],
    [2, 3, 'b'],
    [3, 4, 'b'],
  ]) {
    unit.say(Number(from), { kind: Kind.SUBSCRIBE, id: Number(id), value: ['all', topic] });
  }
  await unit.said();
  unit.gone(2);
  await microtasks();
  t.deepEqual(asked, ['subscribe a', 'subscribe b', 'unsubscribe a']);
  t.like(reasons[0], { code: 'ERR_CLOSED', outcome: 'unknown' });
});

test('subscriptions to one key share one upstream subscription, whatever object the topic is', async t => {
  const asked: unknown[] = [];
  const client = {
    subscribe: (topic: unknown) => void asked.push(topic),
    unsubscribe: (topic: unknown) => void asked.push(['un', topic]),
  };
  const unit = await UnitService.create(client);
  unit.say(2, { kind: Kind.SUBSCRIBE, id: 1, value: ['all', { a: 1, b: 2 }] });
  unit.say(3, { kind: Kind.SUBSCRIBE, id: 2, value: ['all', { b: 2, a: 1 }] });
  unit.say(3, { kind: Kind.SUBSCRIBE | EXT, id: 3, value: ['one', [1]] });
  t.deepEqual(await unit.said(), ['2 SUBSCRIBED 1 1', '3 SUBSCRIBED 2 1', '3 SUBSCRIBED 3 2']);
  t.deepEqual(asked, [{ a: 1, b: 2 }, undefined]);
  unit.say(2, { kind: Kind.UNSUBSCRIBE, id: 1 }, { kind: Kind.UNSUBSCRIBE, id: 99 });
  unit.say(9, { kind: Kind.UNSUBSCRIBE, id: 1 });
  unit.say(3, { kind: Kind.UNSUBSCRIBE, id: 2 });
  await microtasks();
  t.deepEqual(asked.slice(2), [['un', { a: 1, b: 2 }]]);
  unit.say(2, { kind: Kind.SUBSCRIBE, id: 4, value: ['all', { a: 1, b: 2 }] });
  t.deepEqual(await unit.said(), ['2 SUBSCRIBED 4 3'], 'a topic that nobody has is forgotten');
});

test('a topic that can not be one is refused, and so is what is no list', async t => {
  const unit = await UnitService.create({ subscribe() {} });
  unit.say(
    2,
    { kind: Kind.SUBSCRIBE | EXT, id: 1, value: ['all', [99]] },
    { kind: Kind.SUBSCRIBE, id: 2, value: 'all' },
  );
  t.deepEqual(short(await unit.said()), ['2 REFUSED 1"ERR_PROTOCOL"', '2 REFUSED 2"ERR_PROTOCOL"']);
});

test('nothing is kept of a subscription that was refused', async t => {
  const asked: string[] = [];
  const client = {
    subscribe() {
      throw new Error('no');
    },
    unsubscribe: () => asked.push('unsubscribe'),
  };
  const unit = await UnitService.create(client);
  unit.say(2, { kind: Kind.SUBSCRIBE, id: 1, value: ['all', 'a'] });
  t.deepEqual(short(await unit.said()), ['2 REFUSED 1']);
  unit.say(2, { kind: Kind.UNSUBSCRIBE, id: 1 });
  unit.gone(2);
  t.deepEqual(await unit.said(), []);
  t.deepEqual(asked, []);
});

test('outside its lease a leader begins nothing, and goes on in order when that is renewed', async t => {
  const unit = await UnitService.create(echo);
  unit.leaseUntil = 0;
  unit.call(2, 7, 'get');
  unit.gone(9);
  unit.call(2, 8, 'get');
  t.deepEqual(await unit.said(), []);
  unit.service.release();
  t.deepEqual(await unit.said(), []);
  unit.leaseUntil = 100;
  unit.service.release();
  unit.call(2, 9, 'get');
  t.deepEqual(short(await unit.said()), ['2 RESULT 7', '2 RESULT 8', '2 RESULT 9']);
});

test('a call that blocks for longer than the lease is the last that begins', async t => {
  const begun: number[] = [];
  const client = {
    get(id: number, ms: number) {
      begun.push(id);
      unit.clock.jump(ms);
    },
  };
  const unit = await UnitService.create(client);
  unit.leaseUntil = 100;
  unit.say(2, call(1, 'get', 1, 50), call(2, 'get', 2, 60), call(3, 'get', 3, 0), call(4, 'get', 4, 0));
  unit.call(2, 5, 'get', 5, 0);
  unit.clock.turn();
  t.deepEqual(begun, [1, 2]);
  unit.leaseUntil = 200;
  unit.service.release();
  unit.clock.turn();
  t.deepEqual(begun, [1, 2, 3, 4, 5]);
  unit.leaseUntil = 0;
  unit.say(2, call(6, 'get', 6, 300), call(7, 'get', 7, 0));
  unit.call(2, 8, 'get', 8, 0);
  unit.leaseUntil = 300;
  unit.service.release();
  unit.clock.turn();
  t.deepEqual(begun, [1, 2, 3, 4, 5, 6]);
  unit.leaseUntil = Number.POSITIVE_INFINITY;
  unit.service.release();
  unit.clock.turn();
  t.deepEqual(begun, [1, 2, 3, 4, 5, 6, 7, 8]);
});

test('where there is more to do than a slice of time holds, timers and I/O have a turn, and each sender', async t => {
  const begun: string[] = [];
  const client = {
    get(name: string) {
      begun.push(name);
      unit.clock.jump(1);
    },
  };
  const unit = await UnitService.create(client);
  const flood = Array.from({ length: 30 }, (_, i) => call(i, 'get', `a${i}`));
  unit.say(2, ...flood);
  t.is(begun.length, 10);
  unit.clock.yield(() => begun.push('turn'));
  unit.call(3, 1, 'get', 'b');
  unit.gone(3);
  unit.call(2, 99, 'get', 'a99');
  unit.clock.turn();
  t.is(begun[10], 'a10');
  t.true(begun.indexOf('b') < 14, `${begun}`);
  t.true(begun.indexOf('turn') < 22, `${begun}`);
  t.deepEqual(
    begun.filter(name => name.startsWith('a')),
    [...flood.map((_, i) => `a${i}`), 'a99'],
  );
  t.is(unit.service.heldBytes, 0);
});

test('small bundles of one turn are one slice, and those of the next begin at once', async t => {
  const begun: number[] = [];
  const client = {
    get(id: number) {
      begun.push(id);
      unit.clock.jump(6);
    },
  };
  const unit = await UnitService.create(client);
  for (let id = 1; id <= 4; id++) unit.call(2, id, 'get', id);
  t.deepEqual(begun, [1, 2]);
  unit.clock.turn();
  t.deepEqual(begun, [1, 2, 3, 4]);
  unit.call(2, 5, 'get', 5);
  t.deepEqual(begun, [1, 2, 3, 4, 5]);
});

test('a call whose turn has come, and whose arguments took long to decode, waits for the lease', async t => {
  const client = {
    get() {
      unit.clock.jump(20);
    },
  };
  const unit = await UnitService.create(client);
  const { text } = encodeValue([new Map([[1, 2]])], 'args');
  unit.say(2, call(6, 'get'), { kind: Kind.CALL | EXT, id: 7, value: ['get', null, JSON.parse(text)] });
  let asked = 0;
  unit.hasLease = () => ++asked < 3;
  t.deepEqual(short(await unit.said()), ['2 RESULT 6']);
  unit.hasLease = () => true;
  unit.service.release();
  t.deepEqual(short(await unit.said()), ['2 RESULT 7']);
});

test('what waits for its turn goes back where the leader drains, or ends its term', async t => {
  const client = {
    get() {
      unit.clock.jump(20);
      other?.service.stop();
    },
  };
  let other: UnitService | undefined;
  const unit = await UnitService.create(client);
  unit.say(2, call(1, 'get'), call(2, 'get'), call(3, 'get'));
  unit.service.receive({ g: 'g', t: TERM, f: 3, h: [Kind.CALL, 9, 1, 0], x: '[' });
  unit.service.drain(1000, () => {});
  t.deepEqual(short(await unit.said()), ['2 RESULT 1', '2 RETURNED 2', '2 RETURNED 3', '3 ERROR 9"ERR_PROTOCOL"']);
  other = await UnitService.create(client);
  other.say(2, call(1, 'get'), call(2, 'get'));
  t.deepEqual(short(await other.said()), ['2 RESULT 1', '2 RETURNED 2']);
});

test('a call whose arguments took longer to decode than the lease lasts does not begin', async t => {
  const unit = await UnitService.create(echo);
  const { text } = encodeValue([new Map([[1, 2]])], 'args');
  // At the first call, at the second one, and when its arguments are decoded.
  const answers = [true, true, false];
  unit.hasLease = () => answers.shift() ?? isValid;
  let isValid = false;
  unit.say(2, call(6, 'get'), { kind: Kind.CALL | EXT, id: 7, value: ['get', null, JSON.parse(text)] }, call(8, 'get'));
  t.deepEqual(short(await unit.said()), ['2 RESULT 6']);
  isValid = true;
  unit.service.release();
  t.deepEqual(short(await unit.said()), ['2 RESULT 7', '2 RESULT 8']);
});

test('values and events wait for the lease too, the oldest events dropped beyond a thousand', async t => {
  let listener: (value: unknown) => void = () => {};
  const client = {
    subscribe(_topic: unknown, given: typeof listener) {
      listener = given;
    },
  };
  const unit = await UnitService.create(client, { events: ['down', 'up'] });
  unit.say(2, { kind: Kind.SUBSCRIBE, id: 1, value: ['all', 'a'] });
  await unit.said();
  unit.leaseUntil = 0;
  listener('v');
  for (let i = 0; i < 1002; i++) unit.service.event('up', [i]);
  t.deepEqual(await unit.said(), []);
  unit.leaseUntil = 100;
  unit.service.release();
  const said = await unit.said();
  t.is(said.length, 2001, 'each event here and elsewhere, and the value');
  t.deepEqual(said.slice(-1001, -999), ['2 VALUE 1 "v"', '* EVENT 1 ["up",2]']);
  unit.service.event('down', []);
  t.deepEqual(await unit.said(), ['1 EVENT 0 ["down"]', '* EVENT 0 ["down"]']);
});

test('an event that can not travel is reported', async t => {
  const unit = await UnitService.create({}, { events: ['up'] });
  unit.service.event('up', [() => {}]);
  t.like(unit.reported[0], { code: 'ERR_NOT_SERIALIZABLE' });
});

test('a leader that drains returns new calls, takes no subscribers, and is done when those that run have ended', async t => {
  const running = defer<string>();
  const unit = await UnitService.create({ get: () => running.promise, subscribe: () => t.fail() });
  unit.call(2, 7, 'get');
  let drained = 0;
  unit.service.drain(1000, () => drained++);
  unit.call(2, 8, 'get');
  unit.say(2, { kind: Kind.SUBSCRIBE, id: 1, value: ['all', 'a'] });
  t.deepEqual(await unit.said(), ['2 RETURNED 8 0']);
  t.is(drained, 0);
  running.resolve('done');
  t.deepEqual(await unit.said(), ['2 RESULT 7 "done"']);
  t.is(drained, 1);
  t.is(unit.clock.timers, 0);
});

test('a leader that drains with nothing to wait for is done in a later turn, once', async t => {
  const unit = await UnitService.create(echo);
  let drained = 0;
  unit.service.drain(1000, () => drained++);
  t.is(drained, 0);
  unit.clock.tick();
  t.is(drained, 1);
  unit.clock.advance(1000);
  t.is(drained, 1);
});

test('a leader drains no longer than it may', async t => {
  const running = defer();
  const unit = await UnitService.create({ get: () => running.promise });
  unit.call(2, 7, 'get');
  let drained = 0;
  unit.service.drain(1000, () => drained++);
  unit.clock.advance(999);
  t.is(drained, 0);
  unit.clock.advance(1);
  t.is(drained, 1);
  running.resolve();
  await unit.said();
  t.is(drained, 1);
});

const suspect = (id: number) => ({ kind: Kind.SUSPECT, id });

/** So much on its way that nothing that is said now leaves at once. */
async function crowded(client: object): Promise<UnitService> {
  const unit = await UnitService.create(client);
  unit.unit.isStuck = true;
  unit.unit.sender.payloadTo(9, Kind.VALUE, 1, encodeValue('x'.repeat(200_000), 'value'));
  unit.unit.said();
  return unit;
}

test('a call by which a leader may be lost begins once it was said that it does, and what its member sent then waits', async t => {
  const begun: string[] = [];
  const topics: unknown[] = [];
  const unit = await crowded({
    get: (name: string) => begun.push(name),
    subscribe: (topic: unknown) => void topics.push(topic),
  });
  unit.say(2, suspect(7), call(7, 'get', 'a'));
  unit.call(2, 8, 'get', 'b');
  unit.say(4, suspect(5), { kind: Kind.SUBSCRIBE, id: 5, value: ['all', 't'] });
  unit.call(3, 9, 'get', 'c');
  for (let i = 0; i < 5; i++) unit.clock.turn();
  t.deepEqual([begun, topics], [['c'], []]);
  unit.unit.free();
  t.deepEqual([begun, topics], [['c', 'a', 'b'], ['t']]);
  const said = await unit.said();
  const to = (workerId: number) => said.filter(words => words.startsWith(`${workerId} `));
  t.deepEqual(to(2), ['2 BEGUN 7 0', '2 RESULT 7 2', '2 RESULT 8 3']);
  t.deepEqual(to(4), ['4 BEGUN 5 0', '4 SUBSCRIBED 5 1']);
});

test('a call that waits for that goes back when its leader begins to drain', async t => {
  const unit = await crowded(echo);
  unit.say(2, suspect(7), call(7, 'get', 'a'));
  unit.service.drain(1000, () => {});
  unit.unit.free();
  t.deepEqual(await unit.said(), ['2 RETURNED 7 0']);
});

test('what was held when a leader begins to drain, or stops, goes back', async t => {
  for (const end of ['drain', 'stop'] as const) {
    const unit = await UnitService.create(echo);
    unit.leaseUntil = 0;
    unit.call(2, 7, 'get');
    if (end === 'drain') unit.service.drain(1000, () => {});
    else unit.service.stop();
    t.deepEqual(await unit.said(), ['2 RETURNED 7 0']);
    unit.leaseUntil = 100;
    unit.service.release();
    t.deepEqual(await unit.said(), []);
  }
});

test('a call that is cancelled while its leader drains is awaited all the same', async t => {
  const running = defer();
  const unit = await UnitService.create({ get: () => running.promise });
  unit.call(2, 7, 'get');
  let drained = 0;
  unit.service.drain(1000, () => drained++);
  unit.say(2, { kind: Kind.CANCEL, id: 7, value: [0, 'enough'] });
  t.deepEqual(await unit.said(), []);
  t.is(drained, 0);
  running.resolve();
  await unit.said();
  t.is(drained, 1);
});

test('once it is stopped nothing is said any more, and what runs is told so', async t => {
  const running = defer();
  let signal: AbortSignal | undefined;
  let listener: (value: unknown) => void = () => {};
  const client = {
    get() {
      signal = callContext()!.signal;
      return running.promise;
    },
    subscribe(_topic: unknown, given: typeof listener) {
      listener = given;
    },
  };
  const unit = await UnitService.create(client, { events: ['up'] });
  unit.call(2, 7, 'get');
  unit.say(2, { kind: Kind.SUBSCRIBE, id: 1, value: ['all', 'a'] });
  unit.service.drain(1000, () => t.fail());
  await unit.said();
  unit.service.stop();
  unit.service.stop();
  t.like(signal!.reason, { code: 'ERR_LEADER_LOST', outcome: 'unknown' });
  running.resolve();
  listener('v');
  unit.service.event('up', []);
  unit.call(2, 8, 'get');
  unit.service.release();
  t.deepEqual(await unit.said(), []);
  unit.clock.advance(2000);
  t.is(unit.clock.timers, 0);
});

test('what was said before it stops has left by then', async t => {
  const unit = await UnitService.create(echo);
  unit.call(2, 7, 'get');
  unit.call(SELF, 8, 'get');
  unit.service.stop();
  t.is(unit.unit.packets.length, 1);
  t.is(unit.unit.here.length, 1);
});

test('a call that ends the term by itself is the last that begins', async t => {
  const begun: string[] = [];
  const client = {
    finish: () => {
      begun.push('finish');
      unit.service.stop();
    },
    get: () => begun.push('get'),
  };
  const unit = await UnitService.create(client);
  unit.say(2, call(7, 'finish'), call(8, 'get'));
  t.deepEqual(begun, ['finish']);
});

test('a call that waited, and ends the term by itself, is not handed to the next leader', async t => {
  const client = { finish: () => unit.service.stop() };
  const unit = await UnitService.create(client);
  unit.leaseUntil = 0;
  unit.call(2, 7, 'finish');
  unit.leaseUntil = Number.POSITIVE_INFINITY;
  unit.service.release();
  t.deepEqual(await unit.said(), ['2 RESULT 7 [1]']);
});

test('what of each member’s bundles came is known by their numbers', async t => {
  const unit = await UnitService.create(echo);
  for (const [from, number] of [
    [2, 9],
    [SELF, 3],
    // What there was no room for in the primary.
    [2, 7],
  ] as const)
    unit.service.receive(bundle({ term: TERM, from, number }, call(7, 'get')));
  t.deepEqual(
    [...unit.service.received],
    [
      [2, 9],
      [SELF, 3],
    ],
  );
});

test('what only a leader or the primary says is passed over', async t => {
  const unit = await UnitService.create(echo);
  const open = new BundleBuilder('g', TERM);
  for (const kind of [Kind.RESULT, Kind.VALUE, Kind.END, Kind.MEMBER_LEFT, 63]) open.add(kind, 2, '0');
  unit.service.receive({ ...open.seal(), f: 2 });
  unit.service.receive(bundle({ term: TERM }, { kind: Kind.END, id: 2 }));
  t.deepEqual(await unit.said(), []);
});

test('calls that come while the real client closes go back to who made them', async t => {
  const unit = await UnitService.create(echo);
  unit.service.stop();
  const frames = [
    call(7, 'get'),
    { kind: Kind.CANCEL, id: 8 },
    { kind: Kind.PUBLISH, id: 9 },
    { kind: Kind.UNPUBLISH, id: 10 },
  ];
  handBack(bundle({ term: TERM, from: 2 }, ...frames), unit.service.sender);
  handBack(bundle({ term: TERM }, { kind: Kind.MEMBER_LEFT, id: 2 }), unit.service.sender);
  t.deepEqual(await unit.said(), ['2 RETURNED 7 0', '2 RETURNED 9 0', '2 RETURNED 10 0']);
});

test('a value that can not travel is reported', async t => {
  const client = { subscribe: (_topic: unknown, listener: (value: unknown) => void) => listener(() => {}) };
  const unit = await UnitService.create(client);
  unit.say(2, { kind: Kind.SUBSCRIBE, id: 1, value: ['all', 'a'] });
  t.like(unit.reported[0], { code: 'ERR_NOT_SERIALIZABLE' });
});

test('an error in the code is not taken for a broken bundle', async t => {
  const unit = await UnitService.create(echo);
  unit.clock.now = () => {
    throw new RangeError('no time');
  };
  t.throws(() => unit.call(2, 7, 'get'), { instanceOf: RangeError });
});

test('it is counted what ran, how it ended and how long it took', async t => {
  const gate = defer();
  const unit = await UnitService.create({
    ok: () => 1,
    slow: async () => gate.promise,
    throws() {
      throw new Error('no');
    },
    odd: () => () => {},
  });
  unit.call(2, 1, 'ok');
  unit.call(2, 2, 'throws');
  unit.call(2, 3, 'odd');
  // Never began.
  unit.call(2, 4, 'missing');
  unit.call(2, 5, 'slow');
  unit.call(3, 6, 'slow');
  t.like(unit.served.status(), { running: 2, ended: { ok: 1, failed: 2, abandoned: 0 } });
  unit.gone(3);
  unit.clock.advance(4);
  gate.resolve();
  await microtasks();
  t.like(unit.served.status(), { running: 0, ended: { ok: 2, failed: 2, abandoned: 1 } });
  t.like(unit.served.duration.status(), { count: 5, sumMs: 8 });
});

test('a call that ends after its term is counted too', async t => {
  const gate = defer();
  const unit = await UnitService.create({ slow: async () => gate.promise });
  unit.call(2, 1, 'slow');
  unit.service.stop();
  t.is(unit.served.running, 1);
  gate.reject(new Error('late'));
  await microtasks();
  t.like(unit.served.status(), { running: 0, ended: { ok: 0, failed: 0, abandoned: 1 } });
});

test('of what nobody wants the result is not looked at', async t => {
  const client = {
    publish() {
      return this;
    },
    async unpublish() {
      return this;
    },
    async tell() {
      return this;
    },
    get() {
      return () => {};
    },
  };
  const unit = await UnitService.create(client);
  unit.say(
    2,
    { kind: Kind.PUBLISH, id: 1, value: [null, null, []] },
    { kind: Kind.PUBLISH, id: 2, value: [null, 'key', []] },
    { kind: Kind.UNPUBLISH, id: 3, value: [null, 'key', []] },
    { kind: Kind.ONEWAY, id: 4, value: ['tell', null, []] },
    call(5, 'get'),
  );
  const said = (await unit.said()).map(words => words.split(' ').slice(0, 3).join(' '));
  t.deepEqual(said.sort(), ['2 ERROR 5', '2 RESULT 1', '2 RESULT 2', '2 RESULT 3', '2 RESULT 4']);
});

test('what comes outside the lease for which there is no room is refused, and was not started', async t => {
  const unit = await UnitService.create({ get: () => 1 });
  unit.leaseUntil = 0;
  const pad = 'x'.repeat(20 * 2 ** 20);
  for (const id of [1, 2, 3, 4]) unit.say(2, { kind: Kind.CALL, id, value: ['get', null, [pad]] });
  t.deepEqual(await unit.said(), ['2 OVERLOADED 4 0']);
  t.true(unit.service.heldBytes > 60 * 2 ** 20);
});

test('a publication that is said again has the time that opening has, from when it begins, and its caller hears of more', async t => {
  const ends = new Map<string, (value?: unknown) => void>();
  const client = { publish: (name: string) => new Promise(resolve => ends.set(name, resolve)) };
  const unit = await UnitService.create(client, { openTimeoutMs: 1000 });
  const again = (id: number, name: string, repeated = 1) => {
    const open = new BundleBuilder('g', TERM);
    const about = { method: 'publish', deadline: Number.POSITIVE_INFINITY };
    open.add(Kind.PUBLISH | MORE, id, JSON.stringify([[name], name, null, repeated]), undefined, about);
    unit.service.receive({ ...open.seal(), f: 2 });
  };
  again(1, 'a');
  again(2, 'b');
  again(3, 'c', 0);
  unit.clock.advance(999);
  ends.get('b')!();
  t.deepEqual(short(await unit.said()), ['2 RESULT 2']);
  unit.clock.advance(2);
  t.deepEqual(short(await unit.said()), ['2 ERROR 1"ERR_TIMEOUT"']);
  let isDrained = false;
  unit.service.drain(5000, () => {
    isDrained = true;
  });
  ends.get('a')!();
  ends.get('c')!();
  t.deepEqual(short(await unit.said()), ['2 RESULT 3']);
  unit.clock.tick();
  t.true(isDrained);
  t.is(unit.served.running, 0);
});

test('no more calls run than have room, by number and by what they hold', async t => {
  const ends: ((value?: unknown) => void)[] = [];
  const client = { get: () => new Promise(resolve => ends.push(resolve)) };
  const unit = await UnitService.create(client);
  for (let id = 0; id < 50_000; id += 1000) unit.say(2, ...Array.from({ length: 1000 }, (_, i) => call(id + i, 'get')));
  unit.say(2, call(50_000, 'get'));
  t.deepEqual(await unit.said(), ['2 OVERLOADED 50000 0']);
  t.is(unit.warnings.length, 1);
  ends[0]!();
  t.deepEqual(short(await unit.said()), ['2 RESULT 0']);
  unit.call(2, 50_001, 'get');
  t.deepEqual(await unit.said(), []);

  const large = await UnitService.create(client);
  const part = Buffer.alloc(200 * 1024 * 1024);
  for (const id of [1, 2]) {
    const open = new BundleBuilder('g', TERM);
    open.add(Kind.CALL, id, '[]', [part], { method: 'get', deadline: 1e9 });
    large.service.receive({ ...open.seal(), f: 2 });
  }
  t.deepEqual(await large.said(), ['2 OVERLOADED 2 0']);
});

test('what is taken back outside the lease is kept in a bounded room, and a warning tells when that is full', async t => {
  const unit = await UnitService.create({ get: () => 1 });
  unit.leaseUntil = 0;
  unit.say(2, { kind: Kind.CALL, id: 1, value: ['get', null, ['x'.repeat(65 * 2 ** 20)]] });
  const { heldBytes } = unit.service;
  const cancels = Array.from({ length: 60_000 }, (_, i) => ({ kind: Kind.CANCEL, id: i + 2, value: [0, 1] }));
  unit.say(2, ...cancels);
  t.true(unit.service.heldBytes - heldBytes < 10e6);
  t.deepEqual(unit.warnings, [droppedWithdrawals(1)]);
});
