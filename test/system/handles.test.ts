// A handle behaves as an object with functions does: taken apart, printed, spied on, probed.

import { once } from 'node:events';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { createMemoryCluster } from '../../lib/testing.js';

class Store {
  readonly map = new Map<string, string>();
  get(key: string) {
    return this.map.get(key);
  }
  async set(key: string, value: string) {
    this.map.set(key, value);
  }
  toJSON() {
    return 'never';
  }
}

// biome-ignore lint/suspicious/noExplicitAny: looked at from all sides.
async function handlesOf(t: ExecutionContext): Promise<[byClass: any, byOpen: any]> {
  const cluster = createMemoryCluster();
  t.teardown(() => cluster.close());
  cluster.setupPrimary();
  const worker = cluster.fork();
  const byClass = worker.createSharedClient(Store, { name: 'class' });
  const byOpen = worker.createSharedClient({ name: 'open', open: () => new Store() });
  await Promise.all([byClass.ready(), byOpen.ready()]);
  return [byClass, byOpen];
}

test('methods are bound: taken out, passed on, of with() too', async t => {
  for (const handle of await handlesOf(t)) {
    const { set, get, ready, status, with: withOptions } = handle;
    await set('a', '1');
    t.is(await get('a'), '1');
    await ready();
    t.is(typeof status(), 'object');
    t.deepEqual(await Promise.all(['a', 'b'].map(handle.get)), ['1', undefined]);
    const { get: quick } = withOptions({ timeoutMs: 100 });
    t.is(await quick('a'), '1');
    t.is(handle.get, handle.get);
    t.is(typeof handle.with({}).get, 'function');
  }
});

test('it is printed, listed and copied as an object', async t => {
  for (const handle of await handlesOf(t)) {
    const name = handle.status().name;
    t.regex(inspect(handle), new RegExp(`^SharedClient \\{ name: '${name}', isLeader: true, term: \\d+ \\}$`));
    t.is(`${handle}`, inspect(handle));
    t.regex(inspect({ deep: { handle } }), /handle: SharedClient/);
    t.true(Object.keys(handle).includes('get'));
    t.true('get' in handle && !('missing' in handle));
    const copy = { ...handle };
    await copy.set('a', '1');
    t.is(await copy.get('a'), '1');
    t.is(nameOf(() => structuredClone(handle)), 'DataCloneError');
    t.true(Object.hasOwn(handle, 'get') && Object.hasOwn(handle, 'set'));
  }
});

test('what is read to find out what it is gives nothing, and calls nothing', async t => {
  for (const handle of await handlesOf(t)) {
    const probes = [
      'then',
      'catch',
      'toJSON',
      'onModuleInit',
      'asymmetricMatch',
      '$$typeof',
      'nodeType',
      'missing',
      '_hidden',
    ];
    for (const name of probes) t.is(handle[name], undefined, name);
    for (const symbol of [Symbol.toStringTag, Symbol.iterator, Symbol.asyncIterator, Symbol.toPrimitive])
      t.is(handle[symbol], undefined);
    t.is(handle.constructor, Object);
    t.is(await handle, handle);
    t.notThrows(() => JSON.stringify({ handle }));
  }
});

test('a spy takes the place of a method, and gives it back', async t => {
  for (const handle of await handlesOf(t)) {
    for (const one of [handle, handle.with({ timeoutMs: 100 })]) {
      const original = one.get;
      one.get = () => 'spied';
      t.is(one.get('a'), 'spied');
      one.get = original;
      t.is(await one.get('a'), undefined);
    }
    Object.defineProperty(handle, 'set', { value: () => 'mocked', configurable: true });
    t.is(handle.set(), 'mocked');
  }
});

test('events.once() waits for its events', async t => {
  for (const handle of await handlesOf(t)) {
    const closed = once(handle, 'close');
    const listener = () => t.fail();
    handle.addListener('close', listener);
    handle.removeListener('close', listener);
    await handle.close();
    t.deepEqual(await closed, []);
  }
});

test('before the first ready() of an open handle an unknown method says what to do, where it is called', async t => {
  const cluster = createMemoryCluster();
  t.teardown(() => cluster.close());
  cluster.setupPrimary();
  // biome-ignore lint/suspicious/noExplicitAny: looked at from all sides.
  const handle: any = cluster.fork().createSharedClient({ name: 'g', open: () => new Store(), methods: { set: {} } });
  t.throws(() => handle.get('a'), { instanceOf: TypeError, message: /ready\(\)/ });
  for (const name of ['then', 'toJSON', 'onModuleInit', 'asymmetricMatch', '$$typeof', 'nodeType', '_hidden'])
    t.is(handle[name], undefined, name);
  t.false('get' in handle);
  await handle.set('a', '1');
  t.is(await handle.invoke('get', 'a'), '1');
  await handle.ready();
  t.is(await handle.get('a'), '1');
  t.is(handle.missing, undefined);
});

function nameOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as Error).name;
  }
}
