// A test of the app replaces the functions of time while a client is in use.

import { createRequire } from 'node:module';
import test from 'ava';
import { createSharedClient } from '../lib/index.js';
import { createMemoryCluster } from '../lib/testing.js';

const sinon = createRequire(import.meta.url)('sinon');

/** What Vitest replaces unless it is told otherwise, and all that there is. */
const SETS: Readonly<Record<string, readonly string[]>> = {
  'the default of Vitest': [
    'setTimeout',
    'clearTimeout',
    'setImmediate',
    'clearImmediate',
    'setInterval',
    'clearInterval',
    'Date',
    'performance',
  ],
  everything: [
    'setTimeout',
    'clearTimeout',
    'setImmediate',
    'clearImmediate',
    'setInterval',
    'clearInterval',
    'Date',
    'performance',
    'hrtime',
    'nextTick',
    'queueMicrotask',
  ],
};

for (const [set, toFake] of Object.entries(SETS)) {
  test.serial(`calls go on while fake timers are installed, and after they were (${set})`, async t => {
    const cluster = createMemoryCluster();
    cluster.setupPrimary();
    const open = () => ({ get: async () => 1 });
    const [leader, follower] = [cluster.fork(), cluster.fork()].map(worker =>
      worker.createSharedClient({ name: 'g', open }),
    );
    const alone = createSharedClient({ name: `alone ${set}`, open });
    const clients = [leader!, follower!, alone];
    await Promise.all(clients.map(client => client.ready()));
    const fake = sinon.useFakeTimers({ toFake });
    const calls: Promise<unknown>[] = [];
    try {
      for (const client of clients) calls.push(client.invoke('get'));
      t.deepEqual(await Promise.all(calls), [1, 1, 1]);
      calls.push(...clients.map(client => client.invoke('get')));
    } finally {
      fake.restore();
    }
    for (const client of clients) calls.push(client.invoke('get'));
    t.deepEqual(await Promise.all(calls), Array(9).fill(1));
    await Promise.all(clients.map(client => client.close()));
    cluster.close();
  });
}
