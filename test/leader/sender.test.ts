import test from 'ava';
import { Kind } from '../../lib/protocol/bundle.js';
import { BundleBuilder, WRITE_BYTES } from '../../lib/protocol/frames.js';
import { bundlesOf } from '../helpers/unit/frames.js';
import { UnitSender } from '../helpers/unit/leader.js';

const payload = (value: unknown) => ({ text: JSON.stringify(value), ext: false, parts: undefined });

test('what is said to one member in a row travels in one bundle', t => {
  const unit = new UnitSender();
  unit.sender.to(2, Kind.SUBSCRIBED, 7, '1');
  unit.sender.payloadTo(2, Kind.RESULT, 8, payload('a'));
  unit.clock.tick();
  t.is(unit.packets.length, 1);
  t.is(unit.packets[0]!.d!.length, 1);
  t.deepEqual(unit.said(), ['2 SUBSCRIBED 7 1', '2 RESULT 8 "a"']);
});

test('what is said to the leader itself never leaves the process, and waits until I/O had its turn', t => {
  const unit = new UnitSender();
  unit.sender.payloadTo(1, Kind.RESULT, 7, payload('a'));
  unit.sender.to(1, Kind.RETURNED, 8, '0');
  unit.clock.tick();
  t.deepEqual(unit.here, []);
  t.deepEqual(unit.said(), ['1 RESULT 7 "a"', '1 RETURNED 8 0']);
  t.deepEqual(unit.packets, []);
});

test('a value for several members crosses once', t => {
  const unit = new UnitSender();
  unit.sender.payloadToMany([2, 3], Kind.VALUE, 1, payload('a'));
  unit.sender.payloadToMany([2, 3], Kind.VALUE, 1, payload('b'));
  unit.clock.tick();
  t.is(unit.packets[0]!.d!.length, 1);
  t.deepEqual(unit.said(), ['2,3 VALUE 1 "a"', '2,3 VALUE 1 "b"']);
});

test('of several members the leader itself gets its value here, and one that is left is one like any other', t => {
  const unit = new UnitSender();
  unit.sender.to(2, Kind.SUBSCRIBED, 7, '1');
  unit.sender.payloadToMany([1, 2], Kind.VALUE, 1, payload('a'));
  unit.sender.payloadToMany([1], Kind.VALUE, 1, payload('b'));
  unit.sender.payloadToMany([], Kind.VALUE, 1, payload('c'));
  unit.clock.tick();
  t.is(unit.packets[0]!.d!.length, 1);
  t.deepEqual(unit.said(), ['1 VALUE 1 "a"', '1 VALUE 1 "b"', '2 SUBSCRIBED 7 1', '2 VALUE 1 "a"']);
});

test('to each member all arrives in the order said, whoever else it was for', t => {
  const unit = new UnitSender();
  unit.sender.payloadToMany([2, 3], Kind.VALUE, 1, payload('a'));
  unit.sender.payloadTo(2, Kind.REPLAY, 7, payload('b'));
  unit.sender.payloadToMany([2, 3], Kind.VALUE, 1, payload('c'));
  unit.sender.payloadToMany([3, 2], Kind.VALUE, 1, payload('d'));
  unit.sender.payloadToMany([2, 3, 4], Kind.VALUE, 1, payload('e'));
  unit.sender.payloadTo(3, Kind.RESULT, 8, payload('f'));
  t.deepEqual(unit.said(), [
    '2,3 VALUE 1 "a"',
    '2 REPLAY 7 "b"',
    '2,3 VALUE 1 "c"',
    '2,3 VALUE 1 "d"',
    '2,3,4 VALUE 1 "e"',
    '3 RESULT 8 "f"',
  ]);
});

test('an event is for all, and nothing joins what was said before it', t => {
  const unit = new UnitSender();
  unit.sender.to(2, Kind.SUBSCRIBED, 7, '1');
  unit.sender.payloadToAll(Kind.EVENT, 0, payload(['up']));
  unit.sender.to(2, Kind.SUBSCRIBED, 8, '1');
  t.deepEqual(unit.said(), ['1 EVENT 0 ["up"]', '2 SUBSCRIBED 7 1', '* EVENT 0 ["up"]', '2 SUBSCRIBED 8 1']);
});

test('nothing joins a bundle that has left, or that is full', t => {
  const unit = new UnitSender();
  unit.sender.to(2, Kind.SUBSCRIBED, 7, '1');
  unit.sender.payloadToMany([3, 4], Kind.VALUE, 1, payload('a'));
  unit.said();
  unit.sender.to(2, Kind.SUBSCRIBED, 8, '1');
  unit.sender.payloadToMany([3, 4], Kind.VALUE, 1, payload('b'));
  t.deepEqual(unit.said(), ['2 SUBSCRIBED 8 1', '3,4 VALUE 1 "b"']);
});

test('what waits for the end of the tick can leave at once', t => {
  const unit = new UnitSender();
  unit.sender.to(1, Kind.SUBSCRIBED, 7, '1');
  unit.sender.to(2, Kind.SUBSCRIBED, 8, '1');
  unit.sender.flush();
  t.is(unit.here.length, 1);
  t.is(unit.packets.length, 1);
  unit.said();
  unit.sender.flush();
  t.deepEqual(unit.said(), []);
});

test('a large bundle, or a good part of many answers, leaves before the end of the tick', t => {
  const unit = new UnitSender();
  unit.sender.payloadTo(2, Kind.RESULT, 7, payload('x'.repeat(WRITE_BYTES)));
  t.is(unit.packets.length, 1);
  for (let i = 0; i < 127; i++) unit.sender.to(2, Kind.RETURNED, i, '0');
  t.is(unit.packets.length, 1);
  unit.sender.to(2, Kind.RETURNED, 127, '0');
  t.is(unit.packets.length, 2);
  for (let i = 0; i < 1000; i++) unit.sender.to(1, Kind.RETURNED, i, '0');
  t.deepEqual(unit.here, []);
});

test('who has a lane is spoken to by it, and by nothing else', t => {
  const sent: string[] = [];
  const lane = {
    put: (kind: number, id: number, text: string) => void sent.push(`${kind} ${id} ${text}`),
    flush: () => void sent.push('flush'),
    isClear: true,
    hasNoRelay: false,
  };
  const lanes = { active: [2], of: (workerId: number) => (workerId === 2 ? lane : undefined) };
  const unit = new UnitSender(undefined, lanes);
  unit.sender.to(2, Kind.SUBSCRIBED, 7, '1');
  unit.sender.payloadToMany([1, 2, 3, 4], Kind.VALUE, 1, payload('a'));
  unit.sender.payloadToMany([2, 3], Kind.VALUE, 1, payload('b'));
  unit.sender.payloadToAll(Kind.EVENT, 0, payload('c'));
  unit.clock.tick();
  unit.sender.sendNow(2, Kind.BEGUN, 9, '0');
  t.deepEqual(sent, ['12 7 1', '14 1 "a"', '14 1 "b"', '17 0 "c"', `${Kind.BEGUN} 9 0`, 'flush']);
  t.deepEqual(unit.packets.at(-1)!.d!.at(-1)!.but, [2]);
  t.deepEqual(unit.said(), ['1 VALUE 1 "a"', '1 EVENT 0 "c"', '3,4 VALUE 1 "a"', '3 VALUE 1 "b"', '* EVENT 0 "c"']);
});

test('what must leave at once goes by the route on which nothing large waits', t => {
  const sent: number[] = [];
  const lane = {
    put: (kind: number) => void sent.push(kind),
    flush() {},
    isClear: true,
    hasNoRelay: false,
  };
  const unit = new UnitSender(undefined, { active: [2], of: workerId => (workerId === 2 ? lane : undefined) });
  t.true(unit.sender.mayLeaveNow(2));
  lane.isClear = false;
  t.true(unit.sender.mayLeaveNow(2));
  unit.sender.sendNow(2, Kind.BEGUN, 9, '0');
  t.deepEqual([sent, unit.said()], [[], ['2 BEGUN 9 0']]);
  unit.isStuck = true;
  unit.sender.payloadTo(3, Kind.VALUE, 1, payload('x'.repeat(2 * WRITE_BYTES)));
  for (const workerId of [2, 3]) t.false(unit.sender.mayLeaveNow(workerId));
  // The leader's own member is lost with it.
  t.true(unit.sender.mayLeaveNow(1));
  lane.hasNoRelay = true;
  t.true(unit.sender.mayLeaveNow(2));
  unit.free();
  t.true(unit.sender.mayLeaveNow(3));
});

test('after a word by the relay about the route, what follows begins a bundle', t => {
  const unit = new UnitSender();
  unit.sender.to(2, Kind.SUBSCRIBED, 7, '1');
  unit.sender.toByRelay(2, Kind.SWITCHED, 9, '0');
  unit.sender.to(2, Kind.SUBSCRIBED, 8, '1');
  const bundle = new BundleBuilder('g', 5, [2]);
  bundle.add(Kind.RESULT, 1, '1');
  unit.sender.putOnRelay(bundle);
  unit.sender.to(2, Kind.SUBSCRIBED, 9, '1');
  unit.clock.tick();
  t.deepEqual(
    unit.packets.flatMap(bundlesOf).map(({ h }) => h.length / 4),
    [2, 1, 1, 1],
  );
});

const MIB = 1024 * 1024;
// Less than a bundle that travels in slices.
const large = (n: number, bytes = 900_000) => payload(`${n}`.padEnd(bytes, '.'));
/** Frames that left, without what fills them. */
const left = (unit: UnitSender) => unit.said().map(words => words.replace(/\.+/, ''));

test('of values that come faster than the primary reads the newest stay, results and signals go on, and all keep their order', t => {
  const unit = new UnitSender();
  unit.isStuck = true;
  for (let n = 1; n <= 30; n++) unit.sender.payloadToMany([2, 3], Kind.VALUE, 1, large(n));
  unit.sender.payloadToAll(Kind.EVENT, 0, large(1));
  unit.sender.to(2, Kind.SUBSCRIBED, 7, '5');
  unit.sender.payloadTo(2, Kind.REPLAY, 7, payload('last'));
  unit.sender.payloadTo(2, Kind.RESULT, 8, payload('r'));
  unit.sender.to(3, Kind.RETURNED, 9, '0');
  unit.sender.toByRelay(3, Kind.RESUMED, 4, '6');
  t.true(unit.outbox.waitingBytes < 4 * MIB);
  t.true(unit.sender.keptBytes > 1.5 * MIB && unit.sender.keptBytes < 2.5 * MIB);
  unit.free();
  const sent = left(unit).filter(words => !words.startsWith('1 '));
  const first = sent.findIndex(words => !words.startsWith('2,3 VALUE'));
  t.true(first >= 2 && first <= 4, `${first}`);
  t.deepEqual(sent.slice(first), [
    '2 RESULT 8 "r"',
    '3 RETURNED 9 0',
    '2,3 GAP 1 0',
    '2,3 VALUE 1 "30"',
    '* EVENT 0 "1"',
    '2 SUBSCRIBED 7 5',
    '2 REPLAY 7 "last"',
    '3 RESUMED 4 6',
  ]);
  t.is(unit.sender.keptBytes, 0);
  unit.sender.payloadToMany([2, 3], Kind.VALUE, 1, payload('next'));
  t.deepEqual(left(unit), ['2,3 VALUE 1 "next"']);
});

test('what is kept back for all but those with a lane says so', t => {
  const lane = { put() {}, flush() {}, isClear: true, hasNoRelay: false };
  const unit = new UnitSender(undefined, { active: [2], of: workerId => (workerId === 2 ? lane : undefined) });
  unit.isStuck = true;
  for (let n = 1; n <= 12; n++) unit.sender.payloadToAll(Kind.EVENT, n, large(n));
  t.true(unit.sender.keptBytes > 0);
  unit.free();
  const last = unit.packets.at(-1)!.d!.at(-1)!;
  t.deepEqual([last.to, last.but, last.h[1]], ['*', [2], 12]);
});

test('what was kept back is released as there is room', t => {
  const unit = new UnitSender();
  unit.isStuck = true;
  for (let n = 1; n <= 20; n++) unit.sender.payloadTo(2, Kind.VALUE, n, large(n));
  const kept = unit.sender.keptBytes;
  t.true(kept > 6 * MIB);
  unit.free(10);
  t.true(unit.sender.keptBytes < kept);
  t.true(unit.sender.keptBytes > 0);
  unit.free();
  t.is(unit.sender.keptBytes, 0);
  t.deepEqual(
    left(unit).map(words => words.split(' ')[2]),
    Array.from({ length: 20 }, (_, i) => `${i + 1}`),
  );
});

test('at its end it says what was kept back, whatever room there is, and before what a broken connection left', t => {
  for (const end of ['end', 'putOnRelay'] as const) {
    const unit = new UnitSender();
    unit.isStuck = true;
    for (let n = 1; n <= 20; n++) unit.sender.payloadTo(2, Kind.VALUE, 1, large(n));
    const rest = new BundleBuilder('g', 5, [2]);
    rest.add(Kind.RESULT, 9, '0');
    if (end === 'end') unit.sender.end();
    else unit.sender.putOnRelay(rest);
    t.is(unit.sender.keptBytes, 0);
    unit.free();
    t.deepEqual(left(unit).slice(end === 'end' ? -1 : -2)[0], '2 VALUE 1 "20"');
  }
});

test('a result for which there is no room ends its call', t => {
  const unit = new UnitSender();
  unit.isStuck = true;
  for (let n = 1; n <= 25; n++) unit.sender.payloadTo(2, Kind.RESULT, n, large(n));
  unit.free();
  const sent = left(unit);
  t.is(sent.at(-1), '2 OVERLOADED 25 1');
  t.is(sent[0], '2 RESULT 1 "1"');
  t.true(sent.filter(words => words.includes('OVERLOADED')).length < 8);
  // Alone it may be as large as it likes.
  const other = new UnitSender();
  other.sender.payloadTo(2, Kind.RESULT, 1, large(1, 20 * MIB));
  other.sender.payloadTo(2, Kind.RESULT, 2, payload('r'));
  t.is(left(other).at(-1), '2 RESULT 2 "r"');
});
