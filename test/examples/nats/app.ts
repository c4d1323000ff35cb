// Orders from NATS, heard by each worker, and questions to a service: one connection for all workers.

import cluster from 'node:cluster';
import { connect } from '@nats-io/transport-node';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 4; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const nats = createSharedClient({
    name: 'nats',
    replay: 'none',
    async open({ fail }) {
      const connection = await connect({ servers: process.env.NATS_URL, reconnect: false });
      connection.closed().then(error => fail(error ?? new Error('The connection to NATS is closed.')));
      return {
        async subscribe(subject: string, heard: (order: { subject: string; text: string }) => void) {
          const callback = (_: Error | null, message: { subject: string; string(): string }) =>
            heard({ subject: message.subject, text: message.string() });
          const subscription = connection.subscribe(subject, { callback });
          await connection.flush(); // the server has it now
          return () => subscription.unsubscribe();
        },
        publish: (subject: string, text: string) => connection.publish(subject, text),
        request: async (subject: string, text: string) => (await connection.request(subject, text)).string(),
        close: () => connection.close(),
      };
    },
  });
  await nats.ready();

  const me = `worker ${cluster.worker!.id}`;
  nats.on('resync', () => console.log(`${me}: orders may have been missed`));
  await nats.subscribe('orders.*', ({ subject, text }) => console.log(`${me}: ${subject} ${text}`)).ready;
  console.log(`${me}: ${await nats.request('time', 'now')}`);
}
