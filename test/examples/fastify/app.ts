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
  type Flag = { Params: { name: string }; Body: { on: boolean } };
  app.get<Flag>('/flags/:name', ({ params: { name } }) => ({ on: flags[name] === 'on', worker: cluster.worker!.id }));
  app.put<Flag>('/flags/:name', async ({ params: { name }, body: { on } }) => {
    await redis.hSet('flags', name, on ? 'on' : 'off');
    await redis.publish('flags changed', name);
    return { worker: cluster.worker!.id };
  });
  process.on('SIGTERM', () => app.close().then(() => redis.close().then(() => process.exit()))); // requests in flight call
  await app.listen({ port: Number(process.env.PORT ?? 8080) });
}
