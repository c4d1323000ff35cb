// A user's app as a CommonJS module, which loads the library, and a class that is an ES module, by require().

import assert from 'node:assert/strict';
import cluster from 'node:cluster';
import { once } from 'node:events';

import library = require('cluster-shared-client');
import testing = require('cluster-shared-client/testing');
import counters = require('./counter.mjs');

const { Counter } = counters;
void (cluster.isWorker ? work() : lead());

async function lead(): Promise<void> {
  const primary = library.setupPrimary();
  const workers = [cluster.fork(), cluster.fork()];
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
  const counter: library.SharedClient<counters.Counter> = library.createSharedClient(Counter, { name: 'counter' });
  await counter.add();
  const count: number = await counter.reach(2);
  const error: unknown = await counter.invoke('nothing').catch(error => error);
  assert.ok(error instanceof library.SharedClientError);
  console.log(`${count} ${error.code}`);
  await counter.close();
  process.disconnect();
}
