// Clients of the drop-in in one process by themselves: what needs no other worker.

import { tracingChannel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import test from 'ava';
import cluster, { APIClientBase, type ClusterOptions } from '../../lib/compat.js';

let names = 0;

/** Alone, under a name of its own. */
const alone = (options: ClusterOptions = {}): ClusterOptions => ({
  name: `single ${++names}`,
  singleMode: true,
  ...options,
});

class Plain {
  async echo(value: unknown) {
    return value;
  }
}

class Emitting extends EventEmitter {
  async refuse() {
    throw new Error('refused');
  }
  publish() {
    throw new Error('not published');
  }
  *generate(): Generator<unknown, string> {
    yield Promise.resolve();
    return 'generated';
  }
}

test('close() closes a client whatever is delegated, as often as it is asked to', async t => {
  const client = cluster(Plain, alone({ autoGenerate: false }))
    .delegate('echo')
    .create();
  t.is(await client.echo('x'), 'x');
  await Promise.all([client.close(), client.close(), cluster.close(client)]);
  await t.throwsAsync(client.echo('x'), { name: 'ClusterSocketCloseError', message: /closed/ });
  await client.ready();
});

test('what is asked of a closed client that has no answer is left undone', async t => {
  class Quiet extends Plain {
    subscribe(_reg: string, _listener: (value: unknown) => void) {}
    unSubscribe(_reg: string) {}
    publish(_reg: string) {}
  }
  const client = cluster(Quiet, alone()).create();
  await client.close();
  t.notThrows(() => {
    client.subscribe('a', () => {});
    client.unSubscribe('a');
    client.publish('a');
  });
});

test('errors that nobody listens to go to the logger, and nowhere without one', async t => {
  const logged: unknown[] = [];
  const client = cluster(Emitting, alone({ logger: { error: error => logged.push(error) } })).create();
  await client.ready();
  client.emit('error', new Error('unheard'));
  t.like(logged, [{ message: 'unheard' }]);
  const received = new Promise<Error>(resolve => client.once('error', resolve));
  client.publish();
  t.is((await received).message, 'not published');
  await client.close();
  const silent = cluster(Emitting, alone({ logger: {} })).create();
  t.notThrows(() => silent.emit('error', new Error('unheard')));
  await silent.close();
});

test('what a listener throws is an error of the client, and the next listener hears the value', async t => {
  class Saying extends Emitting {
    subscribe(_reg: string, listener: (value: unknown) => void) {
      listener('said');
    }
  }
  const client = cluster(Saying, alone()).create();
  const failed = new Promise<Error>(resolve => client.once('error', resolve));
  client.subscribe('a', () => {
    throw new Error('thrown by a listener');
  });
  const received = new Promise(resolve => client.subscribe('a', resolve));
  t.is((await failed).message, 'thrown by a listener');
  t.is(await received, 'said');
  await client.close();
});

test('an error of a call shows its method by its own name, and where it was waited for', async t => {
  let hasBegun = false;
  class Slow extends Plain {
    async never() {
      hasBegun = true;
      await new Promise(() => {});
    }
  }
  const client = cluster(Slow, alone({ responseTimeout: 20 })).create();
  async function waiting() {
    await client.never();
  }
  const error = await t.throwsAsync(waiting(), { name: 'ResponseTimeoutError' });
  // On a busy machine its time may be up before it begins.
  t.regex(error!.message, hasBegun ? /^client\.never\(\) did not end within/ : /^client\.never\(\) was not started/);
  t.regex(error!.stack!, /at async waiting/);
  await client.close();
});

test('a subscription that fails later is an error', async t => {
  class Refusing extends Emitting {
    async subscribe(_reg: string, _listener: (value: unknown) => void) {
      throw new Error('not subscribed');
    }
  }
  const client = cluster(Refusing, alone()).create();
  const received = new Promise<Error>(resolve => client.once('error', resolve));
  client.subscribe('a', () => {});
  t.is((await received).message, 'not subscribed');
  await client.close();
});

test('a generator method can be caught and followed like a promise, is asked once, and takes a callback', async t => {
  let asked = 0;
  class Counting extends Emitting {
    override *generate(): Generator<unknown, string> {
      asked++;
      return yield* super.generate();
    }
  }
  const client = cluster(Counting, alone()).create();
  const call = client.generate();
  t.is(await call.finally(() => {}), 'generated');
  t.is(await call.catch(() => 'caught'), 'generated');
  t.is(await call, 'generated');
  t.deepEqual(await new Promise<unknown[]>(resolve => client.generate((...results) => resolve(results))), [
    null,
    'generated',
  ]);
  t.is(asked, 2);
  await client.close();
});

test('options of the client itself', async t => {
  const client = cluster(Plain, alone({ maxListeners: 50, own: 'kept', isLeader: undefined })).create();
  t.is(client.getMaxListeners(), 50);
  t.like(client.options, { own: 'kept', isBroadcast: true, responseTimeout: 3000, maxWaitTime: 30_000 });
  const { transcode } = client.options as {
    transcode: { encode(value: unknown): unknown; decode(value: unknown): unknown };
  };
  t.deepEqual([transcode.encode(1), transcode.decode(2)], [1, 2]);
  await client.close();
});

test('a key that can not be formatted fails the call', async t => {
  class Publishing extends Plain {
    publish(_reg: string) {}
    async unPublish(_reg: string) {}
  }
  const formatKey = (reg: unknown) => {
    if (reg === 'bad') throw new Error('no key');
    return String(reg);
  };
  const client = cluster(Publishing, alone({ formatKey })).create();
  await client.ready();
  await t.throwsAsync(client.unPublish('bad'), { message: 'no key' });
  client.publish('good');
  client.publish('good');
  await client.unPublish('good');
  client.publish('left');
  await client.close();
});

test('a transcode that throws fails the call', async t => {
  const transcode = {
    encode() {
      throw new Error('not encoded');
    },
    decode: (value: unknown) => value,
  };
  const client = cluster(Plain, alone({ transcode, singleMode: false })).create();
  await client.ready();
  await t.throwsAsync(client.echo(1), { message: 'not encoded' });
  await client.close();
});

test('a result that a transcode can not read fails the call', async t => {
  const transcode = {
    encode: (value: unknown) => value,
    decode(value: unknown) {
      if (value === 'unreadable') throw new Error('not decoded');
      return value;
    },
  };
  class Unreadable extends Plain {
    async read(_how: string) {
      return 'unreadable';
    }
  }
  const client = cluster(Unreadable, alone({ transcode, singleMode: false })).create();
  await client.ready();
  await t.throwsAsync(client.read('well'), { message: 'not decoded' });
  await client.close();
});

test('who watches calls sees those of the drop-in, and how they ended', async t => {
  const ended: unknown[] = [];
  const note = (message: object) => {
    const { side, group, method, result, error } = message as Record<string, unknown>;
    if (side === 'caller' && group === 'watched@single')
      ended.push([method, result, (error as Error | undefined)?.message]);
  };
  const nothing = () => {};
  const subscribers = { start: nothing, end: nothing, asyncStart: nothing, asyncEnd: note, error: nothing };
  const channel = tracingChannel('cluster-shared-client:call');
  const client = cluster(Plain, alone({ name: 'watched' })).create();
  await client.ready();
  channel.subscribe(subscribers);
  await client.echo(1);
  await client.close();
  await t.throwsAsync(client.echo(2), { name: 'ClusterSocketCloseError' });
  channel.unsubscribe(subscribers);
  t.deepEqual(ended.slice(0, 1), [['client.echo', 1, undefined]]);
  t.regex(String((ended[1] as unknown[])[2]), /closed/);
});

test('a method that is gone from the real client is missed, and ends nothing else', async t => {
  class Losing extends Plain {
    async lost() {}
    constructor() {
      super();
      Object.assign(this, { lost: undefined });
    }
  }
  const client = cluster(Losing, alone()).delegate('echo').create();
  await t.throwsAsync(client.lost(), { code: 'ERR_UNKNOWN_METHOD' } as object);
  t.is(await client.echo(1), 1);
  await client.close();
});

test('the real client may be ready by a promise, or not', async t => {
  class Promising extends Plain {
    constructor(private readonly failure?: Error) {
      super();
    }
    async ready() {
      if (this.failure) throw this.failure;
    }
  }
  const good = cluster(Promising, alone()).create();
  await good.ready();
  const bad = cluster(Promising, alone()).create(new RangeError('never'));
  await t.throwsAsync(bad.ready(), { instanceOf: RangeError });
  await Promise.all([good.close(), bad.close()]);
});

test('what the real client throws when it is closed is thrown, however often it is asked to close', async t => {
  let failures = 0;
  class Stubborn extends Plain {
    async close() {
      failures++;
      throw new Error('not closed');
    }
  }
  const client = cluster(Stubborn, alone()).create();
  await client.ready();
  await t.throwsAsync(client.close(), { message: 'not closed' });
  await t.throwsAsync(client.close(), { message: 'not closed' });
  t.is(failures, 1);
});

test('an API client needs nothing but its class', async t => {
  class Api extends APIClientBase {
    override get DataClient() {
      return Plain;
    }
    override get clusterOptions() {
      return alone(super.clusterOptions);
    }
  }
  const api = new Api();
  await api.ready();
  t.is(await api._client.echo(1), 1);
  t.deepEqual(api.delegates, {});
  await api.close();
});

test('who requires it can use it at once', async t => {
  const { useIt, Api } = createRequire(import.meta.url)('../fixtures/compat-require.cjs');
  t.is(await useIt(), 1);
  t.true(Api.prototype instanceof APIClientBase);
});

test('cluster.close() of what is no client throws', t => {
  t.throws(() => cluster.close({}), { message: /^\[cluster#close\] client must be a client/ });
  t.throws(() => cluster.close(undefined as never), { message: /client/ });
});

test('private methods, and those of emitters and objects, can not be called by an API client', async t => {
  class Real extends EventEmitter {
    async echo(value: unknown) {
      return value;
    }
    _secret() {
      return t.fail();
    }
  }
  class Api extends APIClientBase {
    override get DataClient() {
      return Real;
    }
    override get clusterOptions() {
      return alone();
    }
  }
  const api = new Api();
  await api.ready();
  const ask = (method: string) =>
    new Promise(resolve =>
      api._client[Symbol.for('ClusterClient#invoke')](method, ['error'], (error: unknown) => resolve(error)),
    );
  for (const method of ['_secret', 'removeAllListeners', '__defineGetter__', 'toString'])
    t.like(await ask(method), { code: 'ERR_UNKNOWN_METHOD' }, method);
  t.is(await ask('echo'), null);
  api.close();
});

test('a client that emits by an inner emitter is opened, and its errors kill nothing', async t => {
  const inner = new EventEmitter();
  class Wrapping {
    on(event: string, listener: (...args: unknown[]) => void) {
      inner.on(event, listener);
    }
    async echo(value: unknown) {
      return value;
    }
  }
  const client = cluster(Wrapping, alone()).create();
  t.is(await client.echo('x'), 'x');
  inner.emit('error', new Error('inner'));
  t.is(await client.echo('y'), 'y');
  await client.close();
});
