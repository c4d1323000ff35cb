import test from 'ava';
import { type Bundle, EXT, Kind } from '../../lib/protocol/bundle.js';
import { BundleBuilder, bytesOf, OVERHEAD_BYTES, WRITE_BYTES } from '../../lib/protocol/frames.js';
import { type ControlFrame, MARKER, type Packet } from '../../lib/protocol/messages.js';
import { Outbox, type OutboxOptions, WINDOW_BYTES } from '../../lib/protocol/outbox.js';
import { unpack } from '../../lib/protocol/pack-parts.js';
import { SLICE_BYTES, SliceReader } from '../../lib/protocol/slices.js';
import { UnitClock } from '../helpers/clocks/unit-clock.js';
import { bundlesOf, frameWords } from '../helpers/unit/frames.js';
import { forSeeds } from '../helpers/unit/random.js';

class UnitOutbox {
  readonly clock = new UnitClock();
  readonly packets: Packet[] = [];
  readonly unwritten: (() => void)[] = [];
  rooms = 0;
  readonly outbox: Outbox;

  constructor(carriesBytes = true, isByReference?: true, createSlices?: OutboxOptions['createSlices']) {
    this.outbox = new Outbox({
      clock: this.clock,
      version: 1,
      link: 7,
      direction: 'up',
      carriesBytes,
      isByReference,
      ...(createSlices && { createSlices }),
      send: (packet, written) => {
        this.packets.push(packet);
        this.unwritten.push(written);
      },
      onRoom: () => this.rooms++,
    });
  }

  /** What has left since this was last asked, packet by packet, in words. */
  left(): string[] {
    return this.packets
      .splice(0)
      .map(packet => [...(packet.c ?? []).map(controlWords), ...bundlesOf(packet).map(dataWords)].join(' '));
  }

  /** All that was handed over is written. */
  written(): void {
    for (const written of this.unwritten.splice(0)) written();
  }
}

const ack = (n: number): ControlFrame => ({ k: 'ack', n });
const controlWords = (frame: ControlFrame) => (frame.k === 'ack' ? `c${frame.n}` : frame.k);
const dataWords = ({ h }: Bundle) => `d${h[1]}`;

/** A bundle that weighs so much, if it can. */
function data(id: number, bytes = 1): Bundle {
  const x = textOf(bytes);
  return { g: 'g', t: 5, h: [Kind.VALUE, id, x.length - 2, 0], x };
}

const texts = new Map<number, string>();

/** Made once of each weight, for the large ones cost more than all that they test. */
function textOf(bytes: number): string {
  const made =
    texts.get(bytes) ??
    JSON.stringify(['x'.repeat(Math.max(1, bytes - bytesOf({ g: 'g', t: 5, h: [0, 0, 0, 0], x: '[""]' })))]);
  texts.set(bytes, made);
  return made;
}

test('what a tick puts leaves at its end in one packet, control first', t => {
  const unit = new UnitOutbox();
  unit.outbox.data(data(1));
  unit.outbox.control(ack(1));
  unit.outbox.data(data(2));
  unit.outbox.control(ack(2));
  t.deepEqual(unit.left(), []);
  unit.clock.tick();
  t.deepEqual(unit.packets, [{ [MARKER]: 1, link: 7, up: 1, c: [ack(1), ack(2)], d: [data(1), data(2)] }]);
});

test('a packet has no list that is empty', t => {
  const unit = new UnitOutbox();
  unit.outbox.control(ack(1));
  unit.clock.tick();
  unit.outbox.data(data(1));
  unit.clock.tick();
  t.deepEqual(unit.packets, [
    { [MARKER]: 1, link: 7, up: 1, c: [ack(1)] },
    { [MARKER]: 1, link: 7, up: 2, d: [data(1)] },
  ]);
});

test('frames join an open bundle until it leaves', t => {
  const unit = new UnitOutbox();
  const open = new BundleBuilder('g', 5);
  unit.outbox.open(open);
  open.add(Kind.CALL, 1, '0');
  t.is(unit.outbox.waitingBytes, open.bytes);
  t.is(unit.outbox.queuedBytes, 0);
  open.add(Kind.CALL, 2, '0');
  unit.clock.tick();
  t.deepEqual(bundlesOf(unit.packets[0]!)[0]!.h, [Kind.CALL, 1, 1, 0, Kind.CALL, 2, 1, 0]);
  t.true(open.isFull);
  t.is(unit.outbox.waitingBytes, 0);
});

test('what waits can leave before the end of the tick', t => {
  const unit = new UnitOutbox();
  unit.outbox.data(data(1));
  unit.outbox.flush();
  t.deepEqual(unit.left(), ['d1']);
  unit.clock.tick();
  t.deepEqual(unit.left(), []);
});

test('data leaves before the end of the tick once it is enough for a write', t => {
  const unit = new UnitOutbox();
  unit.outbox.data(data(1, WRITE_BYTES / 2));
  t.deepEqual(unit.left(), []);
  unit.outbox.data(data(2, WRITE_BYTES / 2));
  t.deepEqual(unit.left(), ['d1 d2']);
  unit.outbox.data(data(3, WRITE_BYTES / 2));
  t.deepEqual(unit.left(), []);
});

test('a packet holds no more than a write should', t => {
  const unit = new UnitOutbox();
  for (let id = 1; id <= 4; id++) {
    const open = new BundleBuilder('g', 5);
    open.add(Kind.CALL, id, `"${'x'.repeat(WRITE_BYTES / 3)}"`);
    unit.outbox.open(open);
  }
  unit.clock.tick();
  t.deepEqual(unit.left(), ['d1 d2', 'd3 d4']);
});

test('the memory of a block is used again, but not before it was written', t => {
  const unit = new UnitOutbox();
  const write = (letter: string) => {
    const open = new BundleBuilder('g', 5);
    open.add(Kind.CALL, 1, '[1]', [letter.repeat(100_000)]);
    unit.outbox.open(open);
    unit.clock.tick();
    return bundlesOf(unit.packets.at(-1)!)[0]!;
  };
  const [a, b] = [write('a'), write('b')];
  t.not(a.q!.buffer, b.q!.buffer);
  t.deepEqual(unpack(a), ['a'.repeat(100_000)]);
  unit.unwritten.shift()!();
  t.is(write('c').q!.buffer, a.q!.buffer);
  t.deepEqual(unpack(b), ['b'.repeat(100_000)]);
  // What came with a block keeps it: who made that may pass it on to others too.
  unit.written();
  unit.outbox.data(b);
  unit.clock.tick();
  unit.written();
  const kept = [write('d'), write('e')].map(({ q }) => q!.buffer);
  t.is(new Set(kept).size, 2);
});

test('what arrives as it is, is neither packed nor used again', t => {
  const unit = new UnitOutbox(true, true);
  const open = new BundleBuilder('g', 5);
  const parts = ['a'.repeat(100_000), Buffer.from('b')];
  open.add(Kind.CALL, 1, '[1]', parts);
  unit.outbox.open(open);
  unit.clock.tick();
  const [bundle] = unit.packets[0]!.d!;
  t.deepEqual(bundle!.p, parts);
  t.is(bundle!.q, undefined);
});

test('no more data than a window is on its way, and the rest follows what was written', t => {
  const unit = new UnitOutbox();
  for (let id = 1; id <= 5; id++) unit.outbox.data(data(id, WINDOW_BYTES / 2));
  unit.clock.tick();
  t.deepEqual(unit.left(), ['d1', 'd2']);
  t.true(unit.outbox.queuedBytes > WINDOW_BYTES);
  unit.clock.tick();
  t.deepEqual(unit.left(), []);
  unit.unwritten.shift()!();
  t.deepEqual(unit.left(), ['d3']);
  t.is(unit.rooms, 1);
  unit.written();
  t.deepEqual(unit.left(), ['d4', 'd5']);
  unit.written();
  t.is(unit.outbox.queuedBytes, 0);
  t.is(unit.rooms, 5);
});

for (const carriesBytes of [true, false]) {
  test(`what is larger than the window leaves in slices, which control overtakes and data does not (${carriesBytes ? 'bytes' : 'JSON'})`, t => {
    const unit = new UnitOutbox(carriesBytes);
    const large = data(1, 3 * WINDOW_BYTES + 1000);
    unit.outbox.data(data(0));
    unit.outbox.data(large);
    unit.outbox.data(data(2));
    const reader = new SliceReader();
    const words = () =>
      unit.packets.splice(0).map(packet => {
        const { c = [], s } = packet;
        const whole = s && reader.add(s);
        if (whole) t.deepEqual(whole, large);
        t.true(!s || s.piece.length <= Math.ceil((SLICE_BYTES * (carriesBytes ? 3 : 4)) / 3 + 3));
        return [
          ...c.map(controlWords),
          ...bundlesOf(packet).map(dataWords),
          ...(s ? [whole ? 'last' : 'slice'] : []),
        ].join(' ');
      });
    unit.clock.tick();
    t.deepEqual(words(), ['d0', 'slice', 'slice']);
    t.true(unit.outbox.queuedBytes >= 2 * WINDOW_BYTES);
    t.true(unit.outbox.waitingBytes >= unit.outbox.queuedBytes);
    unit.outbox.control(ack(1));
    unit.clock.tick();
    t.deepEqual(words(), ['c1'], 'the window is full');
    unit.outbox.control(ack(2));
    unit.clock.tick();
    t.deepEqual(words(), ['c2']);
    for (const written of unit.unwritten.splice(0, 2)) written();
    t.deepEqual(words(), ['slice']);
    const taken = unit.outbox.takeBack(({ h }) => h[1] === 1);
    t.deepEqual(taken, [], 'it has begun to leave');
    unit.written();
    t.deepEqual(words(), ['slice', 'slice']);
    unit.written();
    t.deepEqual(words(), ['slice', 'last', 'd2']);
    t.is(unit.outbox.queuedBytes, 0);
  });
}

test('what is cut is let go of when the channel closes', t => {
  const unit = new UnitOutbox();
  unit.outbox.data(data(1, 3 * WINDOW_BYTES));
  unit.clock.tick();
  unit.outbox.close();
  unit.written();
  t.is(unit.packets.length, 2);
  t.is(unit.outbox.queuedBytes, 0);
});

test('control overtakes the data that waits', t => {
  const unit = new UnitOutbox();
  unit.outbox.data(data(1, WINDOW_BYTES));
  unit.outbox.data(data(2));
  unit.clock.tick();
  unit.outbox.control(ack(1));
  unit.clock.tick();
  t.deepEqual(unit.left(), ['d1', 'c1']);
  unit.written();
  t.deepEqual(unit.left(), ['d2']);
});

test('control that was written makes no room', t => {
  const unit = new UnitOutbox();
  unit.outbox.control(ack(1));
  unit.clock.tick();
  unit.written();
  t.is(unit.rooms, 0);
});

test('control in order leaves after all data before it, and before all data after it', t => {
  const unit = new UnitOutbox();
  unit.outbox.data(data(1));
  unit.outbox.controlInOrder(ack(1));
  unit.outbox.controlInOrder(ack(2));
  unit.outbox.data(data(2));
  unit.outbox.control(ack(3));
  unit.clock.tick();
  t.deepEqual(unit.left(), ['c3 d1', 'c1 c2 d2']);
});

test('control in order waits for the window with the data before it', t => {
  const unit = new UnitOutbox();
  unit.outbox.data(data(1, WINDOW_BYTES));
  unit.outbox.controlInOrder(ack(1));
  unit.clock.tick();
  t.deepEqual(unit.left(), ['d1']);
  unit.written();
  t.deepEqual(unit.left(), ['c1']);
});

test('control in order without data before it leaves with the rest', t => {
  const unit = new UnitOutbox();
  unit.outbox.controlInOrder(ack(1));
  unit.outbox.control(ack(2));
  unit.clock.tick();
  t.deepEqual(unit.left(), ['c2 c1']);
});

test('whoever wants to know hears once when control in order was written, or is known lost', t => {
  const unit = new UnitOutbox();
  const received: string[] = [];
  unit.outbox.controlInOrder(ack(1), () => received.push('first'));
  unit.outbox.controlInOrder(ack(2), () => received.push('second'));
  unit.clock.tick();
  t.deepEqual(received, []);
  unit.written();
  t.deepEqual(received, ['first', 'second']);
  unit.outbox.controlInOrder(ack(3), () => received.push('third'));
  unit.outbox.controlInOrder(ack(4));
  unit.outbox.close();
  unit.outbox.controlInOrder(ack(5), () => received.push('fourth'));
  unit.outbox.controlInOrder(ack(6));
  t.deepEqual(received, ['first', 'second', 'third', 'fourth']);
  unit.clock.tick();
  t.is(unit.left().length, 1);
});

test('what waits can be taken back, and the rest keeps its order', t => {
  const unit = new UnitOutbox();
  unit.outbox.data(data(1, WINDOW_BYTES));
  unit.clock.tick();
  for (let id = 2; id <= 5; id++) unit.outbox.data({ ...data(id), t: id });
  unit.outbox.controlInOrder(ack(1));
  const open = new BundleBuilder('g', 5);
  open.add(Kind.CALL, 6, '0');
  unit.outbox.open(open);
  const taken = unit.outbox.takeBack(({ t: term }) => term % 2 === 0);
  t.deepEqual(taken.map(dataWords), ['d2', 'd4']);
  t.deepEqual(
    unit.outbox.takeBack(() => false),
    [],
  );
  unit.written();
  t.deepEqual(unit.left(), ['d1', 'd3 d5', 'c1 d6']);
  t.is(unit.outbox.queuedBytes, 0);
});

test('what has left already is not taken back', t => {
  const unit = new UnitOutbox();
  for (let id = 1; id <= 3; id++) {
    const open = new BundleBuilder('g', 5);
    open.add(Kind.CALL, id, `"${'x'.repeat(WINDOW_BYTES / 2)}"`);
    unit.outbox.open(open);
  }
  unit.outbox.data(data(4));
  unit.clock.tick();
  t.deepEqual(unit.left(), ['d1', 'd2']);
  t.deepEqual(unit.outbox.takeBack(() => true).map(dataWords), ['d4']);
  unit.written();
  t.deepEqual(unit.left(), ['d3']);
  t.is(unit.outbox.queuedBytes, 0);
  t.is(unit.outbox.waitingBytes, 0);
});

test('bytes that wait are counted, and what is open only where all counts', t => {
  const unit = new UnitOutbox();
  unit.outbox.data(data(1), 100);
  unit.outbox.data(data(2), 50);
  unit.outbox.open(new BundleBuilder('g', 5));
  t.is(unit.outbox.queuedBytes, 150);
  t.is(unit.outbox.waitingBytes, 150 + OVERHEAD_BYTES);
  unit.outbox.takeBack(({ h }) => h[1] === 1);
  t.is(unit.outbox.queuedBytes, 50);
});

test('nothing leaves or waits once it is closed', t => {
  const unit = new UnitOutbox();
  unit.outbox.data(data(1, WINDOW_BYTES));
  unit.outbox.data(data(2));
  unit.clock.tick();
  unit.left();
  unit.outbox.control(ack(1));
  unit.outbox.close();
  unit.outbox.control(ack(2));
  unit.outbox.data(data(3));
  unit.outbox.open(new BundleBuilder('g', 5));
  unit.outbox.flush();
  unit.clock.tick();
  unit.written();
  t.deepEqual(unit.left(), []);
  t.is(unit.rooms, 0);
  t.is(unit.outbox.queuedBytes, 0);
  t.is(unit.outbox.waitingBytes, 0);
});

test('bytes are base64 on a channel that carries JSON, and as they are elsewhere', t => {
  for (const [carriesBytes, part] of [
    [true, Buffer.from('hi')],
    [false, { b: 'aGk=' }],
  ] as const) {
    const unit = new UnitOutbox(carriesBytes);
    unit.outbox.data({ ...data(1), h: [Kind.VALUE, 1, 3, 1], p: [Buffer.from('hi')] });
    unit.clock.tick();
    t.deepEqual(unit.packets[0]!.d![0]!.p, [part]);
  }
});

test('an outbox that nobody asks for room works all the same', t => {
  const clock = new UnitClock();
  let packets = 0;
  const send = (_packet: Packet, written: () => void) => {
    packets++;
    clock.defer(written);
  };
  const outbox = new Outbox({ clock, version: 1, link: 7, direction: 'up', carriesBytes: true, send });
  for (let id = 1; id <= 3; id++) outbox.data(data(id, WINDOW_BYTES));
  clock.tick();
  t.is(packets, 3);
});

test('a long queue is let go of as it leaves, and nothing is lost or said twice', t => {
  const unit = new UnitOutbox();
  unit.outbox.data(data(0, WINDOW_BYTES));
  unit.clock.tick();
  for (let id = 1; id <= 5000; id++) unit.outbox.data(data(id, 300));
  const left: string[] = [];
  while (unit.packets.length > 0) {
    left.push(...unit.left().flatMap(words => words.split(' ')));
    unit.written();
  }
  t.deepEqual(
    left,
    Array.from({ length: 5001 }, (_, id) => `d${id}`),
  );
});

test('whatever is put and however slowly it is written, data keeps its order, and control in order its place in it', t => {
  forSeeds(100, (random, log) => {
    const unit = new UnitOutbox();
    const put: string[] = [];
    const left: string[] = [];
    const reader = new SliceReader();
    const look = () => {
      for (const packet of unit.packets.splice(0)) {
        const whole = packet.s && (reader.add(packet.s) as Bundle | undefined);
        // Within a packet control is read first.
        left.push(
          ...(packet.c ?? []).filter(frame => frame.k === 'ack').map(controlWords),
          ...bundlesOf(packet).map(dataWords),
          ...(whole ? [dataWords(whole)] : []),
        );
      }
    };
    for (let i = 1; i <= 60; i++) {
      const step = random.pick(['data', 'data', 'order', 'control', 'tick', 'written', 'one'] as const);
      log.push(step);
      if (step === 'data') unit.outbox.data(data(i, random.pick([1, WRITE_BYTES / 2, WINDOW_BYTES, WINDOW_BYTES + 1])));
      if (step === 'order') unit.outbox.controlInOrder(ack(i));
      if (step === 'control') unit.outbox.control({ k: 'goodbye' });
      if (step === 'tick') unit.clock.tick();
      if (step === 'written') unit.written();
      if (step === 'one') unit.unwritten.shift()?.();
      if (step === 'data') put.push(`d${i}`);
      if (step === 'order') put.push(`c${i}`);
      look();
    }
    unit.clock.tick();
    for (look(); unit.unwritten.length > 0; look()) unit.written();
    if (left.join() !== put.join()) throw new Error(`${left} instead of ${put}`);
    if (unit.outbox.queuedBytes !== 0) throw new Error(`${unit.outbox.queuedBytes} bytes wait`);
  });
  t.pass();
});

test('the head of many frames is bytes on a channel that carries them, and is read as it was', t => {
  for (const carriesBytes of [true, false]) {
    const unit = new UnitOutbox(carriesBytes);
    const open = new BundleBuilder('g', 5);
    for (let id = 1; id <= 100; id++) open.add(Kind.CALL, id, '0');
    unit.outbox.open(open);
    unit.clock.tick();
    const packet = unit.packets[0]!;
    t.is(packet.d![0]!.h instanceof Uint8Array, carriesBytes);
    t.deepEqual(bundlesOf(packet), [open.seal()]);
  }
});

test('a bundle that can not be encoded kills nobody: each large frame of it ends by itself, the small ones arrive', t => {
  const large = JSON.stringify('x'.repeat(WINDOW_BYTES));
  const unit = new UnitOutbox(true, undefined, () => {
    throw new RangeError('Array buffer allocation failed');
  });
  const answers = new BundleBuilder('g', 5, [2]);
  answers.add(Kind.SUBSCRIBED, 1, '7');
  answers.add(Kind.RESULT | EXT, 2, large);
  answers.add(Kind.ERROR, 3, '[8]', ['x'.repeat(1000)]);
  answers.add(Kind.VALUE, 4, large);
  answers.add(Kind.EVENT, 5, large);
  answers.add(Kind.REPLAY, 6, large);
  answers.add(Kind.VALUE_ONE, 7, large);
  answers.add(Kind.RESULT, 8, '"small"');
  const calls = new BundleBuilder('g', 5, undefined, 9);
  calls.add(Kind.CALL | EXT, 1, large, undefined, { method: 'get', deadline: 7 });
  calls.add(Kind.SUBSCRIBE | EXT, 2, large);
  unit.outbox.open(answers);
  unit.outbox.open(calls);
  const event = new BundleBuilder('g', 5, '*', undefined, [3]);
  event.add(Kind.EVENT, 9, large);
  unit.outbox.open(event);
  unit.outbox.data(data(10, 2 * WINDOW_BYTES));
  unit.outbox.data({ g: 'g', t: 5, h: [Kind.RESULT, 11, 3, 0, Kind.RESULT, 12, large.length, 0], x: `["a",${large}]` });
  unit.outbox.data(data(13));
  unit.clock.tick();
  unit.written();
  const reader = new SliceReader();
  const came: Bundle[] = [];
  for (const { d = [], s } of unit.packets) came.push(...((s ? [reader.add(s)] : d) as Bundle[]));
  const [first, second, third, ...others] = came;
  t.deepEqual(frameWords([first!]), [
    'SUBSCRIBED 1 7',
    'OVERLOADED 2 2',
    'OVERLOADED 3 2',
    'GAP 4 0',
    'GAP 0 0',
    'GAP 0 0',
    'GAP 0 0',
    'RESULT 8 "small"',
  ]);
  t.deepEqual(first!.to, [2]);
  t.deepEqual(frameWords([second!]), ['CALL 1 ["get",7,0]', 'SUBSCRIBE 2 0']);
  t.is(second!.n, 9);
  t.like(third, { to: '*', but: [3] });
  t.deepEqual(frameWords(others).slice(0, 3), ['GAP 10 0', 'RESULT 11 "a"', 'OVERLOADED 12 2']);
  t.is(unit.outbox.queuedBytes, 0);
  t.is(others.length, 3);
});

test('very many control frames of one tick are several messages', t => {
  const unit = new UnitOutbox();
  for (let n = 1; n <= 2500; n++) unit.outbox.control(ack(n));
  unit.outbox.data(data(1));
  unit.clock.tick();
  t.deepEqual(
    unit.packets.map(({ c = [], d = [] }) => [c.length, d.length]),
    [
      [1000, 0],
      [1000, 0],
      [500, 1],
    ],
  );
});
