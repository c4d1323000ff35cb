// A user's app as a CommonJS module, which loads the library, and a class that is an ES module, by require().

import assert from 'node:assert/strict';
import cluster, { type Worker } from 'node:cluster';
import { on, once } from 'node:events';

import library = require('cluster-shared-client');
import testing = require('cluster-shared-client/testing');
import counters = require('./counter.mjs');

const { Counter } = counters;
void (cluster.isWorker ? work() : lead());

async function lead(): Promise<void> {
  const primary = library.setupPrimary();
  const workers = [cluster.fork(), cluster.fork()];
  await Promise.all(workers.map(untilCounted));
  // Not before: the next leader would begin to count anew.
  for (const worker of workers) worker.process.kill('SIGTERM');
  await Promise.all(workers.map(worker => once(worker, 'exit')));
  await primary.close();

  const memory = testing.createMemoryCluster();
  memory.setupPrimary();
  const counter = memory.fork().createSharedClient(Counter, { name: 'counter' });
  assert.equal(await counter.add(), 1);
  memory.close();
  console.log('done');
}

async function work(): Promise<void> {
  const counter: library.SharedClient<counters.Counter> = library.createSharedClient(Counter, {
    name: 'counter',
    resignOn: ['SIGTERM'],
  });
  await counter.add();
  const count: number = await counter.reach(2);
  const error: unknown = await counter.invoke('nothing').catch(error => error);
  assert.ok(error instanceof library.SharedClientError);
  console.log(`${count} ${error.code}`);
  process.send?.('counted');
}

/** It sends other messages too: the library's. */
async function untilCounted(worker: Worker): Promise<void> {
  for await (const [message] of on(worker, 'message')) if (message === 'counted') return;
}
