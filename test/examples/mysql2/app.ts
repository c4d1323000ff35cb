// Reservations in MySQL or MariaDB: each is a transaction, and all workers share a pool of two connections.

import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import { createPool } from 'mysql2/promise';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 3; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const shop = createSharedClient({
    name: 'shop',
    open: () => createPool({ uri: process.env.MYSQL_URL!, connectionLimit: 2, connectTimeout: 5000 }),
    methods: { ping: { role: 'ready' } },
    operations: {
      ping: pool => pool.query('SELECT 1'), // if it can't, ready() rejects with the cause
      async reserve(pool, item: string) {
        const connection = await pool.getConnection();
        try {
          await connection.beginTransaction();
          await connection.execute('UPDATE stock SET count = count - 1 WHERE item = ?', [item]); // fails below 0
          await connection.execute('INSERT INTO orders (item) VALUES (?)', [item]);
          await connection.commit();
          connection.release();
        } catch (error) {
          connection.destroy(); // and so ends the transaction
          throw error;
        }
      },
    },
  });
  await shop.ready();
  createServer(async ({ url }, response) => {
    const text = await shop.reserve(url!.slice(1)).catch(error => error.message);
    response.end(`worker ${cluster.worker!.id}: ${text ?? 'reserved'}`);
  }).listen(process.env.PORT ?? 8080);
}
