// Settings from PostgreSQL, in the memory of each worker: one connection that listens for changes, for all workers.

import cluster from 'node:cluster';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import { type Notification, Pool } from 'pg';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 3; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const connectionString = process.env.DATABASE_URL;
  const db = createSharedClient(Pool, {
    name: 'settings',
    // One connection that stays: it runs one query at a time. When it is lost, so is what it listens to.
    args: [{ connectionString, max: 1, idleTimeoutMillis: 0, connectionTimeoutMillis: 5000 }],
    failOn: ['error', 'remove'],
    operations: {
      ready: pool => pool.query('SELECT 1'), // if it can't, ready() of the handle rejects with the cause
      async subscribe(pool, channel: string, listener: (payload?: string) => void) {
        const client = await pool.connect();
        client.on('notification', (told: Notification) => told.channel === channel && listener(told.payload));
        await client.query(`LISTEN ${client.escapeIdentifier(channel)}`).finally(() => client.release());
      },
    },
    methods: { query: { idempotent: true } }, // it only reads
    backoff: { maxMs: 500 },
    replay: 'none',
  });
  await db.ready();
  const load = async () => {
    const { rows } = await db.query('SELECT name, value FROM settings');
    console.log(`worker ${cluster.worker!.id}: ${new Map(rows.map(row => [row.name, row.value])).get('greeting')}`);
  };
  db.on('resync', () => load().catch(console.error)); // changes may have been missed
  await db.subscribe('settings', () => load().catch(console.error)).ready; // NOTIFY settings
  await load();
}
