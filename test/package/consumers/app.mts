// A user's app as an ES module. Its workers run the program that is named, or this one.

import assert from 'node:assert/strict';
import cluster, { type Worker } from 'node:cluster';
import { on, once } from 'node:events';
import { setupPrimary } from 'cluster-shared-client';
import { createMemoryCluster } from 'cluster-shared-client/testing';
import { Counter } from './counter.mjs';
import { work } from './work.mjs';

if (cluster.isWorker) {
  await work();
} else {
  cluster.setupPrimary({ exec: process.argv[2] ?? process.argv[1] });
  const primary = setupPrimary();
  const workers = [cluster.fork(), cluster.fork()];
  await Promise.all(workers.map(untilCounted));
  // Not before: the next leader would begin to count anew.
  for (const worker of workers) worker.process.kill('SIGTERM');
  await Promise.all(workers.map(worker => once(worker, 'exit')));
  await primary.close();

  const memory = createMemoryCluster();
  memory.setupPrimary();
  const counter = memory.fork().createSharedClient(Counter, { name: 'counter' });
  assert.equal(await counter.add(), 1);
  memory.close();
  console.log('done');
}

/** It sends other messages too: the library's. */
async function untilCounted(worker: Worker): Promise<void> {
  for await (const [message] of on(worker, 'message')) if (message === 'counted') return;
}
