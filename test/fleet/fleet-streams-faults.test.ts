// What can happen to streams between hosts: lost and repeated messages, interruptions.

import test from 'ava';
import type { Fate } from '../helpers/fleet/memory-messages.js';
import { StreamWorld } from '../helpers/fleet/streams.js';
import { forSeeds } from '../helpers/unit/random.js';

const KIB = 1024;
const INTERRUPTED = 'the connection to the engine is interrupted';
const WAS_INTERRUPTED = 'the connection to the engine was interrupted';
const MISSING = 'a message was lost or repeated';

/** Both ends of a connection, where that happens to the next message that is sent. */
function openWithFate(fate: Fate) {
  const world = new StreamWorld();
  const opened = world.open();
  const next = world.hub.sent.length + 1;
  world.hub.fate = (_message, count) => (count === next ? fate : undefined);
  return { world, ...opened };
}

for (const [fate, arrived] of [
  ['lost', ''],
  ['twice', 'a'],
  ['later', ''],
] as const) {
  test(`a message comes ${fate}: nothing is delivered twice or with a gap, and both ends close`, t => {
    const { world, near, far } = openWithFate(fate);
    for (const text of ['a', 'b', 'c']) near.write(text);
    world.clock.turn();
    t.is(far.text, arrived);
    t.deepEqual([near.closes, far.closes], [[MISSING], [MISSING]]);
  });

  test(`the end comes ${fate}`, t => {
    const { world, near, far } = openWithFate(fate);
    near.connection.end(() => {});
    far.write('answer');
    world.clock.turn();
    t.is(near.text, 'answer');
    // What is lost is noticed with the next message: a grant here.
    t.deepEqual(far.closes, fate === 'lost' ? [] : ['']);
    if (fate !== 'lost') return;
    far.write(Buffer.alloc(256 * KIB));
    world.clock.turn();
    t.deepEqual([near.closes, far.closes], [[MISSING], [MISSING]]);
  });
}

test('a grant is lost: it is noticed with the next message', t => {
  const { world, near, far } = openWithFate(undefined);
  const next = world.hub.sent.length;
  // Four pieces use all of the window; the first grant is the fifth message.
  world.hub.fate = (_message, count) => (count === next + 5 ? 'lost' : undefined);
  near.write(Buffer.alloc(256 * KIB));
  world.clock.turn();
  far.write('next');
  world.clock.turn();
  t.deepEqual([near.closes, far.closes], [[MISSING], [MISSING]]);
});

test('the first message is lost: the next one is refused', t => {
  const world = new StreamWorld();
  const { here, there, address } = world.pair();
  world.hub.fate = (_message, count) => (count === 1 ? 'lost' : undefined);
  const near = here.connect(address);
  near.write('a');
  world.clock.turn();
  t.deepEqual(near.closes, ['there is no such connection']);
  t.is(there.accepted.length, 0);
});

test('the first message comes twice', t => {
  const world = new StreamWorld();
  const { here, there, address } = world.pair();
  world.hub.fate = (_message, count) => (count === 1 ? 'twice' : undefined);
  const near = here.connect(address);
  world.clock.turn();
  t.deepEqual([near.closes, there.accepted[0]!.closes], [['it was opened twice'], ['it was opened twice']]);
});

test('the process of the peer is gone: who sends learns it at once', t => {
  const world = new StreamWorld();
  const { there, near, far } = world.open();
  there.end.cut();
  near.write('a');
  near.write('b');
  world.clock.turn();
  t.deepEqual(near.closes, ['nobody receives at the other end: the process is gone or not connected']);
  t.deepEqual(far.closes, []);
});

test('an interruption closes all connections, later, and the peers learn it after it', t => {
  const world = new StreamWorld();
  const { here, there, address, near, far } = world.open();
  const done: string[] = [];
  const busy = here.connect(address);
  busy.write(Buffer.alloc(KIB * KIB));
  busy.connection.end(() => void done.push('ended'));
  busy.connection.settle(() => void done.push('settled'));
  const other = here.connect(address);
  other.connection.end(() => void done.push('other ended'));
  here.end.flush = () => {};
  const silent = here.connect(address);
  silent.connection.destroy();
  here.end.cut();
  here.streams.down();
  here.streams.down();
  t.deepEqual([near.closes, busy.closes], [[], []]);
  t.is(busy.connection.waitingBytes, 0);
  t.true(busy.write('nothing can be sent'));
  world.clock.turn();
  const closes = [near, busy, other, silent].map(end => end.closes);
  t.deepEqual(closes, [[INTERRUPTED], [INTERRUPTED], [INTERRUPTED], []]);
  t.deepEqual(done.sort(), ['ended', 'other ended', 'settled']);
  t.deepEqual(far.closes, []);

  here.end.restore();
  here.up();
  world.clock.turn();
  t.deepEqual(far.closes, [WAS_INTERRUPTED]);
  const again = here.connect(address);
  again.write('again');
  world.clock.turn();
  t.is(there.accepted.at(-1)!.text, 'again');
});

test('another connection to the engine, without a word about the old one, is an interruption too', t => {
  const world = new StreamWorld();
  const { here, near, far } = world.open();
  here.streams.up(world.hub.connect());
  world.clock.turn();
  t.deepEqual([near.closes, far.closes], [[INTERRUPTED], [WAS_INTERRUPTED]]);
});

test('an interruption while the engine still has to answer', t => {
  const world = new StreamWorld();
  const { here, near } = world.open();
  const done: string[] = [];
  const flushes: (() => void)[] = [];
  here.end.flush = flushed => void flushes.push(flushed);
  near.connection.end(() => void done.push('ended'));
  near.connection.settle(() => void done.push('settled'));
  here.streams.down();
  t.deepEqual(done, []);
  world.clock.turn();
  t.deepEqual(done.sort(), ['ended', 'settled']);
  for (const flushed of flushes) flushed();
  world.clock.turn();
  t.is(done.length, 2);
});

test('an engine that answers at once is not synchronous for others', t => {
  const world = new StreamWorld();
  const { here, near } = world.open();
  here.end.flush = flushed => flushed();
  let done = 0;
  near.connection.end(() => void done++);
  near.connection.settle(() => void done++);
  t.is(done, 0);
  world.clock.turn();
  t.is(done, 2);
});

test('the connections of one member that connected are closed', t => {
  const world = new StreamWorld();
  const { here, there, address, near, far } = world.open();
  const third = world.start('third');
  third.listen();
  world.clock.turn();
  const other = third.connect(address);
  const back = there.connect(third.addresses[0]!);
  world.clock.turn();
  there.streams.drop(here.self.member);
  there.streams.drop(there.self.member);
  here.streams.drop(there.self.member);
  t.deepEqual(far.closes, []);
  world.clock.turn();
  t.deepEqual([far.closes, near.closes], [[''], ['the member is no longer known']]);
  t.deepEqual([other.closes, back.closes], [[], []]);
});

test('a connection that is closed while it is accepted', t => {
  const world = new StreamWorld();
  const { here, there, address } = world.pair();
  there.onAccept = ({ connection }) => connection.destroy();
  const destroyed = here.connect(address);
  world.clock.turn();
  there.onAccept = () => there.streams.drop(here.self.member);
  const dropped = here.connect(address);
  world.clock.turn();
  t.deepEqual([destroyed.closes, dropped.closes].flat().length, 2);
  t.deepEqual(
    there.accepted.map(({ closes }) => closes),
    [[], ['']],
  );
});

test('after close() nothing is reported, what waits is called, and peers know it', t => {
  const world = new StreamWorld();
  const { here, there, address, near, far } = world.open();
  const done: string[] = [];
  const left = here.connect(address);
  near.write(Buffer.alloc(KIB * KIB));
  near.connection.end(() => void done.push('ended'));
  near.connection.settle(() => void done.push('settled'));
  left.connection.end(() => void done.push('left ended'));
  here.listen();
  const [place] = here.end.places;
  const received = here.end.received(place!);
  const tooLate = there.connect(`${place}.x`);
  const { content } = world.hub.sent.at(-1)!;
  here.streams.close();
  here.streams.close();
  const late = here.connect(address);
  received(`${place}.x`, content);
  world.clock.turn();
  t.deepEqual([near.closes, left.closes, late.closes, here.addresses], [[], [], [], []]);
  t.deepEqual(done.sort(), ['ended', 'left ended', 'settled']);
  t.deepEqual(far.closes, ['the other end has closed the connection']);
  t.is(tooLate.closes.length, 1);
  late.connection.end(() => void done.push('late'));
  late.connection.destroy();
  here.streams.down();
  here.streams.drop(there.self.member);
  world.clock.turn();
  t.is(done.length, 4);
  t.is(world.clock.timers, 0);
});

test('what is reported of a connection that closes together with everything', t => {
  const world = new StreamWorld();
  const { here, near } = world.open();
  here.streams.down();
  here.streams.close();
  world.clock.turn();
  t.deepEqual(near.closes, []);
});

test('whatever is lost, repeated or late, what arrives is a prefix of what was written', t => {
  forSeeds(200, (random, log) => {
    const world = new StreamWorld({ maxBytes: 200 });
    const { near, far } = world.open();
    world.hub.fate = (_message, count) => {
      const fate = random.chance(0.02) ? random.pick(['lost', 'twice', 'later'] as const) : undefined;
      if (fate) log.push(`${count} ${fate}`);
      return fate;
    };
    const bytes = { near: Buffer.alloc(0), far: Buffer.alloc(0) };
    for (let i = 0; i < 40; i++) {
      const [name, end] = random.pick([['near', near] as const, ['far', far] as const]);
      const part = Buffer.from(Array.from({ length: random.below(400) }, () => random.below(256)));
      bytes[name] = Buffer.concat([bytes[name], part]);
      end.write(part);
      if (random.chance(0.3)) world.clock.turn();
    }
    world.clock.turn();
    for (const [sent, end] of [[bytes.near, far] as const, [bytes.far, near] as const])
      if (!end.bytes.equals(sent.subarray(0, end.bytes.length))) throw new Error('not a prefix');
  });
  t.pass();
});

test('who decides who may connect may end everything', t => {
  for (const end of ['down', 'close'] as const) {
    const world = new StreamWorld();
    const { here, there, address } = world.pair();
    there.mayConnect = () => {
      there.streams[end]();
      return true;
    };
    const near = here.connect(address);
    near.write('a');
    world.clock.turn();
    t.is(there.accepted.length, 0);
    t.is(near.closes.length, 1);
  }
});

test('of an end that was full, an interruption reports no room', t => {
  const world = new StreamWorld();
  const { here, near, far } = world.open();
  near.onData = () => here.streams.down();
  t.false(near.write(Buffer.alloc(KIB * KIB)));
  far.write('a');
  world.clock.turn();
  t.deepEqual([near.text, near.drains, near.closes], ['a', 0, [INTERRUPTED]]);
});
