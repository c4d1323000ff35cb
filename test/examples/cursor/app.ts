// A large table of PostgreSQL as a CSV file over HTTP, from any worker and in little memory: a cursor in the leader.

import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import { Pool } from 'pg';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 3; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const db = createSharedClient(Pool, {
    name: 'orders',
    args: [{ connectionString: process.env.DATABASE_URL, max: 4, connectionTimeoutMillis: 5000 }],
    operations: {
      async *orders(pool) {
        const client = await pool.connect();
        try {
          await client.query('BEGIN READ ONLY; DECLARE found CURSOR FOR SELECT id, item FROM orders ORDER BY id');
          const next = () => client.query('FETCH 1000 FROM found');
          for (let page = await next(); page.rows.length > 0; page = await next()) yield* page.rows;
        } finally {
          await client.query('ROLLBACK').finally(() => client.release()); // also after a break
        }
      },
    },
  });
  async function* csv(most: number) {
    for await (const { id, item } of db.with({ maxQueued: 1000 }).orders()) {
      yield `${id},${item}\n`;
      if (id === most) break; // ends the transaction
    }
  }
  createServer(({ url }, response) => {
    pipeline(csv(Number(url!.slice(1))), response.setHeader('worker', cluster.worker!.id)).catch(() => {});
  }).listen(process.env.PORT ?? 8080);
}
