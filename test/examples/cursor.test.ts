import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { startExample } from '../helpers/examples/example.js';
import { PASSWORD, startPostgres } from '../helpers/services/of-recipes.js';
import { freePort } from '../helpers/services/process.js';

const ROWS = 100_000;

test('a table comes in order through each of three workers, and no transaction stays after a break or a browser that leaves', async t => {
  const server = await startPostgres(
    t,
    'CREATE TABLE orders (id int PRIMARY KEY, item text)',
    `INSERT INTO orders SELECT n, 'item ' || n FROM generate_series(1, ${ROWS}) n`,
  );
  if (!server) return;
  const port = await freePort();
  const DATABASE_URL = `postgres://postgres:${PASSWORD}@${server.address}/postgres`;
  const app = startExample(t, 'cursor', { DATABASE_URL, PORT: `${port}` });
  await app.until(lines => lines.find(line => line.endsWith(' leads')));

  /** The answer, and which worker gives it. Each has a connection of its own, so that workers take turns. */
  async function ask(most: number): Promise<{ response: IncomingMessage; worker: unknown }> {
    const request = get(`http://127.0.0.1:${port}/${most}`, { agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { response, worker: response.headers.worker };
  }
  const untilAll = async (use: (response: IncomingMessage) => Promise<unknown>, most: number) => {
    const workers = new Set();
    while (workers.size < 3) {
      const { response, worker } = await ask(most);
      await use(response);
      workers.add(worker);
    }
  };
  /** What the connections of the app do, once none of them runs a query. */
  async function idleStates(): Promise<unknown[]> {
    for (;;) {
      const rows = await server!.query(
        "SELECT state FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
      );
      const states = rows.map(({ state }) => state);
      if (states.every(state => state === 'idle')) return states;
      await sleep(20);
    }
  }

  await untilAll(async response => {
    let last = 0;
    for await (const line of createInterface({ input: response }))
      if (line !== `${++last},item ${last}`) throw new Error(`${line} in place of row ${last}`);
    t.is(last, ROWS);
  }, ROWS + 1);
  t.true((await idleStates()).length > 0);

  await untilAll(async response => {
    const lines = await response.toArray();
    t.is(lines.join(''), '1,item 1\n2,item 2\n');
  }, 2);
  t.true((await idleStates()).length > 0);

  await untilAll(async response => {
    await once(response, 'data');
    response.destroy();
  }, ROWS);
  t.true((await idleStates()).length > 0);
  t.true((await server.connections()) <= 4);
});
