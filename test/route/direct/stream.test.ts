import test from 'ava';
import type { Bundle } from '../../../lib/protocol/bundle.js';
import { Stream } from '../../../lib/route/direct/stream.js';
import { WireReader } from '../../../lib/route/direct/wire-reader.js';
import type { Connection } from '../../../lib/transport/direct.js';
import { UnitClock } from '../../helpers/clocks/unit-clock.js';

/** A connection whose other end is read by the test. */
class FakeConnection implements Connection {
  readonly wrote: string[] = [];
  hasRoom = true;
  waitingBytes = 0;
  readonly #reader = new WireReader({
    fields() {},
    ack: number => this.wrote.push(`ack ${number}`),
    final: number => this.wrote.push(`final ${number}`),
    bundle: (number, received, { x }) => this.wrote.push(`${number} after ${received}: ${x}`),
  });

  constructor() {
    this.#reader.trust();
  }

  get bytesAhead(): number {
    return this.waitingBytes;
  }

  write(parts: readonly Uint8Array[]): boolean {
    for (const part of parts) this.#reader.push(part);
    return this.hasRoom;
  }

  end(): void {}
  destroy(): void {}
  settle(): void {}

  take(): string[] {
    return this.wrote.splice(0);
  }
}

class Unit {
  readonly clock = new UnitClock();
  readonly numbers = { last: 0 };
  readonly delivered: string[] = [];
  room = 0;
  readonly stream = new Stream({
    group: 'g',
    term: 7,
    clock: this.clock,
    numbers: this.numbers,
    deliver: ({ n, x }: Bundle) => this.delivered.push(`${n}: ${x}`),
    onRoom: () => this.room++,
  });

  put(text: string): number {
    return this.stream.put(1, 1, text);
  }

  receive(number: number, text = '0'): boolean {
    return this.stream.receive(number, { h: [1, 1, text.length, 0], x: `[${text}]` });
  }
}

test('what one tick produces leaves in one bundle', t => {
  const { stream, clock, ...unit } = new Unit();
  const connection = new FakeConnection();
  stream.attach(connection, 0);
  t.is(stream.put(1, 1, '1'), 1);
  t.is(stream.put(1, 2, '2'), 1);
  t.deepEqual(connection.take(), []);
  clock.tick();
  t.deepEqual(connection.take(), ['1 after 0: [1,2]']);
  t.true(stream.isNextBundle);
  t.is(stream.put(1, 3, '3'), 2);
  t.false(stream.isNextBundle);
  clock.tick();
  t.deepEqual(connection.take(), ['2 after 0: [3]']);
  t.is(unit.numbers.last, 2);
});

test('a full bundle is followed by another in the same tick', t => {
  const unit = new Unit();
  const connection = new FakeConnection();
  unit.stream.attach(connection, 0);
  const text = `"${'x'.repeat(600_000)}"`;
  t.deepEqual([unit.put(text), unit.put(text), unit.put('1')], [1, 2, 3]);
  unit.stream.flushEarly(1);
  unit.clock.tick();
  t.is(connection.take().length, 3);
});

test('many frames leave before the end of the tick', t => {
  const unit = new Unit();
  const connection = new FakeConnection();
  unit.stream.attach(connection, 0);
  for (let i = 0; i < 32; i++) {
    unit.put('1');
    unit.stream.flushEarly(64);
  }
  t.is(connection.take().length, 1);
});

test('what waits for room or for a connection was not begun', t => {
  const unit = new Unit();
  const { stream } = unit;
  const connection = new FakeConnection();
  unit.put('1');
  unit.clock.tick();
  t.false(stream.mayHaveArrived(1));
  connection.hasRoom = false;
  stream.attach(connection, 0);
  unit.put('2');
  unit.clock.tick();
  t.deepEqual([stream.mayHaveArrived(1), stream.mayHaveArrived(2)], [true, false]);
  t.true(stream.queuedBytes > 0);
  t.deepEqual(connection.take(), ['1 after 0: [1]']);
  stream.drained();
  t.is(unit.room, 1);
  t.deepEqual(connection.take(), ['2 after 0: [2]']);
});

test('at the end all is written, room or not', t => {
  const unit = new Unit();
  const connection = new FakeConnection();
  connection.hasRoom = false;
  unit.stream.attach(connection, 0);
  unit.put('1');
  unit.clock.tick();
  unit.put('2');
  unit.stream.flush(true);
  t.is(connection.take().length, 2);
});

test('the next connection goes on after what the other end has had', t => {
  const unit = new Unit();
  const { stream } = unit;
  stream.attach(new FakeConnection(), 0);
  for (const text of ['1', '2', '3', '4']) {
    unit.put(text);
    unit.clock.tick();
  }
  stream.acked(1);
  stream.detach();
  unit.put('5');
  t.deepEqual(
    [3, 4, 5].map(n => stream.mayHaveArrived(n)),
    [true, true, false],
  );
  const next = new FakeConnection();
  next.hasRoom = false;
  stream.attach(next, 2);
  t.deepEqual(next.take(), ['3 after 0: [3]']);
  t.deepEqual(
    [3, 4].map(n => stream.mayHaveArrived(n)),
    [true, false],
  );
  stream.drained();
  stream.drained();
  t.deepEqual(next.take(), ['4 after 0: [4]', '5 after 0: [5]']);
});

test('an acknowledgement lets go of what it says, and of nothing that has not left', t => {
  const unit = new Unit();
  const { stream } = unit;
  stream.attach(new FakeConnection(), 0);
  unit.put('1');
  unit.clock.tick();
  unit.put('2');
  t.true(stream.waitingBytes > 0);
  stream.acked(9);
  unit.clock.tick();
  stream.acked(9);
  t.is(stream.waitingBytes, 0);
  stream.acked(9);
});

test('each bundle is delivered once, in order, and a gap is not bridged', t => {
  const unit = new Unit();
  unit.stream.release();
  t.true(unit.receive(5, '5'));
  t.true(unit.receive(6, '6'));
  t.true(unit.receive(6, '6'));
  t.true(unit.receive(4, '4'));
  t.false(unit.receive(8, '8'));
  t.deepEqual(unit.delivered, ['5: [5]', '6: [6]']);
  t.is(unit.stream.received, 6);
  t.is(unit.stream.delivered, 6);
});

test('what comes before all that went by the other route waits for it', t => {
  const unit = new Unit();
  unit.receive(5);
  unit.receive(6);
  t.deepEqual(unit.delivered, []);
  t.deepEqual([unit.stream.received, unit.stream.delivered], [6, 4]);
  unit.stream.release();
  unit.stream.release();
  t.deepEqual(unit.delivered, ['5: [0]', '6: [0]']);
  t.is(unit.stream.delivered, 6);
});

test('what came is acknowledged with what is written, and in time where nothing is', t => {
  const unit = new Unit();
  const connection = new FakeConnection();
  unit.stream.attach(connection, 0);
  for (let n = 1; n <= 63; n++) unit.receive(n);
  unit.put('1');
  unit.clock.tick();
  t.deepEqual(connection.take(), ['1 after 63: [1]']);
  for (let n = 64; n <= 200; n++) unit.receive(n);
  t.deepEqual(connection.take(), []);
  unit.clock.turn();
  t.deepEqual(connection.take(), ['ack 200']);
  const large = { h: [1, 1, 1, 1], x: '[0]', p: [Buffer.alloc(300_000)] };
  unit.stream.receive(201, large);
  unit.clock.turn();
  t.deepEqual(connection.take(), ['ack 201']);
  unit.stream.receive(202, large);
  unit.put('2');
  unit.clock.tick();
  unit.clock.turn();
  t.deepEqual(connection.take(), ['2 after 202: [2]']);
  unit.stream.receive(203, large);
  unit.stream.detach();
  unit.clock.turn();
  t.deepEqual(connection.take(), []);
});

test('what the other end will not get is handed out', t => {
  const unit = new Unit();
  unit.stream.attach(new FakeConnection(), 0);
  for (const text of ['1', '2', '3']) {
    unit.put(text);
    unit.clock.tick();
  }
  unit.put('4');
  const rest = unit.stream.takeRest(2);
  t.deepEqual(
    rest.map(bundle => [bundle.number, bundle.seal().x]),
    [
      [3, '[3]'],
      [4, '[4]'],
    ],
  );
  t.is(unit.stream.waitingBytes, 0);
  unit.clock.tick();
});

test('once the other end takes no more, its word counts', t => {
  const unit = new Unit();
  unit.stream.attach(new FakeConnection(), 0);
  for (const text of ['1', '2']) {
    unit.put(text);
    unit.clock.tick();
  }
  unit.stream.final = 1;
  t.deepEqual(
    [1, 2].map(n => unit.stream.mayHaveArrived(n)),
    [true, false],
  );
});

test('a first bundle that is not the first is noticed, where it is known which one that is', t => {
  const unit = new Unit();
  t.true(unit.receive(5));
  t.true(unit.stream.expect(5));
  t.false(unit.receive(7));
  t.false(unit.stream.expect(4));
  t.is(unit.stream.received, 0);
  t.false(unit.receive(5));
  t.true(unit.receive(4));
  const other = new Unit();
  t.true(other.stream.expect(3));
  t.false(other.receive(4));
  t.true(other.receive(3));
});
