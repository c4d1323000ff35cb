import test from 'ava';
import { passedOn } from '../../lib/errors/warnings.js';
import { Lease } from '../../lib/member/lease.js';
import { Kind } from '../../lib/protocol/bundle.js';
import { type ControlFrame, MARKER } from '../../lib/protocol/messages.js';
import { microtasks, UnitClock } from '../helpers/clocks/unit-clock.js';
import { bundle } from '../helpers/unit/frames.js';
import { FakeMember, UnitLink } from '../helpers/unit/link.js';

const kinds = (frames: readonly ControlFrame[]) => frames.map(frame => frame.k);
const news = { k: 'update', group: 'g', term: 5, phase: 'vacant' } as const;

/** A link that is welcome, with these members. */
function setUp(...members: FakeMember[]) {
  const unit = new UnitLink();
  unit.welcome();
  for (const member of members) unit.link.add(member);
  unit.sent();
  for (const member of members) member.received.length = 0;
  return unit;
}

test('it says hello at once, and again after pauses that grow to a second, until it is welcome', t => {
  const unit = new UnitLink();
  const hellos: number[] = [];
  for (let ms = 0; ms < 3000; ms++) {
    for (const frame of unit.sent()) if (frame.k === 'hello') hellos.push(ms);
    unit.clock.advance(1);
  }
  t.deepEqual(hellos, [0, 25, 75, 175, 375, 775, 1575, 2575]);
  t.is(unit.clock.refs, 0);
  unit.welcome();
  unit.clock.advance(10_000);
  t.deepEqual(unit.sent(), []);
  t.is(unit.clock.timers, 0);
});

test('a hello tells the versions, the process, and which copy of the library speaks', t => {
  const unit = new UnitLink([2, 1]);
  t.deepEqual(unit.end.sent, [
    {
      [MARKER]: 2,
      up: 0,
      c: [{ k: 'hello', versions: [2, 1], id: unit.link.id, workerId: 1, pid: 1001, probe: new Uint8Array(1) }],
    },
  ]);
  t.is(unit.link.kind, 'memory');
  t.deepEqual(unit.link.self, { workerId: 1, pid: 1001 });
});

/** How the hellos go from now on, for so many seconds without an answer. */
function waysOf(unit: UnitLink, seconds: number): string {
  unit.end.vias.splice(1);
  unit.clock.advance(seconds * 1000);
  return unit.end.vias.map(via => via![0]).join('');
}

test('it asks by the internal way alone at first, and then by both in turn', t => {
  t.is(waysOf(new UnitLink(), 6), 'iiiiipipipi');
});

test('it goes on by the way on which the first answer came', t => {
  for (const via of ['internal', 'public'] as const) {
    const unit = new UnitLink();
    const member = new FakeMember();
    unit.link.add(member);
    unit.clock.advance(1000);
    unit.welcome({}, via);
    unit.sent();
    unit.end.vias.length = 0;
    unit.link.sendControl({ k: 'heartbeat', n: 1 });
    unit.sent();
    unit.receive(unit.packet({ c: [{ k: 'ack', n: 1 }] }), via === 'public' ? 'internal' : 'public');
    unit.link.update(member);
    unit.sent();
    unit.receiveFrames({ k: 'goodbye' });
    unit.clock.advance(5000);
    t.deepEqual([...new Set(unit.end.vias)], [via]);
  }
});

test('what was not sent to this process is dropped with one warning, and nothing of it counts', t => {
  const member = new FakeMember();
  const unit = setUp(member);
  const news = { k: 'update', group: 'g', term: 5, phase: 'vacant' } as const;
  const received = [...member.received];
  const copy = unit.packet({ c: [news] });
  unit.receive(copy);
  received.push('update 5 vacant');
  for (const passed of [
    copy,
    { [MARKER]: 1, link: 8, down: 100, c: [news] },
    { [MARKER]: 1, link: 7, up: 100, c: [news] },
    { [MARKER]: 1, up: 0, c: [{ k: 'hello', versions: [1], id: 'other', workerId: 2, pid: 1002, probe: 0 }] },
    { [MARKER]: 1, down: 0, c: [{ k: 'rejected', id: unit.link.id, versions: [9] }] },
    { [MARKER]: 1, c: [{ k: 'goodbye' }] },
  ])
    unit.receive(passed);
  t.deepEqual(member.received, received);
  t.deepEqual(unit.warnings, [passedOn()]);
  unit.receiveFrames({ ...news, term: 6 });
  t.is(member.received.at(-1), 'update 6 vacant');
});

test("an answer to another's hello begins nothing", t => {
  const unit = new UnitLink();
  unit.welcome({ id: 'other' });
  unit.receiveFrames({ k: 'rejected', id: 'other', versions: [9] });
  // As PM2's frames, which have no link.
  unit.receive({ [MARKER]: 1, down: 3, c: [{ k: 'welcome', id: unit.link.id }] });
  t.false(unit.link.isLinked);
  t.is(unit.link.toError, undefined);
  unit.welcome();
  t.true(unit.link.isLinked);
  unit.receiveFrames({ k: 'rejected', id: unit.link.id, versions: [9] });
  t.true(unit.link.isLinked);
});

test('nothing but a hello is said before the welcome', t => {
  const unit = new UnitLink();
  const member = new FakeMember();
  unit.link.add(member);
  unit.link.update(member);
  unit.link.sendControl({ k: 'heartbeat', n: 1 });
  unit.link.sendControlInOrder({ k: 'leave', group: 'g' });
  let written = 0;
  unit.link.sendControlInOrder({ k: 'leave', group: 'g' }, () => void written++);
  t.is(written, 1);
  t.deepEqual(kinds(unit.sent()), ['hello']);
  t.false(unit.link.isLinked);
  t.deepEqual(member.received, []);
  unit.welcome();
  t.true(unit.link.isLinked);
  t.deepEqual(unit.sent(), [member.join()]);
  t.deepEqual(member.received, ['linked']);
});

test('nothing is heard before the welcome, nor a welcome for another copy of the library', t => {
  const unit = new UnitLink();
  const member = new FakeMember();
  unit.link.add(member);
  unit.receiveFrames(news, { k: 'ack', n: 1 }, { k: 'goodbye' });
  unit.data(bundle({ term: 1 }));
  unit.welcome({ id: 'another' });
  t.false(unit.link.isLinked);
  t.deepEqual(member.received, []);
});

test('a member that comes later joins at once, and tells what changed of it', t => {
  const unit = setUp();
  const member = new FakeMember();
  unit.link.add(member);
  t.deepEqual(unit.sent(), [member.join()]);
  member.joined = { eligible: false };
  unit.link.update(member);
  t.deepEqual(unit.sent(), [member.join()]);
});

test('what a member tells the primary overtakes its data, or follows it', t => {
  const unit = setUp();
  unit.link.outbox.data(bundle({ term: 5 }, { kind: 1, id: 1 }));
  unit.link.sendControlInOrder({ k: 'resign', group: 'g', term: 5, cause: 'resigned' });
  unit.link.sendControl({ k: 'yield', group: 'g', term: 5 });
  unit.clock.tick();
  t.deepEqual(
    unit.end.sent.map(packet => `${kinds(packet.c ?? [])} ${packet.d?.length ?? 0}`),
    ['yield 1', 'resign 0'],
  );
});

test('a second welcome brings other durations, and nobody joins again', t => {
  const member = new FakeMember();
  const unit = setUp(member);
  const first = unit.link.lease.startBeating();
  unit.sent();
  unit.welcome({ heartbeatMs: 10, leaderTimeoutMs: 50 });
  t.deepEqual(unit.sent(), []);
  unit.receiveFrames({ k: 'ack', n: first });
  t.true(unit.link.lease.isValid(first, 49));
  t.false(unit.link.lease.isValid(first, 50));
});

test('each member hears what is for its group, and nothing else', t => {
  const [g, h] = [new FakeMember('g'), new FakeMember('h')];
  const unit = setUp(g, h);
  unit.receiveFrames(
    news,
    { k: 'handover', group: 'g', term: 5 },
    { k: 'prepare', group: 'h', term: 6 },
    { k: 'warning', group: 'h', text: 'careful' },
    { ...news, group: 'nobody' },
  );
  unit.data(bundle({ term: 5 }), bundle({ term: 6, group: 'h' }), bundle({ term: 7, group: 'nobody' }));
  t.deepEqual(g.received, ['update 5 vacant', 'handover 5']);
  t.deepEqual(h.received, ['prepare 6', 'warning careful']);
});

test('data reaches the member of its group', t => {
  const [g, h] = [new FakeMember('g'), new FakeMember('h')];
  const unit = setUp(g, h);
  const frame = { kind: 10, id: 1 };
  unit.data(bundle({ term: 5 }, frame), bundle({ term: 6, group: 'h' }, frame), bundle({ term: 7, group: 'i' }, frame));
  t.deepEqual(g.received, ['data 5']);
  t.deepEqual(h.received, ['data 6']);
});

test('frames that only a worker says are ignored, and broken ones are a warning', t => {
  const member = new FakeMember();
  const unit = setUp(member);
  unit.receiveFrames({ k: 'heartbeat', n: 1 } as never, { k: 'leave', group: 'g' } as never);
  t.deepEqual(member.received, []);
  unit.receive(unit.packet({ c: [{ k: 'update' }] }));
  t.deepEqual(unit.warnings, ['A broken frame came: update.group must be a group name.']);
  for (const foreign of [null, 'x', {}, { type: 'a', data: 1 }]) unit.receive(foreign);
  t.is(unit.warnings.length, 1);
});

test('a member that leaves says so after all that it sent, and hears nothing more', async t => {
  const member = new FakeMember();
  const unit = setUp(member);
  unit.link.outbox.data(bundle({ term: 5 }, { kind: 1, id: 1 }));
  const removed = unit.link.remove(member);
  unit.clock.tick();
  t.deepEqual(
    unit.end.sent.map(packet => (packet.d ? 'data' : kinds(packet.c!).join())),
    ['data', 'leave,heartbeat'],
  );
  await removed;
  unit.receiveFrames(news);
  t.deepEqual(member.received, []);
  await unit.link.remove(member);
  t.is(unit.sent().length, 2, 'it says it once');
});

test('a leave is done once it was written, or is known lost', async t => {
  const [g, h] = [new FakeMember('g'), new FakeMember('h')];
  const unit = setUp(g, h);
  let left = 0;
  unit.end.isStuck = true;
  void unit.link.remove(g).then(() => left++);
  unit.clock.tick();
  await microtasks();
  t.is(left, 0);
  unit.end.unstick();
  await microtasks();
  t.is(left, 1);
  const lost = unit.link.remove(h);
  unit.close();
  await lost;
  await unit.link.remove(new FakeMember('never added'));
  const early = new UnitLink();
  early.link.add(g);
  await early.link.remove(g);
  t.is(left, 1);
});

test('the next member of a name joins, and hears of the group, once the primary has read that the one before it left', t => {
  const [first, second, third] = [new FakeMember(), new FakeMember(), new FakeMember()];
  const unit = setUp(first);
  const leave = { k: 'leave', group: 'g' } as const;
  void unit.link.remove(first);
  unit.link.add(second);
  unit.link.update(second);
  t.deepEqual(unit.sent(), [leave, { k: 'heartbeat', n: 1 }]);
  unit.link.lease.startBeating();
  t.deepEqual(unit.sent(), [{ k: 'heartbeat', n: 2 }]);
  // What the primary said to the first one was under way. An acknowledgement may overtake another.
  unit.receiveFrames(news, { k: 'ack', n: 2 });
  unit.data(bundle({ term: 5 }, { kind: 30, id: 1 }));
  t.deepEqual(second.received, ['leased']);
  void unit.link.remove(second);
  unit.link.add(third);
  t.deepEqual(unit.sent(), []);
  unit.receiveFrames({ k: 'ack', n: 1 }, news);
  t.deepEqual(kinds(unit.sent()), ['join']);
  t.deepEqual(third.received, ['linked', 'update 5 vacant']);
  t.deepEqual(second.received, ['leased']);
});

test('after a goodbye the next primary hears of those that are there now, and of nobody who has left', t => {
  const [first, second, third] = [new FakeMember(), new FakeMember(), new FakeMember('other')];
  const unit = setUp(first);
  unit.link.add(third);
  void unit.link.remove(first);
  unit.link.add(second);
  unit.sent();
  unit.receiveFrames({ k: 'goodbye' });
  void unit.link.remove(third);
  t.deepEqual(kinds(unit.sent()), ['hello']);
  unit.welcome();
  t.deepEqual(unit.sent(), [second.join()]);
});

test('a member that leaves before there is a primary, or after it is lost, has nothing to say', t => {
  const [early, late] = [new FakeMember(), new FakeMember()];
  const unit = new UnitLink();
  unit.link.add(early);
  void unit.link.remove(early);
  unit.welcome();
  t.deepEqual(kinds(unit.sent()), ['hello']);
  unit.link.add(late);
  unit.end.handlers!.closed({ intended: true, holdExit() {} });
  unit.sent();
  void unit.link.remove(late);
  t.deepEqual(unit.sent(), []);
});

test('a member that was replaced by another of its name can not remove it', t => {
  const [first, second] = [new FakeMember(), new FakeMember()];
  const unit = setUp(second);
  void unit.link.remove(first);
  t.deepEqual(unit.sent(), []);
});

test('heartbeats go on from an appointment until the last term is given back, one for all terms', t => {
  const unit = setUp();
  const beats = () => unit.sent().map(frame => (frame.k === 'heartbeat' ? frame.n : frame.k));
  t.is(unit.link.lease.startBeating(), 1);
  t.deepEqual(beats(), [1]);
  unit.clock.advance(1000);
  t.deepEqual(beats(), [2, 3]);
  t.is(unit.link.lease.startBeating(), 4, 'an appointment is followed by a heartbeat at once');
  unit.clock.advance(499);
  t.deepEqual(beats(), [4]);
  unit.link.lease.stopBeating();
  unit.clock.advance(500);
  t.deepEqual(beats(), [5]);
  unit.link.lease.stopBeating();
  unit.clock.advance(5000);
  t.deepEqual(beats(), []);
  t.is(unit.clock.timers, 0);
});

test('a lease runs from when the heartbeat was sent, however late its acknowledgement comes', t => {
  const member = new FakeMember();
  const unit = setUp(member);
  const first = unit.link.lease.startBeating();
  t.false(unit.link.lease.isValid(first, 0), 'an appointment alone is no lease');
  unit.clock.advance(2000);
  unit.receiveFrames({ k: 'ack', n: first });
  t.deepEqual(member.received, ['leased']);
  t.true(unit.link.lease.isValid(first, 2999));
  t.false(unit.link.lease.isValid(first, 3000));
  unit.receiveFrames({ k: 'ack', n: first + 2 });
  t.true(unit.link.lease.isValid(first, 3999));
  t.false(unit.link.lease.isValid(first, 4000));
});

test('a lease of a fleet group is valid only while the host has its own', t => {
  const clock = new UnitClock();
  let isHeld = true;
  const lease = new Lease(
    clock,
    () => {},
    () => {},
    () => isHeld,
  );
  lease.configure({ heartbeatMs: 500, leaderTimeoutMs: 3000 });
  const first = lease.startBeating();
  lease.acknowledged(first);
  t.true(lease.isValid(first, 100));
  isHeld = false;
  t.false(lease.isValid(first, 100));
  lease.stopBeating();
});

test('an acknowledgement that is older than the last, or of no heartbeat, changes nothing', t => {
  const member = new FakeMember();
  const unit = setUp(member);
  const first = unit.link.lease.startBeating();
  unit.clock.advance(500);
  unit.receiveFrames({ k: 'ack', n: first + 1 });
  unit.receiveFrames({ k: 'ack', n: first });
  unit.receiveFrames({ k: 'ack', n: first + 1 });
  unit.receiveFrames({ k: 'ack', n: 99 });
  t.deepEqual(member.received, ['leased']);
  t.false(unit.link.lease.isValid(first, 3500));
});

test('an appointment has no lease by a heartbeat that was sent before it was read', t => {
  const unit = setUp();
  const first = unit.link.lease.startBeating();
  unit.receiveFrames({ k: 'ack', n: first });
  const second = unit.link.lease.startBeating();
  t.true(unit.link.lease.isValid(first, 100));
  t.false(unit.link.lease.isValid(second, 100));
  unit.receiveFrames({ k: 'ack', n: second });
  t.true(unit.link.lease.isValid(second, 100));
});

test('an acknowledgement that comes after the last term was given back is no lease', t => {
  const unit = setUp();
  const first = unit.link.lease.startBeating();
  unit.link.lease.stopBeating();
  unit.receiveFrames({ k: 'ack', n: first });
  t.false(unit.link.lease.isValid(first, 0));
});

test('after a goodbye the members have no primary, and the next one is greeted', t => {
  const member = new FakeMember();
  const unit = setUp(member);
  unit.receiveFrames({ k: 'goodbye' });
  t.deepEqual(member.received, ['lost ERR_PRIMARY_LOST']);
  t.false(unit.link.isLinked);
  t.is(unit.link.toError, undefined);
  t.deepEqual(kinds(unit.sent()), ['hello']);
  unit.clock.advance(25);
  t.deepEqual(kinds(unit.sent()), ['hello']);
  unit.welcome();
  t.deepEqual(kinds(unit.sent()), ['join']);
  t.deepEqual(member.received, ['lost ERR_PRIMARY_LOST', 'linked']);
});

test('a leader that hears a goodbye beats no more, whatever it still has to close', t => {
  const unit = setUp();
  unit.link.lease.startBeating();
  unit.sent();
  unit.receiveFrames({ k: 'goodbye' });
  unit.clock.advance(20);
  t.deepEqual(kinds(unit.sent()), ['hello']);
  unit.link.lease.stopBeating();
  t.is(unit.clock.timers, 1, 'the next hello');
});

test('after a goodbye the next primary hears hello once all real clients are closed, and until then that they close', async t => {
  const [g, h] = [new FakeMember('g'), new FakeMember('h')];
  const unit = setUp(g, h);
  const done: (() => void)[] = [];
  g.closing = new Promise<void>(resolve => done.push(resolve));
  unit.sent();
  unit.receiveFrames({ k: 'goodbye' });
  const said = () =>
    unit.sent().map(frame => (frame.k === 'hello' ? `hello${frame.closing ? ' closing' : ''}` : frame.k));
  unit.clock.tick();
  t.deepEqual(said(), ['hello closing']);
  unit.clock.advance(1500);
  t.deepEqual(said(), ['hello closing', 'hello closing', 'hello closing']);
  done[0]!();
  await microtasks();
  t.deepEqual(said(), ['hello']);
  unit.link.close();
  t.is(unit.clock.timers, 0);
});

test('a link that is closed while real clients are being closed says hello to nobody', async t => {
  const g = new FakeMember('g');
  const unit = setUp(g);
  let done!: () => void;
  g.closing = new Promise<void>(resolve => {
    done = resolve;
  });
  unit.receiveFrames({ k: 'goodbye' });
  unit.sent();
  unit.link.close();
  done();
  await microtasks();
  t.deepEqual(unit.sent(), []);
  t.is(unit.clock.timers, 0);
});

test('when the channel closes the members have no primary, and the exit waits for what they close', async t => {
  const [g, h] = [new FakeMember('g'), new FakeMember('h')];
  const unit = setUp(g, h);
  g.closing = Promise.reject(new Error('it does not close'));
  let held = 0;
  const waits = unit.close()!.then(() => held++);
  t.deepEqual(g.received, ['lost ERR_PRIMARY_LOST']);
  t.deepEqual(h.received, ['lost ERR_PRIMARY_LOST']);
  await waits;
  t.is(held, 1);
  t.is(unit.link.toError!('unknown').outcome, 'unknown');
  t.is(unit.clock.timers, 0);
});

test('the exit is not held where the app closed the channel', t => {
  const unit = setUp(new FakeMember());
  t.is(unit.close(true), undefined);
});

test('a member that comes after the channel closed is told so, and a late welcome changes nothing', t => {
  const unit = setUp();
  unit.close();
  const member = new FakeMember();
  unit.link.add(member);
  unit.welcome();
  t.deepEqual(member.received, ['lost ERR_PRIMARY_LOST']);
  t.false(unit.link.isLinked);
});

test('where there is no common protocol version there will be no primary, and no more hellos', t => {
  const unit = new UnitLink([7]);
  const member = new FakeMember();
  unit.link.add(member);
  unit.receiveFrames({ k: 'rejected', id: unit.link.id, versions: [1, 2] });
  t.deepEqual(member.received, ['lost ERR_PROTOCOL']);
  t.regex(unit.link.toError!().message, /supports protocol 1, 2 and this worker 7/);
  unit.sent();
  unit.clock.advance(10_000);
  t.deepEqual(unit.sent(), []);
  unit.close();
  t.is(unit.link.toError!().code, 'ERR_PROTOCOL', 'the first reason stays');
});

test('nothing is left once it is closed, and what was said before has left', t => {
  const member = new FakeMember();
  const unit = setUp(member);
  unit.link.lease.startBeating();
  unit.sent();
  void unit.link.remove(member);
  unit.link.close();
  t.deepEqual(kinds(unit.end.sent.flatMap(packet => packet.c ?? [])), ['leave', 'heartbeat']);
  t.true(unit.end.isClosed);
  t.is(unit.clock.timers, 0);
  unit.link.close();
  unit.link.sendControl({ k: 'heartbeat', n: 1 });
  t.is(unit.sent().length, 2);
  const early = new UnitLink();
  early.link.close();
  t.is(early.clock.timers, 0);
});

test('that a member has left is said when the link closes, however much of its data waits before that', async t => {
  const member = new FakeMember();
  const unit = setUp(member);
  unit.end.isStuck = true;
  const large = bundle({ term: 5 }, { kind: Kind.CANCEL, id: 1, value: 'x'.repeat(3e6) });
  for (let i = 0; i < 2; i++) unit.link.outbox.data(large);
  const removed = unit.link.remove(member, { term: 5, read: [1, 3] });
  t.deepEqual(unit.sent(), []);
  unit.link.close();
  await removed;
  const last = unit.end.sent.at(-1)!;
  t.deepEqual(kinds(last.c!), ['leave', 'heartbeat']);
  t.like(last.c![0], { term: 5, read: [1, 3] });
  t.is(last.d ?? last.s, undefined);
});

test('bytes travel as they are where the probe of the welcome arrived as bytes, and as base64 elsewhere', t => {
  for (const [probe, part] of [
    [new Uint8Array(1), Buffer.from('hi')],
    [{ 0: 0 }, { b: 'aGk=' }],
  ]) {
    const unit = new UnitLink();
    unit.welcome({ probe });
    unit.link.outbox.data({ ...bundle({ term: 1 }, { kind: 1, id: 1 }), p: [Buffer.from('hi')] });
    unit.clock.tick();
    t.deepEqual(unit.end.sent.at(-1)?.d?.[0]?.p, [part] as never);
  }
});
