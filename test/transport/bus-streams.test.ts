import test, { type ExecutionContext } from 'ava';
import type { Bus, BusHandlers } from '../../lib/transport/bus.js';
import { readBusAddress, writeBusAddress } from '../../lib/transport/bus-address.js';
import { MOST_PIECES } from '../../lib/transport/bus-connection.js';
import { createBusFallback } from '../../lib/transport/bus-fallback.js';
import { BusStreams } from '../../lib/transport/bus-streams.js';
import type { ConnectionHandlers, DirectTransport, ListenerHandlers } from '../../lib/transport/direct.js';
import { UnitClock } from '../helpers/clocks/unit-clock.js';

interface Sent {
  readonly message: { readonly [field: string]: unknown; readonly d?: string };
  readonly to: string | undefined;
}

/** One worker, whose bus the test plays. */
class End implements Bus {
  readonly self = { workerId: 1, pid: 11, process: '1:1' };
  readonly clock = new UnitClock();
  readonly said: Sent[] = [];
  readonly received: unknown[] = [];
  readonly streams = new BusStreams(this, this.clock);
  handlers!: BusHandlers;
  isClosed = false;

  constructor() {
    this.streams.bus.listen({
      opened: () => this.received.push('opened'),
      message: message => this.received.push(message),
      exited: process => this.received.push(`exited ${process}`),
      broken: () => this.received.push('broken'),
      stopping: () => this.received.push('stopping'),
      closed: () => this.received.push('closed'),
    });
  }

  listen(handlers: BusHandlers): void {
    this.handlers = handlers;
  }

  send(message: object, written: () => void, to?: string): void {
    this.said.push({ message: message as Sent['message'], to });
    this.clock.defer(written);
  }

  async listProcesses(): Promise<[]> {
    return [];
  }

  close(): void {
    this.isClosed = true;
  }

  receive(message: object, f = '2:2'): void {
    this.handlers.message({ csd: 1, f, ...message }, 0);
    this.clock.tick();
  }

  connect(address = '2:2/door') {
    const events: string[] = [];
    const connection = this.streams.connect(address, notes(events));
    this.clock.tick();
    const c = String(this.said.findLast(({ message }) => 'l' in message)?.message.c);
    return { connection, events, c };
  }
}

const notes = (events: string[]): ConnectionHandlers => ({
  data: chunk => void events.push(String(chunk)),
  drained: () => void events.push('drained'),
  closed: problem => void events.push(`closed ${problem?.message ?? ''}`),
});

function openEnd(): End {
  const end = new End();
  end.handlers.opened();
  return end;
}

test('all else that is said on the bus passes untouched', async t => {
  const end = openEnd();
  for (const message of [null, 'text', { csc: 1 }, { csd: 2, f: 'x', c: 'y' }, { csd: 1, f: 1, c: 'y' }])
    end.handlers.message(message, 0);
  end.handlers.exited('2:2', 0);
  end.handlers.stopping();
  end.handlers.broken();
  end.handlers.closed({ intended: true, holdExit() {} });
  t.is(end.received.length, 10);
  end.streams.remove();
  end.streams.bus.send({ csc: 1 }, () => {});
  t.deepEqual(end.said, [{ message: { csc: 1 }, to: undefined }]);
  t.deepEqual(await end.streams.bus.listProcesses(), []);
  end.streams.bus.close();
  t.true(end.isClosed);
});

test('what is written in one tick is one message, to the peer alone', t => {
  const end = openEnd();
  const { connection, c } = end.connect();
  connection.write([Buffer.from('a'), Buffer.from('b')]);
  connection.write([Buffer.from('c')]);
  end.clock.tick();
  const d = Buffer.from('abc').toString('base64');
  t.deepEqual(end.said, [
    { message: { csd: 1, f: '1:1', c, n: 0, l: 'door', a: 0 }, to: '2:2' },
    { message: { csd: 1, f: '1:1', c, n: 1, d, a: 0 }, to: '2:2' },
  ]);
});

test('no message has more than 64 kB, and only a few are on their way', t => {
  const end = openEnd();
  const { connection, events, c } = end.connect();
  t.false(connection.write([Buffer.alloc(1_000_000), Buffer.alloc(10)]));
  end.clock.tick();
  const bytesSent = () => end.said.reduce((sum, { message: { d = '' } }) => sum + Buffer.from(d, 'base64').length, 0);
  for (const { message } of end.said) t.true((message.d ?? '').length <= 65_536);
  t.is(end.said.length, MOST_PIECES);
  t.is(connection.waitingBytes, 1_000_010 - bytesSent());
  while (connection.waitingBytes > 0) {
    const sent = end.said.length;
    end.receive({ c, a: sent });
    t.true(end.said.length <= sent + MOST_PIECES);
  }
  t.is(bytesSent(), 1_000_010);
  t.deepEqual(events, ['drained']);
});

test('a peer is told what was received before it may send no more, or with what is sent to it', t => {
  const end = openEnd();
  const { connection, c } = end.connect();
  for (let n = 0; n < MOST_PIECES; n++) end.receive({ c, n, d: 'eA==' });
  const acks = end.said.slice(1).map(({ message }) => message);
  t.deepEqual(
    acks,
    [4, 8].map(a => ({ csd: 1, f: '1:1', c, a })),
  );
  end.receive({ c, n: MOST_PIECES, d: 'eA==' });
  connection.write([Buffer.from('x')]);
  end.clock.tick();
  t.deepEqual(end.said.at(-1)!.message, { csd: 1, f: '1:1', c, n: 1, d: 'eA==', a: MOST_PIECES + 1 });
});

test('what is missing breaks a connection on both sides', t => {
  const end = openEnd();
  const { events, c } = end.connect();
  end.receive({ c, n: 1, d: '' });
  t.deepEqual(events, ['closed something is missing']);
  t.deepEqual(end.said.at(-1)!.message, { csd: 1, f: '1:1', c, r: 'something is missing' });
});

test('who speaks of a connection that is not there is told so, but for who says just that', t => {
  const end = openEnd();
  end.receive({ c: 'old', n: 3, d: '' });
  t.deepEqual(end.said, [{ message: { csd: 1, f: '1:1', c: 'old', r: 'there is no such connection' }, to: '2:2' }]);
  end.receive({ c: 'old', r: 'there is no such connection' });
  end.receive({ c: 'old', n: 0, l: 'no such door', d: '' });
  end.receive({ c: 'never asked', s: 1 });
  t.is(end.said.length, 2);
});

function closeWith(t: ExecutionContext, happens: (end: End) => void, said: string): void {
  const end = openEnd();
  const { connection, events } = end.connect();
  let isWritten = false;
  connection.write([Buffer.alloc(1_000_000)]);
  connection.end(() => {
    t.false(isWritten);
    isWritten = true;
  });
  end.clock.tick();
  happens(end);
  t.deepEqual(events, []);
  end.clock.turn();
  t.deepEqual(events, [`closed ${said}`]);
  t.true(isWritten);
  t.true(connection.write([Buffer.from('late')]));
  t.is(connection.waitingBytes, 0);
}

test('a connection closes when its peer dies', t => {
  closeWith(t, end => end.handlers.exited('3:3', 0) ?? end.handlers.exited('2:2', 0), '');
});

test('a connection closes when what is said may be missed', t => {
  closeWith(t, end => end.handlers.broken(new Error('no bus')), 'no bus');
  closeWith(t, end => end.handlers.closed({ intended: false, holdExit() {} }), '');
  closeWith(t, end => end.streams.bus.close(), 'the bus was closed');
});

test('while the bus is closed there is no connection, and nothing to wait for', t => {
  const end = new End();
  const { connection, events } = end.connect();
  t.deepEqual(events, ['closed the bus is closed']);
  let settled = 0;
  connection.settle(() => settled++);
  end.clock.turn();
  t.is(settled, 1);
  end.handlers.opened();
  connection.settle(() => settled++);
  end.clock.turn();
  t.is(settled, 1, 'what was said before has not been read yet');
  end.handlers.broken();
  end.clock.turn();
  t.is(settled, 2);
});

test('a connection that is destroyed by what it reports takes nothing more', t => {
  const end = openEnd();
  const events: string[] = [];
  const connection = end.streams.connect('2:2/door', {
    ...notes(events),
    data: () => connection.destroy(),
  });
  end.clock.tick();
  const c = String(end.said[0]!.message.c);
  end.receive({ c, n: 0, d: 'eA==', e: 1 });
  t.deepEqual(end.said.at(-1)!.message, { csd: 1, f: '1:1', c, r: 'it was closed' });
  t.deepEqual(events, []);
});

// ------------------------------------------------------------------------------------------------------ addresses

test('an address that is none of the bus is a socket', t => {
  t.deepEqual(readBusAddress('/tmp/x'), { socket: '/tmp/x' });
  t.deepEqual(readBusAddress('{broken'), { socket: '{broken' });
  t.deepEqual(readBusAddress('{"bus":1}'), { socket: undefined, bus: undefined, secret: undefined });
  const all = { socket: '/x', bus: '1/l', secret: 's' };
  t.deepEqual(readBusAddress(writeBusAddress(all)), all);
});

// -------------------------------------------------------------------------------------------------- sockets or bus

/** Notes who is asked for what. */
class Fake implements DirectTransport {
  readonly asked: string[] = [];
  handlers!: ConnectionHandlers;
  /** Of who listens last. */
  listener!: ListenerHandlers;
  listened = 0;
  closed = 0;

  listen(handlers: ListenerHandlers): { close(): void } {
    this.listener = handlers;
    this.listened++;
    return { close: () => void this.closed++ };
  }
  connect(address: string, handlers: ConnectionHandlers) {
    this.asked.push(address);
    this.handlers = handlers;
    return {} as never;
  }
  remove(address: string): void {
    this.asked.push(`remove ${address}`);
  }
}

function fallback() {
  const [sockets, streams] = [new Fake(), new Fake()];
  const said: string[] = [];
  const events: string[] = [];
  const clock = new UnitClock();
  const transport = createBusFallback({ clock, sockets, streams, onBus: why => said.push(why) });
  const connect = (address: object) => transport.connect(writeBusAddress(address), notes(events));
  return { clock, sockets, streams, said, events, transport, connect };
}

test('a socket comes first, and the bus once it did not answer', t => {
  const { sockets, streams, said, events, connect } = fallback();
  connect({ socket: '/x', bus: 'b' });
  sockets.handlers.data(Buffer.from('hi'));
  sockets.handlers.closed();
  connect({ socket: '/x', bus: 'b' });
  sockets.handlers.closed(new Error('gone'));
  t.deepEqual([sockets.asked, streams.asked], [['/x', '/x'], []]);
  connect({ socket: '/x', bus: 'b' });
  t.deepEqual(streams.asked, ['b']);
  streams.handlers.data(Buffer.from('hi'));
  streams.handlers.data(Buffer.from('hi'));
  t.deepEqual(said, ['gone']);
  t.deepEqual(events, ['hi', 'closed ', 'closed gone', 'hi', 'hi']);
});

test('what is known of sockets is forgotten some time', t => {
  const { sockets, streams, connect } = fallback();
  for (let i = 0; i <= 100; i++) {
    connect({ socket: `/${i}`, bus: 'b' });
    sockets.handlers.closed();
  }
  connect({ socket: '/0', bus: 'b' });
  t.deepEqual(streams.asked, []);
  connect({ socket: '/100', bus: 'b' });
  t.deepEqual(streams.asked, ['b']);
});

test('where only one of both is known, that is taken', t => {
  const { sockets, streams, said, connect, transport } = fallback();
  connect({ socket: '/x' });
  sockets.handlers.closed(new Error('gone'));
  connect({ socket: '/x' });
  connect({ bus: 'b' });
  streams.handlers.data(Buffer.from('hi'));
  t.deepEqual(said, ['the leader has no socket']);
  connect({});
  t.deepEqual(
    [sockets.asked, streams.asked],
    [
      ['/x', '/x'],
      ['b', ''],
    ],
  );
  transport.remove(writeBusAddress({ socket: '/x', bus: 'b' }));
  transport.remove(writeBusAddress({ bus: 'b' }));
  t.deepEqual(sockets.asked.slice(2), ['remove /x', 'remove ']);
});

test('where there is no socket the bus alone is told of, and the socket is tried again', t => {
  const { clock, sockets, streams, transport } = fallback();
  const told: string[] = [];
  const unused = { failed: () => t.fail(), lost: () => t.fail(), accept: () => t.fail() as never };
  const listener = transport.listen({ ...unused, listening: address => told.push(address) });
  streams.listener.listening('b');
  t.deepEqual(told, []);
  for (let i = 0; i < 2; i++) {
    sockets.listener.failed(new Error('too long'));
    clock.advance(1000);
  }
  t.deepEqual(told.splice(0).map(readBusAddress), [{ bus: 'b', socket: undefined, secret: undefined }]);
  sockets.listener.listening('/x');
  t.like(readBusAddress(told.pop()!), { bus: 'b', socket: '/x' });
  sockets.listener.lost!(new Error('removed'));
  sockets.listener.listening('/y');
  t.like(readBusAddress(told.pop()!), { bus: 'b', socket: '/y' });
  sockets.listener.failed(new Error('EMFILE'));
  t.is(readBusAddress(told.pop()!).socket, undefined);
  t.deepEqual([sockets.listened, sockets.closed], [4, 4]);
  listener.close();
  t.is(streams.closed, 1);
  t.is(clock.timers, 0);
  t.deepEqual(told, []);
});

test('what has our mark and a field of another type is nobody’s', t => {
  const end = openEnd();
  const { c, events } = end.connect();
  end.received.length = 0;
  for (const odd of [{ d: 5, n: 0 }, { a: 'x' }, { a: -1 }, { r: {} }, { n: 0.5 }, { l: 7, n: 0 }])
    end.receive({ c, ...odd });
  t.is(end.received.length, 6);
  t.deepEqual(events, []);
});

test('a peer that acknowledges more than it was sent is sent no more than others', t => {
  const end = openEnd();
  const { connection, c } = end.connect();
  end.receive({ c, a: Number.MAX_SAFE_INTEGER });
  end.said.length = 0;
  connection.write([Buffer.alloc(1_000_000)]);
  end.clock.tick();
  t.is(end.said.length, MOST_PIECES);
});
