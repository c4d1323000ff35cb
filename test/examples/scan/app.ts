// All keys of Redis, bit by bit, in any worker: an iterator of the client, as it is.

import cluster from 'node:cluster';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import { createClient } from 'redis';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 3; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const redis = createSharedClient({
    name: 'redis',
    open: () => createClient({ url: process.env.REDIS_URL }).on('error', console.error).connect(),
  });
  await redis.ready();
  const found = new Set<string>();
  for await (const keys of redis.scanIterator()) for (const key of keys) found.add(key);
  console.log(`worker ${cluster.worker!.id}: ${found.size} keys`);
}
