import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { UpstreamClient } from '../helpers/upstream/client.js';
import type { Update } from '../helpers/upstream/protocol.js';
import { startUpstream } from '../helpers/upstream/server.js';

async function start(t: ExecutionContext) {
  const upstream = await startUpstream();
  t.teardown(() => upstream.close());
  return upstream;
}

async function open(t: ExecutionContext, path: string, term?: () => number) {
  const client = new UpstreamClient({ path, term });
  t.teardown(() => client.close());
  await client.ready();
  return client;
}

test('its operations answer', async t => {
  const { path } = await start(t);
  const client = await open(t, path);
  t.is(await client.get('a'), undefined);
  await client.set('a', { deep: [1] });
  t.deepEqual(await client.get('a'), { deep: [1] });
  t.is(await client.incr('b'), 1);
  t.is(await client.echo('x'.repeat(1e6)), 'x'.repeat(1e6));
  t.is(await client.slow(1), 1);
  t.like(await client.stats(), { operations: 7 });
});

test('an error of the upstream has its message and code', async t => {
  const { path } = await start(t);
  const client = await open(t, path);
  await client.set('a', 'text');
  await t.throwsAsync(client.incr('a'), { code: 'EWRONGTYPE', message: 'The value of "a" is not a number.' });
});

test('ids and the term of the moment go along', async t => {
  const upstream = await start(t);
  let term = 7;
  const client = await open(t, upstream.path, () => term);
  await client.incr('a', 'one');
  term = 8;
  await client.get('a', 'two');
  t.deepEqual(upstream.executed(), [
    { op: 'incr', id: 'one', term: 7, connection: 1 },
    { op: 'get', id: 'two', term: 8, connection: 1 },
  ]);
});

test('a topic is subscribed once whatever its listeners, and unsubscribed with the last', async t => {
  const upstream = await start(t);
  const client = await open(t, upstream.path);
  const received: [string, Update][] = [];
  const one = (update: Update) => void received.push(['one', update]);
  const two = (update: Update) => void received.push(['two', update]);
  await Promise.all([client.subscribe('x', one), client.subscribe('x', two)]);
  t.is(await client.publish('x', 'a'), 1);
  await client.unsubscribe('x', one);
  t.is(await client.publish('x', 'b'), 2);
  await client.unsubscribe('x', two);
  await client.unsubscribe('x', two);
  t.is(await client.publish('x', 'c'), 3);
  t.deepEqual(received, [
    ['one', { topic: 'x', sequence: 1, message: 'a' }],
    ['two', { topic: 'x', sequence: 1, message: 'a' }],
    ['two', { topic: 'x', sequence: 2, message: 'b' }],
  ]);
  const ops = upstream.executed().map(({ op }) => op);
  t.deepEqual(ops, ['subscribe', 'publish', 'publish', 'unsubscribe', 'publish']);
});

test('unsubscribe() without a listener ends all of a topic', async t => {
  const upstream = await start(t);
  const client = await open(t, upstream.path);
  await client.subscribe('x', () => t.fail());
  await client.subscribe('x', () => t.fail());
  await client.unsubscribe('x');
  await client.publish('x', 'a');
  t.deepEqual(upstream.stats().topics, { x: { sequence: 1, subscribers: 0 } });
});

test('a lost connection is told by error, then close, and ends what waits', async t => {
  const upstream = await start(t);
  const client = await open(t, upstream.path);
  const events: string[] = [];
  client.on('error', ({ message }) => events.push(message));
  client.on('close', () => events.push('close'));
  const waiting = t.throwsAsync(client.slow(60_000), { code: 'ELOST' });
  await client.echo(0);
  upstream.drop();
  await waiting;
  t.deepEqual(events, ['The connection to the upstream was lost.', 'close']);
  await t.throwsAsync(client.get('a'), { code: 'ELOST' });
});

test('close() ends what waits and emits close alone', async t => {
  const { path } = await start(t);
  const client = await open(t, path);
  client.on('error', () => t.fail());
  const closed = once(client, 'close');
  const waiting = t.throwsAsync(client.slow(60_000), { code: 'ECLOSED' });
  await client.close();
  await client.close();
  await Promise.all([closed, waiting]);
});

test('without an upstream ready() and every operation are refused', async t => {
  const upstream = await startUpstream();
  await upstream.close();
  const client = new UpstreamClient({ path: upstream.path });
  client.on('error', () => t.fail());
  await t.throwsAsync(client.ready(), { message: /ENOENT|ECONNREFUSED/ });
  await t.throwsAsync(client.get('a'), { message: /ENOENT|ECONNREFUSED/ });
});
