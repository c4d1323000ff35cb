// What comes along with a call by the option `context`.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { ContextOption } from '../../lib/index.js';
import { callContext } from '../../lib/index.js';
import { tasks } from '../helpers/system/client.js';
import { endOf, everywhere, type Rig, system } from '../helpers/system/test.js';

const storage = new AsyncLocalStorage<unknown>();

const HOOKS: ContextOption = {
  inject: () => storage.getStore() as string,
  extract: (carrier, run) => storage.run(carrier, run),
};

/** What the methods of the real client find: the context of their caller, in what they await too. */
function recordContexts(rig: Rig): unknown[] {
  const found: unknown[] = [];
  tasks.set('context', async () => {
    found.push(storage.getStore());
    await null;
    found.push(storage.getStore());
    return storage.getStore();
  });
  rig.upstream().onPublish = () => void found.push(storage.getStore());
  rig.upstream().onUnpublish = () => void found.push(storage.getStore());
  return found;
}

const { run } = storage;
const inside = <T>(context: unknown, make: () => T): T => run.call(storage, context, make) as T;

everywhere('what the caller injects is what the method runs in, wherever it was called', async (t, rig) => {
  const [leading, following] = await rig.clients(2, { context: HOOKS });
  const found = recordContexts(rig);
  for (const client of [leading!, following!]) {
    const carrier = { traceparent: '00-1-2-01', baggage: ['"', 'é', 1] };
    t.deepEqual(await rig.time.until(inside(carrier, () => client.run('context'))), carrier);
    t.deepEqual(found.splice(0), [carrier, carrier]);
    // With arguments that need the codec.
    await rig.time.until(inside('codec', () => client.publish(new Date(0), 5n, Buffer.alloc(10_000))));
    t.deepEqual(found.splice(0), ['codec']);
    t.like(rig.upstream().calls.at(-1), { method: 'publish', args: [new Date(0), 5n, Buffer.alloc(10_000)] });
  }
});

everywhere('nothing comes along where nothing was injected', async (t, rig) => {
  const [, following] = await rig.clients(2, { context: HOOKS });
  const found = recordContexts(rig);
  await rig.time.until(following!.run('context'));
  await rig.time.until(inside(null, () => following!.run('context')));
  await rig.time.until(inside(Symbol('no JSON'), () => following!.run('context')));
  t.deepEqual(found, Array(6).fill(undefined));
});

system('it comes along with what waits, what is sent again and what is taken back', async (t, rig) => {
  const early = rig.client(rig.fork(), { context: HOOKS, eligible: false });
  const found = recordContexts(rig);
  const waiting = inside('waited', () => early.run('context'));
  const [first] = [rig.client(rig.fork(), { context: HOOKS }), rig.client(rig.fork(), { context: HOOKS })];
  await rig.time.until(waiting);
  t.deepEqual(found.splice(0), ['waited', 'waited']);
  await rig.time.until(inside('sticky', () => early.with({ sticky: 'k' }).publish('x')));
  rig.leader().kill();
  await rig.time.until(first!.ready());
  await rig.time.settle();
  t.deepEqual(found.splice(0), ['sticky', 'sticky']);
  await rig.time.until(early.unpublish('k'));
  t.deepEqual(found.splice(0), ['sticky']);
});

everywhere('a hook that throws ends no call', async (t, rig) => {
  const errors: string[] = [];
  const hooks = { ...HOOKS };
  const clients = await rig.clients(2, {
    context: { inject: () => hooks.inject(), extract: (carrier, run) => hooks.extract(carrier, run) },
  });
  for (const client of clients) client.on('error', error => errors.push(error.message));
  const found = recordContexts(rig);
  const call = () => rig.time.until(inside('x', () => clients[1]!.run('context')));

  hooks.inject = () => {
    throw new Error('inject');
  };
  t.is(await call(), undefined);
  hooks.inject = () => ({ big: 1n });
  t.is(await call(), undefined);
  t.regex(errors[1]!, /BigInt/);
  hooks.inject = HOOKS.inject;
  hooks.extract = () => {
    throw new Error('before');
  };
  t.is(await call(), undefined);
  hooks.extract = (carrier, run) => {
    HOOKS.extract(carrier, run);
    throw new Error('after');
  };
  t.is(await call(), 'x');
  // It forgot to run it, or ran it twice.
  hooks.extract = () => undefined;
  t.is(await call(), undefined);
  hooks.extract = (carrier, run) => {
    HOOKS.extract(carrier, run);
    return run();
  };
  t.is(await call(), 'x');
  t.deepEqual([errors[0], ...errors.slice(2)], ['inject', 'before', 'after']);
  t.is(found.length, 12, 'each ran once');
});

everywhere('what is injected has a limit, beyond which the call goes without', async (t, rig) => {
  const errors: unknown[] = [];
  const context = { inject: () => 'x'.repeat(2 ** 20), extract: HOOKS.extract };
  const [client] = await rig.clients(1, { context });
  client!.on('error', error => errors.push((error as { code?: unknown }).code));
  tasks.set('name', () => storage.getStore());
  t.is(await rig.time.until(client!.run('name')), undefined);
  t.deepEqual(errors, ['ERR_NOT_SERIALIZABLE']);
});

everywhere('what a method throws at once is its own, though a hook may see it', async (t, rig) => {
  const seen: string[] = [];
  const errors: string[] = [];
  const extract: ContextOption['extract'] = (_carrier, run) => {
    try {
      return run();
    } catch (error) {
      seen.push((error as Error).message);
      throw error;
    }
  };
  const [client] = await rig.clients(1, { context: { inject: () => 'x', extract } });
  client!.on('error', error => errors.push(error.message));
  tasks.set('throws', () => {
    throw new Error('of the method');
  });
  t.is(await rig.time.until(endOf(client!.run('throws'))), 'of the method');
  t.deepEqual([seen, errors], [['of the method'], []]);
});

system('a leader without hooks passes it over, and callContext() is there in any case', async (t, rig) => {
  const leading = rig.client(rig.fork());
  await rig.time.until(leading.ready());
  const following = rig.client(rig.fork(), { context: HOOKS });
  await rig.time.settle();
  t.true(rig.warnings.some(warning => /another context/.test(warning)));
  tasks.set('name', () => [callContext()?.name, storage.getStore()]);
  t.deepEqual(await rig.time.until(inside('x', () => following.run('name'))), ['g', undefined]);
});

everywhere('a hook finds callContext() too', async (t, rig) => {
  const names: unknown[] = [];
  const extract: ContextOption['extract'] = (_carrier, run) => {
    names.push(callContext()?.name);
    return run();
  };
  const [client] = await rig.clients(1, { context: { inject: () => 'x', extract } });
  await rig.time.until(client!.echo(1));
  t.deepEqual(names, ['g']);
});
