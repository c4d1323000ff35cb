// An HTTP server of 4 workers that answers from feature flags in memory: one connection to Redis keeps them up to date.

import cluster from 'node:cluster';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import Fastify from 'fastify';
import { createClient } from 'redis';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 4; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const template = createClient({ url: process.env.REDIS_URL, RESP: 3 });
  const redis = createSharedClient({
    name: 'flags',
    open: () => template.duplicate().on('error', console.error).connect(),
    methods: { hGetAll: { idempotent: true } },
    replay: 'none',
    resignOn: ['SIGTERM'],
  });
  await redis.ready();

  let flags: Record<string, string> = {};
  const load = async () => {
    flags = await redis.hGetAll('flags');
  };
  redis.on('resync', () => load().catch(console.error)); // changes may have been missed
  await redis.subscribe('flags changed', () => load().catch(console.error)).ready;
  await load();

  const app = Fastify();
  app.get<{ Params: { name: string } }>('/flags/:name', ({ params: { name } }) => ({
    on: flags[name] === 'on',
    worker: cluster.worker!.id,
  }));
  app.put<{ Params: { name: string }; Body: { on: boolean } }>('/flags/:name', async ({ params: { name }, body }) => {
    await redis.hSet('flags', name, body.on ? 'on' : 'off');
    await redis.publish('flags changed', name);
    return { worker: cluster.worker!.id };
  });
  process.on('SIGTERM', async () => {
    await app.close(); // requests in flight can still call: another worker leads meanwhile
    await redis.close();
    process.exit();
  });
  await app.listen({ port: Number(process.env.PORT ?? 8080) });
}
