// Many channels on one connection, over a pipe that the test fills and empties.

import test from 'ava';
import type { SharedClientError } from '../../../lib/errors/shared-client-error.js';
import { encodeHeader, FrameKind, HEADER_BYTES } from '../../../lib/route/direct/channel-frames.js';
import { shareConnections } from '../../../lib/route/direct/shared-transport.js';
import type {
  Connection,
  ConnectionHandlers,
  DirectTransport,
  ListenerHandlers,
} from '../../../lib/transport/direct.js';
import { UnitClock } from '../../helpers/clocks/unit-clock.js';
import { written } from '../../helpers/unit/written-bytes.js';

/** One end of a pipe. What it writes lies there until the test moves it. */
class PipeEnd implements Connection {
  handlers!: ConnectionHandlers;
  peer!: PipeEnd;
  room = Number.POSITIVE_INFINITY;
  written: { readonly bytes: Buffer; readonly done: () => void }[] = [];
  writes = 0;
  isDestroyed = false;
  settling: (() => void)[] = [];

  get waitingBytes(): number {
    return this.written.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  get bytesAhead(): number {
    return this.waitingBytes;
  }

  write(parts: readonly Uint8Array[], done = () => {}): boolean {
    this.writes++;
    this.written.push({ bytes: Buffer.concat(parts), done });
    return this.waitingBytes <= this.room;
  }

  end(): void {
    throw new Error('a shared connection is never ended');
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  settle(done: () => void): void {
    this.settling.push(done);
  }

  /** Moves what was written to the other end, in pieces of this size. */
  move(size = Number.POSITIVE_INFINITY): void {
    const all = this.written.splice(0);
    const bytes = Buffer.concat(all.map(({ bytes }) => bytes));
    for (let at = 0; at < bytes.length && !this.peer.isDestroyed; at += size)
      this.peer.handlers.data(bytes.subarray(at, Math.min(bytes.length, at + size)));
    for (const { done } of all) done();
    if (bytes.length > this.room) this.handlers.drained();
  }
}

/** A process: its transport, and what listens there. */
class Place implements DirectTransport {
  readonly clock = new UnitClock();
  readonly made: PipeEnd[] = [];
  readonly accepted: PipeEnd[] = [];
  readonly removed: string[] = [];
  listener: ListenerHandlers | undefined;
  listeners = 0;

  listen(handlers: ListenerHandlers) {
    this.listener = handlers;
    this.listeners++;
    return { close: () => void this.listeners-- };
  }

  connect(_address: string, handlers: ConnectionHandlers): PipeEnd {
    const [here, there] = [new PipeEnd(), new PipeEnd()];
    here.peer = there;
    there.peer = here;
    here.handlers = handlers;
    there.handlers = this.listener!.accept(there);
    this.made.push(here);
    this.accepted.push(there);
    return here;
  }

  remove(address: string): void {
    this.removed.push(address);
  }
}

/** One end of a channel, and what it heard. */
class End {
  connection!: Connection;
  received = '';
  bytes = 0;
  drains = 0;
  closes = 0;
  problem: SharedClientError | undefined;
  onDrained = () => {};

  readonly handlers: ConnectionHandlers = {
    data: chunk => {
      this.bytes += chunk.length;
      if (chunk.length < 100) this.received += Buffer.from(chunk).toString();
    },
    drained: () => {
      this.drains++;
      this.onDrained();
    },
    closed: problem => {
      this.closes++;
      this.problem = problem as SharedClientError;
    },
  };

  write(bytes: string | Buffer): boolean {
    return this.connection.write([written(bytes)]);
  }
}

function meet() {
  const place = new Place();
  const shared = shareConnections(place, place.clock);
  const there: End[] = [];
  const listener = shared.listen({
    listening() {},
    failed() {},
    accept: connection => {
      const end = new End();
      end.connection = connection;
      there.push(end);
      return end.handlers;
    },
  });
  const connect = (address = 'a'): End => {
    const end = new End();
    end.connection = shared.connect(address, end.handlers);
    return end;
  };
  const move = (size?: number) => {
    for (const end of [...place.made, ...place.accepted]) end.move(size);
    place.clock.turn();
  };
  return { place, clock: place.clock, shared, there, listener, connect, move };
}

test('all channels to one address use one connection, and each hears its own', t => {
  const { place, there, connect, move } = meet();
  const ends = [connect(), connect(), connect()];
  // In another order than they were made.
  for (const i of [2, 0, 1]) ends[i]!.write(`to ${i}`);
  move();
  t.is(place.made.length, 1);
  t.deepEqual(
    there.map(({ received }) => received),
    ['to 2', 'to 0', 'to 1'],
  );
  there[1]!.write('back');
  move();
  t.deepEqual(
    ends.map(({ received }) => received),
    ['back', '', ''],
  );
  connect('b').write('x');
  t.is(place.made.length, 2);
});

test('bytes may come cut anywhere', t => {
  const { there, connect, move } = meet();
  const [first, second] = [connect(), connect()];
  first.write('one');
  second.write('two');
  first.write(Buffer.alloc(5000));
  first.write('three');
  move(1);
  t.deepEqual(
    there.map(({ bytes }) => bytes),
    [3 + 5000 + 5, 3],
  );
  move(7);
  second.connection.write([written('a'), Buffer.from('b')]);
  move(3);
  t.is(there[1]!.received.length, 5);
});

test('with its last channel the connection is closed where it was made', t => {
  const { place, clock, there, connect, move } = meet();
  const [first, second] = [connect(), connect()];
  first.write('1');
  second.write('2');
  move();
  first.connection.destroy();
  first.connection.destroy();
  move();
  t.deepEqual([there[0]!.closes, there[1]!.closes], [1, 0]);
  t.is(there[0]!.problem, undefined);
  t.false(place.made[0]!.isDestroyed);
  second.connection.destroy();
  t.true(place.made[0]!.isDestroyed);
  place.accepted[0]!.handlers.closed();
  clock.turn();
  t.is(there[1]!.closes, 1);
  connect();
  t.is(place.made.length, 2, 'the next one is made anew');
});

test('a channel that never said anything is not heard of', t => {
  const { place, there, connect, move } = meet();
  connect().write('stays');
  connect().connection.destroy();
  move();
  t.is(there.length, 1);
  t.false(place.made[0]!.isDestroyed);
});

test('where the connection breaks all of its channels close with the error', t => {
  const { place, clock, there, connect, move } = meet();
  const ends = [connect(), connect()];
  for (const end of ends) end.write('x');
  const silent = connect();
  move();
  const problem = new Error('broken pipe');
  place.made[0]!.handlers.closed(problem);
  place.made[0]!.handlers.closed(problem);
  t.deepEqual(
    [...ends, silent].map(({ closes }) => closes),
    [0, 0, 0],
    'later',
  );
  clock.turn();
  t.deepEqual(
    [...ends, silent].map(({ closes }) => closes),
    [1, 1, 1],
  );
  t.is(ends[0]!.problem as Error, problem);
  t.true(ends[0]!.write('into the void'));
  t.is(ends[0]!.connection.waitingBytes, 0);
  let isEnded = false;
  ends[0]!.connection.end(() => {
    isEnded = true;
  });
  t.false(isEnded);
  clock.turn();
  t.true(isEnded);
  place.accepted[0]!.handlers.closed();
  clock.turn();
  t.deepEqual(
    there.map(({ closes }) => closes),
    [1, 1],
  );
});

test('who destroys a channel in the turn in which it closed hears nothing more', t => {
  const { place, clock, connect } = meet();
  const end = connect();
  end.write('x');
  place.made[0]!.handlers.closed();
  end.connection.destroy();
  clock.turn();
  t.is(end.closes, 0);
});

test('one channel ends while the other goes on', t => {
  const { clock, there, connect, move } = meet();
  const [first, second] = [connect(), connect()];
  second.write('2');
  first.write('last');
  let left = 0;
  first.connection.end(() => left++);
  first.connection.end(() => left++);
  t.true(first.write('after the end'));
  t.is(left, 0);
  move();
  move();
  t.is(left, 2);
  clock.turn();
  const [, ending] = there;
  t.is(ending!.received, 'last');
  t.deepEqual([first.closes, ending!.closes], [1, 1]);
  t.deepEqual([second.closes, there[0]!.closes], [0, 0]);
});

test('what the peer says before it knows of the end is heard', t => {
  const { there, connect, move } = meet();
  const [end, other] = [connect(), connect()];
  other.write('x');
  end.write('x');
  move();
  end.connection.end(() => {});
  there[1]!.write('not read yet');
  move();
  move();
  t.is(end.received, 'not read yet');
  t.is(end.closes, 1);
});

test('both ends may end at once', t => {
  const { there, connect, move } = meet();
  const [end, other] = [connect(), connect()];
  other.write('x');
  end.write('x');
  move();
  end.connection.end(() => {});
  there[1]!.connection.end(() => {});
  move();
  move();
  t.deepEqual([end.closes, there[1]!.closes, other.closes], [1, 1, 0]);
});

test('without room each channel waits for its turn, and a small one not for all of a large one', t => {
  const { place, clock, there, connect, move } = meet();
  const [large, small] = [connect(), connect()];
  small.write('1');
  large.write('2');
  move();
  const [pipe] = place.made;
  pipe!.room = 1000;
  const done: string[] = [];
  t.false(large.connection.write([written(Buffer.alloc(1000)), Buffer.alloc(5_000_000)], () => done.push('large')));
  t.false(small.connection.write([written('small')], () => done.push('small')));
  t.is(small.connection.waitingBytes, 5);
  // What the other has written leaves before.
  t.true(small.connection.bytesAhead >= 1005);
  t.true(large.connection.waitingBytes > 5_000_000);
  // The next go holds both.
  pipe!.move();
  pipe!.move();
  clock.turn();
  t.is(there[0]!.received, '1small');
  t.true(there[1]!.bytes < 5_000_000);
  t.deepEqual(done, ['small']);
  t.deepEqual([large.drains, small.drains], [0, 0]);
  while (pipe!.written.length > 0) pipe!.move();
  t.is(there[1]!.bytes, 5_001_001);
  t.deepEqual(done, ['small', 'large']);
  t.deepEqual([large.drains, small.drains], [1, 1]);
  t.is(large.connection.waitingBytes, 0);
});

test('who is told of room and fills it comes last the next time', t => {
  const { place, connect, move } = meet();
  const ends = [connect(), connect()];
  for (const end of ends) end.write('x');
  move();
  const [pipe] = place.made;
  pipe!.room = 1000;
  for (const end of ends) {
    end.onDrained = () => void end.write(Buffer.alloc(2000));
    end.write(Buffer.alloc(2000));
  }
  for (let i = 0; i < 6; i++) pipe!.move();
  t.true(Math.abs(ends[0]!.drains - ends[1]!.drains) <= 1, `${ends.map(({ drains }) => drains)}`);
  t.true(ends[1]!.drains > 0);
});

test('bytes that the connection has taken count for their own channel', t => {
  const { place, connect, move } = meet();
  const [first, second, third] = [connect(), connect(), connect()];
  for (const end of [first, second, third]) end.write('x');
  move();
  first.write(Buffer.alloc(100));
  second.write(Buffer.alloc(200));
  t.is(first.connection.waitingBytes, 100 + HEADER_BYTES);
  t.is(second.connection.waitingBytes, 200 + HEADER_BYTES);
  third.connection.destroy();
  t.is(second.connection.waitingBytes, 200 + HEADER_BYTES);
  // Some of it has left.
  place.made[0]!.written.shift();
  t.is(first.connection.waitingBytes, 0);
  t.is(second.connection.waitingBytes, 200 + HEADER_BYTES);
  first.write(Buffer.alloc(10));
  t.is(first.connection.waitingBytes, 10 + HEADER_BYTES);
});

test('an end waits for room, and so does who waits for it', t => {
  const { place, clock, there, connect, move } = meet();
  const [end, other] = [connect(), connect()];
  end.write('1');
  other.write('2');
  move();
  const [pipe] = place.made;
  pipe!.room = 10;
  let left = 0;
  other.write(Buffer.alloc(100));
  end.connection.end(() => left++);
  clock.turn();
  t.is(left, 0);
  pipe!.move();
  clock.turn();
  pipe!.move();
  clock.turn();
  t.is(left, 1);
  t.deepEqual([end.closes, there[0]!.closes], [0, 1], 'its own end is on its way');
  place.accepted[0]!.move();
  clock.turn();
  t.deepEqual([end.closes, there[0]!.closes], [1, 1]);
});

test('the end of what the connection took at once, but has no room for, comes with the room', t => {
  const { place, clock, connect, move } = meet();
  const [end, other] = [connect(), connect()];
  end.write('1');
  other.write('2');
  move();
  const [pipe] = place.made;
  pipe!.room = 4;
  let left = 0;
  end.connection.end(() => left++);
  // As one in memory does, which copies.
  for (const { done } of pipe!.written) done();
  clock.turn();
  t.is(left, 0);
  pipe!.handlers.drained();
  clock.turn();
  t.is(left, 1);
});

test('settling is that of the connection', t => {
  const { place, connect } = meet();
  const end = connect();
  let settled = 0;
  end.connection.settle(() => settled++);
  for (const done of place.made[0]!.settling) done();
  t.is(settled, 1);
});

test('a channel that ends while nobody listens any more is closed, and so is a new one', t => {
  const { place, clock, there, listener, connect, move } = meet();
  const first = connect();
  first.write('x');
  move();
  listener.close();
  t.is(place.listeners, 0);
  const second = connect();
  second.write('too late');
  move();
  move();
  t.deepEqual([first.closes, second.closes], [0, 1]);
  t.is(there.length, 1);
  there[0]!.write('still here');
  move();
  t.is(first.received, 'still here');
  clock.turn();
});

test('what comes for a channel that is closed here is left unread', t => {
  const { there, connect, move } = meet();
  const [end, other] = [connect(), connect()];
  end.write('x');
  other.write('y');
  move();
  there[0]!.write('too late');
  end.connection.destroy();
  there[0]!.connection.end(() => {});
  move();
  move();
  t.is(end.received, '');
  t.is(other.closes, 0);
});

const frame = (channel: number, kind: number, length = 0) => encodeHeader(channel, kind as FrameKind, length);

for (const [what, bytes] of Object.entries({
  'an unknown kind': frame(1, 9),
  'an end with data': frame(1, FrameKind.END, 5),
  'a frame without data': frame(1, FrameKind.DATA),
  'a channel that comes too early': Buffer.concat([frame(7, FrameKind.DATA, 1), Buffer.alloc(1)]),
  'no channel': frame(0, FrameKind.CLOSE),
  'what old releases said': Buffer.from('\x20\x00\x00\x00\x01{"group":"g","term":1}'),
})) {
  test(`${what} closes the connection, and no other`, t => {
    const { place, clock, there, connect, move } = meet();
    const other = connect('b');
    other.write('x');
    const end = connect('a');
    end.write('x');
    move();
    place.accepted[1]!.handlers.data(Buffer.concat([bytes, frame(2, FrameKind.CLOSE)]));
    t.true(place.accepted[1]!.isDestroyed);
    clock.turn();
    t.deepEqual([there[0]!.closes, there[1]!.closes], [0, 1]);
    t.is(there[1]!.problem?.code, 'ERR_PROTOCOL');
  });
}

test('who was connected to opens no channels', t => {
  const { place, clock, connect, move } = meet();
  const end = connect();
  end.write('x');
  move();
  place.made[0]!.handlers.data(Buffer.concat([frame(2, FrameKind.DATA, 1), Buffer.alloc(1)]));
  clock.turn();
  t.is(end.problem?.code, 'ERR_PROTOCOL');
});

test('who connects and opens no channel is closed in time, and the oldest sooner where there are too many', t => {
  const { place, clock, connect, move } = meet();
  connect().write('x');
  move();
  const raw = { data() {}, drained() {}, closed() {} };
  for (let i = 0; i < 1024; i++) place.connect('a', raw);
  const isClosed = () => place.accepted.map(({ isDestroyed }) => isDestroyed);
  t.deepEqual(isClosed().indexOf(true), 1);
  t.is(isClosed().filter(Boolean).length, 1);
  clock.advance(5000);
  t.is(isClosed().filter(Boolean).length, 1024);
  t.false(isClosed()[0]);
});

test('who opens channels and reads nothing of what they hear is closed', t => {
  const { place, clock, there, connect, move } = meet();
  connect().write('x');
  move();
  const [pipe] = place.accepted;
  pipe!.room = 0;
  there[0]!.write('full');
  for (let id = 2; id <= 10_100 && !pipe!.isDestroyed; id++) {
    pipe!.handlers.data(Buffer.concat([frame(id, FrameKind.DATA, 1), Buffer.alloc(1)]));
    there.at(-1)!.connection.destroy();
  }
  t.true(pipe!.isDestroyed);
  t.true(there.length > 10_000);
  clock.turn();
  t.is(there[0]!.problem?.code, 'ERR_PROTOCOL');
});

test('what is removed is removed by the transport', t => {
  const { place, shared } = meet();
  shared.remove('a');
  t.deepEqual(place.removed, ['a']);
});
