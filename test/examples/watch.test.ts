import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import test from 'ava';
import { startExample } from '../helpers/examples/example.js';
import { PASSWORD, startNatsWithPassword } from '../helpers/services/of-recipes.js';

test('entries that are put later arrive in three workers, and a break ends their watches at the server', async t => {
  const server = await startNatsWithPassword(t);
  if (!server) return;
  const kv = await new Kvm(server.admin).create('deployments');
  const manager = await jetstreamManager(server.admin);
  /** The client forgets consumers without deleting them: the server does that later. Those that are read have a subscription. */
  async function watches(): Promise<number> {
    let count = 0;
    for await (const { push_bound } of manager.consumers.list('KV_deployments')) if (push_bound) count++;
    return count;
  }
  await kv.put('shop', 'begun');
  t.is(await watches(), 0);
  const app = startExample(t, 'watch', { NATS_URL: server.address, NATS_PASSWORD: PASSWORD });
  await app.untilWorkersSay('shop begun', 3);
  t.is(await watches(), 3);
  await kv.put('shop', 'half');
  await app.untilWorkersSay('shop half', 3);
  await kv.put('shop', 'done');
  await app.untilWorkersSay('watches no longer', 3);
  while ((await watches()) > 0) await sleep(20);
  t.pass();
});
