import { connect } from '@nats-io/transport-node';
import test from 'ava';
import { startExample } from '../helpers/examples/example.js';
import { startNats } from '../helpers/services/of-examples.js';

test('four workers share one connection to NATS, and one again after the leader is killed', async t => {
  const nats = await startNats(t);
  if (!nats) return;
  const admin = await connect({ servers: nats.url });
  t.teardown(() => admin.close());
  admin.subscribe('time', { callback: (_, message) => void message.respond('noon') });
  const connections = async () => (await nats.connections()) - 1;
  const app = startExample(t, 'nats', { NATS_URL: nats.url });

  await app.untilWorkersSay('noon');
  t.is(await connections(), 1);
  admin.publish('orders.new', 'tea');
  admin.publish('elsewhere', 'nothing');
  await app.untilWorkersSay('orders.new tea');

  await app.killLeader();
  // The others have subscribed again, and the one in its place for the first time.
  await app.untilWorkersSay('orders may have been missed', 3);
  await app.untilWorkersSay('noon', 5);
  admin.publish('orders.paid', 'tea');
  await app.untilWorkersSay('orders.paid tea');
  t.is(await connections(), 1);
  t.deepEqual(
    app.lines.filter(line => line.includes('nothing')),
    [],
  );
});
