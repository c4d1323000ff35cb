// Transfers between accounts in PostgreSQL: each is a transaction that runs in one worker, over a pool of two for all workers.

import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import { Pool } from 'pg';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 3; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const bank = createSharedClient(Pool, {
    name: 'bank',
    args: [{ connectionString: process.env.DATABASE_URL, max: 2, connectionTimeoutMillis: 5000 }],
    operations: {
      ready: pool => pool.query('SELECT 1'), // ready() of the handle rejects with the cause if it can't
      async transfer(pool, from: string, to: string, amount: number) {
        const client = await pool.connect();
        try {
          await client.query('BEGIN');
          const change = 'UPDATE accounts SET balance = balance + $2 WHERE name = $1';
          await client.query(change, [from, -amount]);
          await client.query(change, [to, amount]);
          await client.query('COMMIT');
          client.release();
          return 'done';
        } catch (error) {
          client.release(true); // closes the connection, and so ends the transaction
          throw error;
        }
      },
    },
  });
  await bank.ready();
  createServer(async (_, response) => {
    response.end(`worker ${cluster.worker!.id}: ${await bank.transfer('a', 'b', 1).catch(error => error.message)}`);
  }).listen(process.env.PORT ?? 8080);
}
