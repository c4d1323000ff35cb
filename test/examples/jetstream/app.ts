// Jobs from a stream of NATS: one consumer for all workers, and each job goes to one of them.

import cluster from 'node:cluster';
import { type JsMsg, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 3; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const jobs = createSharedClient({
    name: 'jobs',
    async open({ fail }) {
      const [servers, user, pass] = [process.env.NATS_URL!, 'app', process.env.NATS_PASSWORD];
      const connection = await connect({ servers, user, pass, reconnect: false, timeout: 5000 });
      connection.closed().then(error => fail(error ?? new Error('The connection to NATS is closed.')));
      return connection;
    },
    operations: {
      async prepare(connection) {
        const { consumers } = await jetstreamManager(connection);
        await consumers.add('jobs', { durable_name: 'workers', ack_policy: 'explicit' }); // if there is none
      },
      subscribe: async (connection, stream: string) =>
        (await jetstream(connection).consumers.get(stream, 'workers')).consume(),
      add: async (connection, job: string) => (await jetstream(connection).publish('jobs.new', job)).seq,
    },
    // Acknowledged as soon as it goes to a worker.
    methods: { prepare: { role: 'ready' }, subscribe: { value: (job: JsMsg) => job.ack() ?? job.string() } },
    backoff: { maxMs: 500 },
  });
  await jobs.ready();
  const me = `worker ${cluster.worker!.id}`;
  await jobs.with({ delivery: 'one' }).subscribe('jobs', job => console.log(`${me}: does ${job}`)).ready;
  console.log(`${me}: added ${(await jobs.add(`the first of ${cluster.worker!.id}`)) > 0}`);
}
