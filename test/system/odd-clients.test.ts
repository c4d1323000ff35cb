// Real clients as people write them, whose methods return themselves, whose `on()` isn't one, and whose end has another name.

import { EventEmitter } from 'node:events';
import test from 'ava';
import type { ClientDefinition, ClientOptions } from '../../lib/index.js';
import { createMemoryCluster, type MemoryCluster, type TestWorker } from '../../lib/testing.js';

/** The client of a follower, beside a leader with its own. */
async function follow<T extends object>(
  cluster: MemoryCluster,
  open: () => T,
  options: Partial<Omit<ClientOptions<T>, 'name' | 'args'>> = {},
) {
  cluster.setupPrimary();
  const definition: ClientDefinition<T> = { name: 'g', open, ...options };
  const share = (worker: TestWorker) => worker.createSharedClient<T>(definition);
  const workers = [cluster.fork(), cluster.fork()];
  const [leader, follower] = workers.map(share) as [ReturnType<typeof share>, ReturnType<typeof share>];
  await leader.ready();
  await follower.ready();
  return { workers, leader, follower, share };
}

class Chained {
  readonly said: string[] = [];

  publish(text: string): this {
    this.said.push(text);
    return this;
  }
  unpublish(text: string): this {
    this.said.push(`not ${text}`);
    return this;
  }
  emit(text: string): this {
    this.said.push(text);
    return this;
  }
  async log(): Promise<string[]> {
    return this.said;
  }
  close(): void {}
}

test('a publication whose method returns the client resolves with nothing, plain, oneway, sticky and taken back', async t => {
  const cluster = createMemoryCluster();
  const { leader, follower } = await follow(cluster, () => new Chained());
  for (const client of [leader, follower]) {
    const errors: unknown[] = [];
    client.on('error', error => errors.push(error));
    t.is(await client.publish('plain'), undefined);
    t.is(await client.with({ oneway: true }).publish('oneway'), undefined);
    const sticky = client.with({ sticky: 'key' });
    t.is(await sticky.publish('sticky'), undefined);
    t.is(await client.unpublish('key'), undefined);
    t.is((await client.with({ oneway: true }).emit('told')) as unknown, undefined);
    t.is((await client.emit('asked')) as unknown, undefined, 'the client itself is never sent');
    t.deepEqual(errors, []);
    const said = ['plain', 'oneway', 'sticky', 'not sticky', 'told', 'asked'];
    t.deepEqual((await client.log()).slice(-said.length), said);
  }
  cluster.close();
});

test('whoever takes listeners away or makes events up from elsewhere gets ERR_UNKNOWN_METHOD, and the leader lives', async t => {
  const cluster = createMemoryCluster();
  const real = Object.assign(new EventEmitter(), { get: () => 1, close() {} });
  const { leader, follower } = await follow(cluster, () => real);
  const errors: string[] = [];
  leader.on('error', ({ message }) => errors.push(message));
  for (const client of [leader, follower]) {
    for (const name of ['removeAllListeners', 'emit', 'addListener', 'setMaxListeners'])
      await t.throwsAsync(client.invoke(name, 'error'), { code: 'ERR_UNKNOWN_METHOD' }, name);
  }
  real.emit('error', new Error('still heard'));
  t.is(await follower.invoke('get'), 1);
  t.deepEqual(errors, ['still heard']);
  cluster.close();
});

for (const [title, on] of [
  [
    'rejects',
    async () => {
      throw new Error('no such event');
    },
  ],
  [
    'throws',
    () => {
      throw new Error('no such event');
    },
  ],
] as const) {
  test(`a real client whose on() ${title} is opened and works`, async t => {
    const cluster = createMemoryCluster();
    const { follower } = await follow(cluster, () => ({
      on: (..._args: unknown[]) => on(),
      once() {},
      get: async () => 1,
      close() {},
    }));
    t.is(await follower.get(), 1);
    cluster.close();
  });
}

test('a real client whose on() is no registration is not listened to', async t => {
  const cluster = createMemoryCluster();
  const calls: unknown[][] = [];
  const { follower } = await follow(cluster, () => ({
    on: (...args: unknown[]) => void calls.push(args),
    get: async () => 1,
    close() {},
  }));
  t.is(await follower.get(), 1);
  t.deepEqual(calls, []);
  await follower.invoke('on', 'red');
  t.deepEqual(calls, [['red']]);
  cluster.close();
});

test('by however many hand-overs, a client that ends by end() leaves one connection', async t => {
  const cluster = createMemoryCluster();
  let open = 0;
  let most = 0;
  const { leader, follower, workers } = await follow(cluster, () => {
    most = Math.max(most, ++open);
    return { get: async () => open, end: () => open-- };
  });
  const warnings: string[] = [];
  for (const client of [leader, follower]) client.on('warning', ({ message }) => warnings.push(message));
  const primary = cluster.setupPrimary();
  for (let i = 0; i < 4; i++) await primary.transfer('g', workers[(i + 1) % 2]!.workerId);
  t.is(await follower.get(), 1);
  t.deepEqual([open, most], [1, 1]);
  await t.throwsAsync(follower.end(), { code: 'ERR_UNKNOWN_METHOD', message: /client\.close\(\)/ });
  t.is(open, 1);
  t.deepEqual(warnings, []);
  cluster.close();
});

test('a client that nothing closes is one warning to its worker', async t => {
  const cluster = createMemoryCluster();
  cluster.setupPrimary();
  const worker = cluster.fork();
  const warnings: string[] = [];
  const client = worker.createSharedClient({ name: 'g', open: () => ({ get: async () => 1, destroy() {} }) });
  client.on('warning', ({ message }) => warnings.push(message));
  await client.ready();
  t.is(await client.get(), 1);
  await client.resign();
  t.is(await client.get(), 1);
  t.is(warnings.length, 1);
  t.regex(warnings[0]!, /Nothing closes the real client of "g".*close: client =>/);
  cluster.close();
});

test('open() that throws what has no text is a failed opening like any other', async t => {
  const cluster = createMemoryCluster();
  cluster.setupPrimary();
  for (const thrown of [Symbol('odd'), Object.create(null), { toString: () => t.fail() }, null, undefined]) {
    const client = cluster.fork().createSharedClient({
      name: `group ${typeof thrown}`,
      open: (): { get(): number } => {
        throw thrown;
      },
    });
    await t.throwsAsync(client.ready(), { code: 'ERR_LEADER_FAILED' });
  }
  cluster.close();
});

test('what a subscription of the real client is odd in is one warning to the worker that leads', async t => {
  const cluster = createMemoryCluster();
  const { leader, follower } = await follow(cluster, () => ({
    subscribe(topic: string, listener: (...args: string[]) => void) {
      listener(topic, 'message');
      return 7;
    },
    unsubscribe() {},
    close() {},
  }));
  const warnings: string[] = [];
  for (const client of [leader, follower]) client.on('warning', ({ message }) => warnings.push(message));
  const values: unknown[] = [];
  for (const topic of ['a', 'b']) await follower.subscribe(topic, value => values.push(value)).ready;
  t.deepEqual(values, ['a', 'b']);
  t.is(warnings.length, 2);
  t.regex(warnings[0]!, /listeners with 2 arguments/);
  t.regex(warnings[1]!, /subscribe\(\) of the real client of "g" returned 7/);
  cluster.close();
});
