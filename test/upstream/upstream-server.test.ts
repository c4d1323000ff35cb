import { EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readLines, writeLine } from '../helpers/upstream/lines.js';
import { forkUpstream } from '../helpers/upstream/process.js';
import { startUpstream, type UpstreamOptions } from '../helpers/upstream/server.js';

async function start(t: ExecutionContext, options?: UpstreamOptions) {
  const upstream = await startUpstream(options);
  t.teardown(() => upstream.close());
  return upstream;
}

async function dial(path: string): Promise<Socket> {
  const socket = connect(path);
  await once(socket, 'connect');
  return socket;
}

/** A bare connection: says a request, gives the next line back. */
async function open(path: string) {
  const socket = await dial(path);
  const lines: unknown[] = [];
  readLines(socket, line => {
    lines.push(line);
    socket.emit('line');
  });
  return {
    socket,
    async next() {
      while (lines.length === 0) await once(socket, 'line');
      return lines.shift();
    },
    ask(request: object) {
      writeLine(socket, request);
      return this.next();
    },
  };
}

test('it gets, sets and counts up', async t => {
  const { path } = await start(t);
  const client = await open(path);
  t.deepEqual(await client.ask({ n: 1, op: 'get', key: 'a' }), { n: 1 });
  t.deepEqual(await client.ask({ n: 2, op: 'set', key: 'a', value: 'ä\u2028\n' }), { n: 2 });
  t.deepEqual(await client.ask({ n: 3, op: 'get', key: 'a' }), { n: 3, value: 'ä\u2028\n' });
  t.deepEqual(await client.ask({ n: 4, op: 'incr', key: 'b' }), { n: 4, value: 1 });
  t.deepEqual(await client.ask({ n: 5, op: 'incr', key: 'b' }), { n: 5, value: 2 });
});

test('what it refuses has a code', async t => {
  const { path } = await start(t);
  const client = await open(path);
  await client.ask({ n: 1, op: 'set', key: 'a', value: 'text' });
  t.like(await client.ask({ n: 2, op: 'incr', key: 'a' }), { n: 2, error: { code: 'EWRONGTYPE' } });
  t.like(await client.ask({ n: 3, op: 'jump' }), { n: 3, error: { code: 'EUNKNOWN' } });
});

test('a publication reaches all subscribers, with numbers without holes', async t => {
  const { path } = await start(t);
  const [one, two, publisher] = [await open(path), await open(path), await open(path)];
  await one.ask({ n: 1, op: 'subscribe', topic: 'x' });
  await two.ask({ n: 1, op: 'subscribe', topic: 'x' });
  t.deepEqual(await publisher.ask({ n: 1, op: 'publish', topic: 'x', message: 'a' }), { n: 1, value: 1 });
  t.deepEqual(await one.next(), { topic: 'x', sequence: 1, message: 'a' });
  t.deepEqual(await two.next(), { topic: 'x', sequence: 1, message: 'a' });

  await two.ask({ n: 2, op: 'unsubscribe', topic: 'x' });
  await publisher.ask({ n: 2, op: 'publish', topic: 'x', message: 'b' });
  await publisher.ask({ n: 3, op: 'publish', topic: 'other', message: 'c' });
  t.deepEqual(await one.next(), { topic: 'x', sequence: 2, message: 'b' });
  t.deepEqual(await two.ask({ n: 3, op: 'echo', value: 'nothing before me' }), { n: 3, value: 'nothing before me' });
});

test('a slow operation is overtaken', async t => {
  const { path } = await start(t);
  const client = await open(path);
  writeLine(client.socket, { n: 1, op: 'slow', ms: 20 });
  writeLine(client.socket, { n: 2, op: 'slow', ms: 60_000 });
  t.deepEqual(await client.ask({ n: 3, op: 'echo', value: 0 }), { n: 3, value: 0 });
  t.deepEqual(await client.next(), { n: 1, value: 20 });
});

test('connections are counted: now, ever, and the most at one time', async t => {
  const seen: number[] = [];
  const upstream = await start(t, { onConnections: ({ live }) => seen.push(live) });
  const one = await open(upstream.path);
  const two = await open(upstream.path);
  await one.ask({ n: 1, op: 'echo' });
  await two.ask({ n: 1, op: 'echo' });
  t.deepEqual(upstream.stats().connections, { live: 2, total: 2, highest: 2 });

  upstream.drop();
  await Promise.all([once(one.socket, 'close'), once(two.socket, 'close')]);
  const three = await open(upstream.path);
  const stats = (await three.ask({ n: 1, op: 'stats' })) as { value: { connections: unknown } };
  t.deepEqual(stats.value.connections, { live: 1, total: 3, highest: 2 });
  t.deepEqual(seen, [1, 2, 1, 0, 1]);
});

test('the subscriptions of a lost connection are gone', async t => {
  const changes = new EventEmitter();
  const upstream = await start(t, { onConnections: ({ live }) => changes.emit(String(live)) });
  const client = await open(upstream.path);
  await client.ask({ n: 1, op: 'subscribe', topic: 'x' });
  t.deepEqual(upstream.stats().topics, { x: { sequence: 0, subscribers: 1 } });
  const gone = once(changes, '0');
  client.socket.destroy();
  await gone;
  t.deepEqual(upstream.stats().topics, { x: { sequence: 0, subscribers: 0 } });
});

test('it remembers what ran, and knows what ran twice or for an old term', async t => {
  const upstream = await start(t);
  const client = await open(upstream.path);
  await client.ask({ n: 1, op: 'incr', key: 'a', id: 'one', term: 5, at: 1 });
  await client.ask({ n: 2, op: 'incr', key: 'a', id: 'two', term: 6, at: 2 });
  t.like(upstream.stats(), { operations: 2, ranTwice: 0, ranStale: 0 });
  await client.ask({ n: 3, op: 'incr', key: 'a', id: 'one', term: 6, at: 3 });
  await client.ask({ n: 4, op: 'incr', key: 'a', id: 'three', term: 5, at: 4 });
  t.like(upstream.stats(), { operations: 4, ranTwice: 1, ranStale: 1 });
  t.deepEqual(upstream.executed()[3], { op: 'incr', id: 'three', term: 5, connection: 1, isStale: true });
});

test('what counts is when an operation was sent, not when it was read', async t => {
  const upstream = await start(t);
  const client = await open(upstream.path);
  await client.ask({ n: 1, op: 'get', key: 'a', term: 6, at: 2 });
  await client.ask({ n: 2, op: 'get', key: 'a', term: 5, at: 1 });
  t.is(upstream.stats().ranStale, 0, 'sent in time, and read late');
  await client.ask({ n: 3, op: 'get', key: 'a', term: 6, at: 4 });
  await client.ask({ n: 4, op: 'get', key: 'a', term: 7, at: 3 });
  t.is(upstream.stats().ranStale, 1, 'the one before was sent after it, and read before it');
});

test('its address is a fresh one, and gone after close()', async t => {
  const [one, two] = [await startUpstream(), await startUpstream()];
  t.not(one.path, two.path);
  await one.close();
  await two.close();
  t.false(existsSync(dirname(one.path)) && process.platform !== 'win32');
});

test('as a process it tells of itself without a connection, and ends with close()', async t => {
  const upstream = await forkUpstream();
  const socket = await dial(upstream.path);
  t.deepEqual(await upstream.untilConnections(1), { live: 1, total: 1, highest: 1 });
  writeLine(socket, { n: 1, op: 'incr', key: 'a', id: 'one' });
  await once(socket, 'data');
  t.deepEqual(await upstream.executed(), [{ op: 'incr', id: 'one', term: undefined, connection: 1 }]);

  await upstream.drop();
  t.like(await upstream.untilConnections(0), { live: 0, total: 1 });
  t.like(await upstream.stats(), { operations: 1, connections: { total: 1 } });
  await upstream.close();
  await upstream.close();
  await t.throwsAsync(upstream.stats());
  t.false(existsSync(upstream.path));
});

test('as a process that is killed it leaves nothing behind either', async t => {
  const upstream = await forkUpstream();
  const exited = once(upstream, 'exit');
  process.kill(upstream.pid ?? 0, 'SIGKILL');
  await exited;
  t.false(existsSync(upstream.path));
});

test('as a process it says why it could not start', async t => {
  const { path } = await start(t);
  await t.throwsAsync(forkUpstream({ path }), { message: /EADDRINUSE/ });
});
