// Orders from NATS, heard by each worker, and questions to a service: one connection for all workers.

import cluster from 'node:cluster';
import { connect, type Msg } from '@nats-io/transport-node';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 3; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const nats = createSharedClient({
    name: 'nats',
    async open({ fail }) {
      const [servers, user, pass] = [process.env.NATS_URL!, 'app', process.env.NATS_PASSWORD];
      const connection = await connect({ servers, user, pass, reconnect: false, timeout: 5000 });
      connection.closed().then(error => fail(error ?? new Error('The connection to NATS is closed.')));
      return connection;
    },
    methods: {
      // A message has methods, so say what of it is sent to the workers.
      subscribe: { value: (message: Msg) => ({ subject: message.subject, text: message.string() }) },
      request: { result: (message: Msg) => message.string() },
    },
    backoff: { maxMs: 500 },
    replay: 'none',
  });
  const me = `worker ${cluster.worker!.id}`;
  await nats.ready();
  nats.on('resync', () => console.log(`${me}: orders may have been missed`));
  await nats.subscribe('orders.*', ({ subject, text }) => console.log(`${me}: ${subject} ${text}`)).ready;
  console.log(`${me}: ${await nats.request('time', 'now')}`);
}
