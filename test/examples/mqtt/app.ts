// Temperatures from an MQTT server, heard by each worker: one connection for all workers.

import cluster from 'node:cluster';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import { openMqtt } from 'cluster-shared-client/mqtt';
import { connect } from 'mqtt';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 3; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const mqtt = createSharedClient({
    name: 'mqtt',
    open: openMqtt(() => connect(process.env.MQTT_URL!, { reconnectPeriod: 0 })),
  });
  await mqtt.ready();

  const me = `worker ${cluster.worker!.id}`;
  // A late subscriber gets the last value too, as from the server where it retains it.
  for (const room of ['kitchen', 'bedroom'])
    mqtt.subscribe(`house/${room}/temperature`, ({ payload }) => console.log(`${me}: ${room} has ${payload}°`));
  await mqtt.publish(`house/workers/${cluster.worker!.id}`, 'here', { qos: 1 });
  console.log(`${me}: ready`);
}
