// Streams between hosts: connecting, flow control, ending. The contract that they share with other transports is tested in
// test/transport/direct-contract.test.ts.

import { randomBytes } from 'node:crypto';
import test from 'ava';
import { FleetStreams } from '../../lib/fleet/fleet-streams.js';
import { StreamGrants } from '../../lib/fleet/stream-grants.js';
import { newId } from '../../lib/protocol/ids.js';
import { StreamWorld } from '../helpers/fleet/streams.js';

const KIB = 1024;
const WINDOW = 256 * KIB;

test('an id can be a place', t => {
  for (let i = 0; i < 1000; i++) t.regex(newId(), /^[\w-]{21}$/);
});

test('a listener is reported once, later, and as soon as there is an engine', t => {
  const { clock, hub } = new StreamWorld();
  const end = hub.connect();
  const self = { process: '1', host: '1', hostTerm: 1, member: 1 };
  const streams = new FleetStreams({ clock, self, mayConnect: () => true, left: () => t.fail() });
  const reported: string[] = [];
  const handlers = { listening: (at: string) => void reported.push(at), failed() {}, accept: () => t.fail() as never };
  streams.listen(handlers);
  streams.listen(handlers).close();
  clock.turn();
  t.deepEqual(reported, []);
  streams.up(end);
  t.deepEqual(reported, []);
  streams.down();
  clock.turn();
  t.deepEqual(reported, []);
  streams.up(end);
  streams.up(end);
  clock.turn();
  t.is(reported.length, 1);
  t.regex(reported[0]!, /^[\w-]{21}\.[\w-]{21}$/);
  streams.listen(handlers);
  t.is(reported.length, 1);
  clock.turn();
  streams.down();
  streams.up(end);
  clock.turn();
  t.is(reported.length, 2);
  t.is(reported[0]!.split('.')[0], reported[1]!.split('.')[0]);
  streams.remove();
});

test('it receives once it has something to receive, and again on another connection to the engine', t => {
  const world = new StreamWorld();
  const here = world.start('here');
  t.deepEqual(here.end.places, []);
  here.listen();
  t.is(here.end.places.length, 1);
  here.streams.down();
  here.up();
  const [first, second] = [here.end, world.hub.connect()];
  const { places } = first;
  here.streams.up(second);
  t.deepEqual([first.places, second.places], [[], places]);
  here.streams.close();
  here.streams.close();
  here.streams.up(first);
  here.listen();
  t.deepEqual([first.places, second.places], [[], []]);
});

test('the listening end learns who connects, and data follows without waiting', t => {
  const world = new StreamWorld();
  const { here, there, address } = world.pair();
  const near = here.connect(address);
  t.true(near.write('a', '', 'b'));
  t.deepEqual(world.sent, ['open 0: 64', 'data 0: 2']);
  t.deepEqual(there.peers, []);
  there.onAccept = far => far.write('at once');
  world.clock.turn();
  t.deepEqual(there.peers, [here.self]);
  t.deepEqual([near.text, there.accepted[0]!.text], ['at once', 'ab']);
  t.deepEqual(
    world.hub.sent.map(({ unheard }) => unheard?.split('.')[0]).map(place => place === address.split('.')[0]),
    [false, false, true],
  );
});

test('a process can connect to itself', t => {
  const world = new StreamWorld();
  const { there, address } = world.pair();
  const near = there.connect(address);
  near.write('to myself');
  world.clock.turn();
  const [far] = there.accepted;
  t.is(far!.text, 'to myself');
  far!.write('and back');
  world.clock.turn();
  t.is(near.text, 'and back');
});

test('a connection to nobody closes, later, and says why', t => {
  const world = new StreamWorld();
  const { here, there, address } = world.pair();
  const refused = (to: string) => {
    const near = here.connect(to);
    near.write('>');
    t.deepEqual(near.closes, []);
    world.clock.turn();
    return near.closes;
  };
  t.deepEqual(refused(`nowhere.${newId()}`), [
    'nobody receives at the other end: the process is gone or not connected',
  ]);
  t.deepEqual(refused(`${address}x`), ['there is no such listener']);
  t.deepEqual(refused('/tmp/a.sock'), ['/tmp/a.sock is no address of a fleet']);
  t.deepEqual(refused('a.*'), ['a.* is no address of a fleet']);
  t.deepEqual(refused(''), [' is no address of a fleet']);
  there.mayConnect = () => false;
  t.deepEqual(refused(address), ['this process may not connect']);
  there.mayConnect = () => true;
  there.streams.down();
  t.deepEqual(refused(address), ['the connection to the engine is interrupted'], 'it may hear of messages earlier');
  here.streams.down();
  t.deepEqual(refused(address), ['the connection to the engine is interrupted']);
  t.is(there.accepted.length, 0);
});

test('who the process is must fit into a message', t => {
  const world = new StreamWorld({ maxBytes: 100 });
  const { here, address } = world.pair();
  const near = here.connect(address);
  world.clock.turn();
  t.deepEqual(near.closes, ['the engine takes only shorter messages']);
});

for (const maxBytes of [1024 * KIB, KIB]) {
  test(`10 MB arrive in both directions, in messages of at most ${maxBytes} bytes`, t => {
    const world = new StreamWorld({ maxBytes });
    const { near, far } = world.open();
    const bytes = randomBytes(10_000_000);
    for (const end of [near, far]) {
      let at = 0;
      const write = () => {
        while (at < bytes.length) {
          const part = bytes.subarray(at, at + 100_001);
          at += part.length;
          if (!end.connection.write([part])) return;
        }
      };
      end.onDrained = write;
      write();
      t.true(at < 1_000_000);
      t.true(end.connection.waitingBytes > WINDOW);
    }
    world.clock.turn();
    for (const end of [near, far]) {
      t.true(end.bytes.equals(bytes));
      t.true(end.drains > 10);
      t.is(end.connection.waitingBytes, 0);
    }
  });
}

test('what waits is combined, and given back once it was sent', t => {
  const world = new StreamWorld();
  const { near, far } = world.open();
  // All of the window.
  near.write(Buffer.alloc(WINDOW));
  const before = world.hub.sent.length;
  let given = 0;
  const part = Buffer.from('abc');
  for (let i = 0; i < 1000; i++) near.connection.write([part, part], () => void given++);
  t.is(near.connection.waitingBytes, 6000);
  t.is(near.connection.bytesAhead, 6000);
  t.is(given, 0);
  world.clock.turn();
  t.is(given, 1000);
  t.deepEqual(
    world.sent.slice(before).filter(line => line.startsWith('data') && !line.endsWith(': 0')),
    ['data 4: 6000'],
  );
  t.is(far.bytes.subarray(WINDOW).toString(), 'abc'.repeat(2000));
  near.connection.write([Buffer.alloc(0)], () => void given++);
  t.is(given, 1001);
  t.is(near.drains, 0, 'it was never full');
});

test('who is given its memory back may write more, or close', t => {
  const world = new StreamWorld();
  const { near, far } = world.open();
  near.write(Buffer.alloc(WINDOW));
  near.connection.write([Buffer.from('a')], () => near.write('c'));
  near.connection.write([Buffer.from('b')]);
  world.clock.turn();
  t.is(far.bytes.subarray(WINDOW).toString(), 'abc');
  near.connection.write([Buffer.alloc(3 * WINDOW)], () => t.fail());
  near.connection.write([Buffer.from('d')], () => t.fail());
  far.connection.destroy();
  world.clock.turn();
  t.is(near.connection.waitingBytes, 0);
  t.deepEqual(near.closes, ['the other end has closed the connection']);
  t.deepEqual(far.closes, []);
  near.connection.destroy();
  const other = world.open();
  other.near.connection.write([Buffer.from('e')], () => other.near.connection.destroy());
  world.clock.turn();
  t.is(other.far.text, 'e');
});

test('who hears that there is room again may close', t => {
  const world = new StreamWorld();
  const { near, far } = world.open();
  t.false(near.write(Buffer.alloc(WINDOW), Buffer.alloc(WINDOW + 1)));
  t.false(near.write('!'), 'until there is room again');
  near.onDrained = () => near.connection.destroy();
  world.clock.turn();
  t.is(near.drains, 1);
  t.deepEqual(far.closes, ['the other end has closed the connection']);
});

test('many connections share what may be on its way, and each makes progress', t => {
  const world = new StreamWorld();
  const { here, there, address } = world.pair();
  const [count, size, least] = [160, WINDOW + 100, 16 * KIB];
  const ends = Array.from({ length: count }, () => here.connect(address));
  world.clock.turn();
  const bytes = Buffer.alloc(size);
  // Nothing is read while all write.
  for (const { connection } of there.accepted) connection.write([bytes]);
  const onWay = there.accepted.map(({ connection }) => size - connection.waitingBytes);
  t.is(onWay[0], WINDOW, 'the first has all of its window');
  t.is(Math.min(...onWay), least);
  const sum = onWay.reduce((all, each) => all + each);
  t.true(sum > 31 * KIB * KIB && sum <= 32 * KIB * KIB + count * least, String(sum));
  world.clock.turn();
  t.true(ends.every(end => end.bytes.length === size));
  // What was granted to those that are closed is free again.
  for (const { connection } of ends) connection.destroy();
  for (let i = 0; i < count; i++) {
    const idle = here.connect(address);
    world.clock.turn();
    idle.connection.destroy();
  }
  here.connect(address);
  world.clock.turn();
  const last = there.accepted.at(-1)!.connection;
  last.write([bytes]);
  t.is(last.waitingBytes, 100);
});

test('the window of a connection depends on how many there are, and on what they have', t => {
  const grants = new StreamGrants();
  grants.join(0);
  t.is(grants.windowOf(0), WINDOW);
  for (let i = 1; i < 256; i++) grants.join(0);
  t.is(grants.windowOf(0), WINDOW / 2);
  grants.granted(32 * KIB * KIB - 100 * KIB);
  t.is(grants.windowOf(0), 100 * KIB);
  t.is(grants.windowOf(10 * KIB), 110 * KIB);
  grants.granted(100 * KIB);
  t.is(grants.windowOf(0), 16 * KIB);
  grants.received(64 * KIB);
  t.is(grants.windowOf(0), 64 * KIB);
  for (let i = 1; i < 256; i++) grants.leave(0);
  grants.leave(32 * KIB * KIB);
  grants.join(64 * KIB);
  t.is(grants.windowOf(64 * KIB), WINDOW);
});

test('both may end at the same time, and more than once', t => {
  const world = new StreamWorld();
  const { near, far } = world.open();
  const ended: string[] = [];
  near.write('a');
  near.connection.end(() => void ended.push('near'));
  t.true(near.write('dropped'));
  near.connection.end(() => void ended.push('again'));
  far.write('b');
  far.connection.end(() => void ended.push('far'));
  t.deepEqual(ended, []);
  world.clock.turn();
  near.connection.end(() => void ended.push('late'));
  t.is(ended.length, 3);
  world.clock.turn();
  t.deepEqual(ended, ['near', 'again', 'far', 'late']);
  t.deepEqual([near.text, far.text, near.closes, far.closes], ['b', 'a', [''], ['']]);
  t.deepEqual(
    world.sent.filter(line => line.startsWith('reset')),
    [],
  );
});

test('what waits for room is sent before the end', t => {
  const world = new StreamWorld();
  const { near, far } = world.open();
  let ended = 0;
  near.write(Buffer.alloc(3 * WINDOW));
  near.connection.end(() => void ended++);
  near.connection.end(() => void ended++);
  world.clock.turn();
  t.is(far.bytes.length, 3 * WINDOW);
  t.is(ended, 2);
  t.deepEqual(far.closes, ['']);
});

test('an end that cannot be sent any more comes too', t => {
  const world = new StreamWorld();
  const { near, far } = world.open();
  let ended = 0;
  near.write(Buffer.alloc(3 * WINDOW));
  near.connection.end(() => void ended++);
  far.connection.destroy();
  world.clock.turn();
  t.is(ended, 1);
  t.is(near.closes.length, 1);
});

test('settled comes once: at the end of the peer, when it is closed, or when the engine says so', t => {
  const world = new StreamWorld();
  const { here, near, far } = world.open();
  const settled: string[] = [];
  far.write('before');
  near.connection.settle(() => void settled.push(`open ${near.text}`));
  t.deepEqual(settled, []);
  world.clock.turn();
  t.deepEqual(settled, ['open before']);

  // The engine is slow with its answer.
  const slow: (() => void)[] = [];
  here.end.flush = done => void slow.push(done);
  near.connection.settle(() => void settled.push(`ended ${near.closes.length}`));
  world.clock.turn();
  t.is(settled.length, 1);
  far.connection.end(() => {});
  world.clock.turn();
  t.deepEqual(settled.slice(1), ['ended 1']);
  near.connection.settle(() => void settled.push('closed'));
  t.is(settled.length, 2);
  world.clock.turn();
  for (const done of slow) {
    done();
    done();
  }
  world.clock.turn();
  t.deepEqual(settled.slice(2), ['closed']);
});
