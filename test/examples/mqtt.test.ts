import test from 'ava';
import { connectAsync } from 'mqtt';
import { startExample } from '../helpers/examples/example.js';
import { startMosquitto } from '../helpers/services/of-examples.js';

test('four workers share one connection to an MQTT server, and one again after the leader is killed', async t => {
  const mosquitto = await startMosquitto(t);
  if (!mosquitto) return;
  const admin = await connectAsync(mosquitto.url, { reconnectPeriod: 0 });
  t.teardown(() => admin.endAsync(true));
  const connections = async () => (await mosquitto.connections()) - 1;
  await admin.publishAsync('house/kitchen/temperature', '20', { retain: true });
  const heard = new Set<string>();
  admin.on('message', (topic, payload) => heard.add(`${topic}: ${payload}`));
  await admin.subscribeAsync('house/workers/+');
  const app = startExample(t, 'mqtt', { MQTT_URL: mosquitto.url });

  await app.untilWorkersSay('ready');
  await app.untilWorkersSay('kitchen has 20°');
  t.is(await connections(), 1);
  await admin.publishAsync('house/bedroom/temperature', '18');
  await app.untilWorkersSay('bedroom has 18°');

  await app.killLeader();
  await app.untilWorkersSay('ready', 5);
  await admin.publishAsync('house/bedroom/temperature', '19');
  await app.untilWorkersSay('bedroom has 19°');
  t.is(await connections(), 1);
  t.is(heard.size, 5);
});
