import { EventEmitter } from 'node:events';
import test from 'ava';
import type { Client } from 'pg';
import { openPg } from '../../lib/clients/pg.js';
import { openContext } from './open-context.js';

/** Answers one statement at a time, when it is told to. */
class FakeClient extends EventEmitter {
  readonly asked: string[] = [];
  readonly #answers: { resolve(result: unknown): void; reject(error: Error): void }[] = [];
  isEnded = false;

  async connect() {}

  query(text: string, values?: unknown[]): Promise<unknown> {
    this.asked.push(values ? `${text} ${JSON.stringify(values)}` : text);
    return new Promise((resolve, reject) => this.#answers.push({ resolve, reject }));
  }

  escapeIdentifier(name: string) {
    return `"${name}"`;
  }

  async end() {
    this.isEnded = true;
    throw new Error('ended badly');
  }

  async answer(result: unknown = { rows: [], rowCount: 0, fields: [] }) {
    const { resolve, reject } = this.#answers.shift()!;
    if (result instanceof Error) reject(result);
    else resolve(result);
    await turn();
  }
}

const turn = () => new Promise(resolve => setImmediate(resolve));

async function open() {
  const client = new FakeClient();
  const given = openContext();
  return { client, session: await openPg(() => client as unknown as Client)(given.context), ...given };
}

test('a channel is listened to by its quoted name, and its payloads go to its listener only', async t => {
  const { client, session } = await open();
  const heard: string[] = [];
  const subscribing = session.subscribe('my channel', payload => heard.push(payload));
  await turn();
  t.deepEqual(client.asked, ['LISTEN "my channel"']);
  client.emit('notification', { channel: 'my channel', payload: 'with the answer' });
  await client.answer();
  const unsubscribe = await subscribing;
  client.emit('notification', { channel: 'my channel' });
  client.emit('notification', { channel: 'other', payload: 'x' });
  t.deepEqual(heard, ['with the answer', '']);

  const unsubscribing = unsubscribe();
  client.emit('notification', { channel: 'my channel', payload: 'late' });
  await turn();
  await client.answer();
  await unsubscribing;
  t.is(client.asked.at(-1), 'UNLISTEN "my channel"');
  t.is(heard.length, 2);
});

test('a name that PostgreSQL would cut off is refused', async t => {
  const { client, session } = await open();
  await t.throwsAsync(
    session.subscribe('ä'.repeat(32), () => {}),
    { instanceOf: RangeError, message: /63 bytes/ },
  );
  t.deepEqual(client.asked, []);
});

test('statements are asked one after the other, also after one that fails', async t => {
  const { client, session } = await open();
  const first = session.query('a');
  const second = session.publish('channel', 'payload');
  const third = session.publish('channel');
  await turn();
  t.deepEqual(client.asked, ['a']);
  await client.answer(new Error('no such column'));
  await t.throwsAsync(first, { message: 'no such column' });
  await client.answer();
  t.is(await second, undefined);
  await client.answer();
  await third;
  t.deepEqual(client.asked.slice(1), [
    'SELECT pg_notify($1, $2) ["channel","payload"]',
    'SELECT pg_notify($1, $2) ["channel",""]',
  ]);
});

test('of a result only the rows and their number are returned, of several results the last', async t => {
  const { client, session } = await open();
  const one = session.query('a', [1]);
  await turn();
  await client.answer({ rows: [{ id: 1 }], rowCount: 1, fields: [() => {}] });
  t.deepEqual(await one, { rows: [{ id: 1 }], rowCount: 1 });
  const many = session.query('b; c');
  await turn();
  await client.answer([
    { rows: [{ id: 1 }], rowCount: 1 },
    { rows: [{ id: 2 }], rowCount: 1 },
  ]);
  t.deepEqual(await many, { rows: [{ id: 2 }], rowCount: 1 });
});

test('a connection that is lost ends the term', async t => {
  const { client, failures } = await open();
  const error = new Error('terminated by the administrator');
  client.emit('error', error);
  client.emit('end');
  t.is(failures[0], error);
  t.regex(failures[1]!.message, /has ended/);
});

test('it is closed when nobody waits for it any more, and by close()', async t => {
  const { client, session, giveUp } = await open();
  giveUp();
  t.true(client.isEnded);
  await t.throwsAsync(session.close(), { message: 'ended badly' });
});
