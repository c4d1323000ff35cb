// Limits how often a visitor may come, over all workers: one connection to Redis, which ioredis opens again by itself.

import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import { Redis } from 'ioredis';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 3; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const redis = createSharedClient(Redis, {
    name: 'redis',
    args: [process.env.REDIS_URL!, { retryStrategy: () => 500, maxRetriesPerRequest: 1 }],
    readyOn: 'ready',
    resyncOn: ['ready'], // it reconnects by itself: subscribers get `resync`
    methods: { disconnect: { role: 'close' } }, // quit() would wait for a server that doesn't answer
    operations: {
      // A transaction belongs to the connection, so it runs beside it.
      async count(redis, visitor: string) {
        const results = await redis.multi().incr(visitor).expire(visitor, 60, 'NX').exec();
        const [error, visits] = results![0]!;
        if (error) throw error;
        return visits as number;
      },
    },
  });
  await redis.ready();

  createServer(async ({ url }, response) => {
    const visits = await redis.count(url!.slice(1)).catch(error => error.message);
    response.statusCode = visits > 100 ? 429 : 200;
    response.end(`worker ${cluster.worker!.id}: visit ${visits}`);
  }).listen(process.env.PORT ?? 8080);
}
