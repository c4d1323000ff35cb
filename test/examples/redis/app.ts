// Prices from Redis, kept in each worker until they change: one connection for commands and messages of all workers.

import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import { createClient } from 'redis';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 4; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const redis = createSharedClient({
    name: 'redis',
    open: ({ fail, signal }) =>
      createClient({ url: process.env.REDIS_URL, RESP: 3, socket: { reconnectStrategy: false, signal } })
        .on('error', fail)
        .connect(),
    backoff: { maxMs: 500 },
    methods: { get: { idempotent: true } },
    replay: 'none',
  });
  await redis.ready();

  const prices = new Map<string, Promise<string | null>>();
  redis.on('resync', () => prices.clear()); // changes may have been missed
  await redis.subscribe('price changed', item => prices.delete(`${item}`)).ready;

  const priceOf = (item: string) => {
    const price = prices.get(item) ?? redis.get(`price of ${item}`);
    prices.set(item, price);
    price.catch(() => prices.delete(item));
    return price;
  };
  createServer(async ({ url }, response) => {
    const price = await priceOf(url!.slice(1)).catch(error => error.message);
    response.end(`worker ${cluster.worker!.id}: ${price}`);
  }).listen(process.env.PORT ?? 8080);
}
