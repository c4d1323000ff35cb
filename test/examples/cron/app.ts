// A report each minute, made by one worker; when that one is gone, another goes on.

import cluster from 'node:cluster';
import { setInterval } from 'node:timers/promises';
import { setupPrimary, whileLeader } from 'cluster-shared-client';
import { createClient } from 'redis';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 4; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const makeReports = async (signal: AbortSignal, { term }: { term: number }) => {
    const redis = createClient({ url: process.env.REDIS_URL });
    await redis.on('error', console.error).connect();
    try {
      // Ends when this worker leads no longer.
      for await (const _ of setInterval(Number(process.env.EVERY_MS ?? 60_000), undefined, { signal }))
        await redis.rPush('reports', `term ${term}, worker ${cluster.worker!.id}`);
    } finally {
      redis.destroy();
    }
  };
  const job = whileLeader('reports', makeReports, { resignOn: ['SIGTERM'] });
  job.on('error', console.error); // and it is run again
}
