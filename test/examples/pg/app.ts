// Settings from PostgreSQL, in the memory of each worker: one connection that listens for changes, for all workers.

import cluster from 'node:cluster';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import { openPg } from 'cluster-shared-client/pg';
import { Client } from 'pg';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 4; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const db = createSharedClient({
    name: 'postgres',
    open: openPg(() => new Client({ connectionString: process.env.DATABASE_URL })),
    methods: { query: { idempotent: true } }, // it only reads
    replay: 'none',
  });
  await db.ready();

  const settings = new Map<string, string>();
  const load = async () => {
    const { rows } = await db.query<{ name: string; value: string }>('SELECT name, value FROM settings');
    for (const { name, value } of rows) settings.set(name, value);
    console.log(`worker ${cluster.worker!.id}: ${settings.get('greeting')}`);
  };
  db.on('resync', () => load().catch(console.error)); // changes may have been missed
  await db.subscribe('settings', () => load().catch(console.error)).ready; // NOTIFY settings
  await load();
}
