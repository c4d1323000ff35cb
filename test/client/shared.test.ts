import { createRequire } from 'node:module';
import test from 'ava';
import { share } from '../../lib/client/shared.js';
import { configure, createSharedClient, SharedClientError, setupPrimary } from '../../lib/index.js';

const KEY = Symbol.for('cluster-shared-client.runtime');
const globals = globalThis as { [KEY]?: object };

interface Compat {
  <T>(Class: new () => T, options: object): { create(): T };
  close(client: unknown): Promise<void>;
}

class Echo {
  async echo(value: string) {
    return value;
  }
}

test.afterEach(() => {
  delete globals[KEY];
});

for (const [which, theirs] of [
  ['older', { version: 0, value: {} }],
  ['newer', { version: 2, value: {} }],
  ['unknown', {}],
] as const) {
  test.serial(`with the object of a copy of ${which} version there is an error that says what to do`, t => {
    globals[KEY] = theirs;
    for (const ask of [() => createSharedClient(Echo, { name: 'a' }), () => setupPrimary(), () => configure({})]) {
      const error = t.throws(ask, { instanceOf: SharedClientError });
      t.like(error, { code: 'ERR_PROTOCOL' });
      t.regex(error.message, /Two versions of cluster-shared-client.*npm ls cluster-shared-client/);
    }
  });
}

test.serial('of a copy of the same version that was first only what is named is called', t => {
  const made: unknown[] = [];
  const createSharedClient_ = (...given: unknown[]) => {
    made.push(...given);
    return Echo;
  };
  globals[KEY] = { version: 1, value: { createSharedClient: createSharedClient_ } };
  t.is(createSharedClient(Echo, { name: 'a' }), Echo as never);
  t.deepEqual(made, [Echo, { name: 'a' }]);
});

test.serial('what is shared is made once, and nobody can replace it', t => {
  const first = share('runtime', () => ({}));
  t.is(
    share('runtime', () => ({})),
    first,
  );
  t.true(Object.isFrozen(globals[KEY]));
});

test.serial('the drop-in of another copy has its clients on the runtime of this one', async t => {
  const other = createRequire(import.meta.url)('cluster-shared-client/compat') as Compat;
  const own = createSharedClient(Echo, { name: 'own', standalone: true });
  class Registry {
    ready = async () => {};
    subscribe(_reg: object, listener: (value: string) => void) {
      listener('value');
    }
    publish() {}
    async echo(value: string) {
      return value;
    }
    close() {}
  }
  const client = other(Registry, { singleMode: true }).create();
  await client.ready();
  t.is(await client.echo('here'), 'here');
  const received = await new Promise(resolve => client.subscribe({ dataId: 'a' }, resolve));
  t.is(received, 'value');
  await other.close(client);
  await own.close();
});
