import test from 'ava';
import { startExample } from '../helpers/examples/example.js';
import { makeDatabase } from '../helpers/services/of-examples.js';

test('four workers keep settings of PostgreSQL over one connection, and over one again after the leader is killed', async t => {
  const postgres = await makeDatabase(t);
  if (!postgres) return;
  const { admin, connections, cut, url } = postgres;
  await admin.query('CREATE TABLE settings (name text PRIMARY KEY, value text)');
  await admin.query("INSERT INTO settings VALUES ('greeting', 'hello')");
  const change = async (greeting: string) => {
    await admin.query("UPDATE settings SET value = $1 WHERE name = 'greeting'", [greeting]);
    await admin.query('NOTIFY settings');
  };
  const app = startExample(t, 'pg', { DATABASE_URL: url });

  await app.untilWorkersSay('hello');
  t.is(await connections(), 1);
  await change('good morning');
  await app.untilWorkersSay('good morning');

  await app.killLeader();
  await change('good day');
  await app.untilWorkersSay('good day');
  t.is(await connections(), 1);

  // The server ends the connection; the leader lives.
  await admin.query("UPDATE settings SET value = 'good night'");
  await cut();
  await app.untilWorkersSay('good night');
  t.is(await connections(), 1);
});
