// What is given in the place of something else may hold a password: no text of the library has it.

import test from 'ava';
import cluster from '../lib/compat.js';
import { configure, whileLeader } from '../lib/index.js';
import { createMemoryCluster, type MemoryCluster } from '../lib/testing.js';

const URI = 'redis://admin:secret@host';

/** Objects that become that text. */
const OBJECTS: readonly unknown[] = [new URL(URI), [URI], { toString: () => URI, toJSON: () => URI }];

class Client {
  async get(): Promise<number> {
    return 1;
  }
  close(): void {}
}

type Use = (secret: unknown, memory: MemoryCluster) => unknown;

/** No type allows what is given here. */
const call = (fn: unknown, ...args: unknown[]): unknown => (fn as (...args: unknown[]) => unknown)(...args);

const create =
  (...argumentsFor: readonly ((secret: unknown) => unknown)[]): Use =>
  (secret, memory) =>
    call(memory.fork().createSharedClient, ...argumentsFor.map(make => make(secret)));
const definition = (option: string, make = (secret: unknown): unknown => secret) =>
  create(secret => ({ name: 'g', open: () => new Client(), [option]: make(secret) }));
const Class = () => Client;
const given = (secret: unknown) => secret;

/** Each is refused where it gets a text. */
const REFUSED: Readonly<Record<string, Use>> = {
  args: create(Class, secret => ({ name: 'g', args: secret })),
  'the options of a class': create(Class, given),
  'a definition': create(given),
  'what follows a definition': create(() => ({ name: 'g', open: () => new Client() }), given),
  ...Object.fromEntries(
    ['open', 'close', 'timeoutMs', 'priority', 'methods', 'events', 'replay', 'context', 'eligible'].map(option => [
      option,
      definition(option),
    ]),
  ),
  'a signal': definition('resignOn', secret => ['SIGTERM', secret]),
  'a hook of context': definition('context', secret => ({ inject: secret, extract() {} })),
  'a method': definition('methods', secret => ({ get: secret })),
  'the role of a method': definition('methods', secret => ({ get: { role: secret } })),
  'the timeout of a method': definition('methods', secret => ({ get: { timeoutMs: secret } })),
  'an option of the primary': (secret, memory) => call(memory.setupPrimary, { route: secret }),
  'an option of configure()': secret => call(configure, { heartbeatMs: secret }),
  'a task': secret => call(whileLeader, 'task', secret),
  'a delegate': secret =>
    cluster(Client)
      .delegate('get', secret as 'invoke')
      .create(),
};

/** What running this throws, or rejects with; none. */
async function errorOf(run: () => unknown): Promise<Error & { code?: unknown }> {
  try {
    await run();
    return new Error('none');
  } catch (error) {
    return error as Error;
  }
}

for (const [where, use] of Object.entries(REFUSED)) {
  test(`the text of the error doesn't show what was given for ${where}`, async t => {
    const memory = createMemoryCluster();
    const error = await errorOf(() => use(URI, memory));
    t.is(error.code, 'ERR_INVALID_OPTION');
    t.notRegex(error.stack!, /secret@/);
    for (const object of OBJECTS) t.notRegex((await errorOf(() => use(object, memory))).stack!, /secret@/);
    memory.close();
  });
}

test('what open() returned instead of a client is not shown', async t => {
  const memory = createMemoryCluster();
  memory.setupPrimary();
  const client = memory.fork().createSharedClient({ name: 'g', open: () => URI as unknown as Client });
  const error = await errorOf(() => client.ready());
  t.is(error.code, 'ERR_LEADER_FAILED');
  t.regex(String(error.cause), /open\(\) must return the real client, but it returned a string of 25 characters/);
  t.notRegex(error.stack! + (error.cause as Error).stack, /secret@/);
  t.notRegex(JSON.stringify(memory.setupPrimary().status()), /secret@/);
  memory.close();
});

test('a name or an id that is none is not shown', async t => {
  const memory = createMemoryCluster();
  const primary = memory.setupPrimary();
  const client = memory.fork().createSharedClient({ name: 'g', open: () => new Client() });
  await client.ready();
  const uses = {
    ERR_UNKNOWN_METHOD: (name: unknown) => client.invoke(name as string),
    ERR_INVALID_OPTION: (name: unknown) => primary.transfer(name as string),
  };
  for (const object of [...OBJECTS, Object.create(null)]) {
    for (const [code, use] of Object.entries(uses)) {
      const error = await errorOf(() => use(object));
      t.is(error.code, code);
      t.notRegex(error.stack!, /secret@/);
    }
  }
  for (const id of [URI, ...OBJECTS]) {
    const error = await errorOf(() => primary.transfer('g', id as number));
    t.is(error.code, 'ERR_INVALID_OPTION');
    t.notRegex(error.stack!, /secret@/);
  }
  memory.close();
});
