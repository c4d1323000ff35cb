// Configuration from a key-value store of NATS, in the memory of each worker, and the same in all of them.

import cluster from 'node:cluster';
import { type KvEntry, Kvm } from '@nats-io/kv';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 3; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const store = (connection: NatsConnection) => new Kvm(connection).create('config'); // or opens it
  const config = createSharedClient({
    name: 'config',
    async open({ fail }) {
      const [servers, user, pass] = [process.env.NATS_URL!, 'app', process.env.NATS_PASSWORD];
      const connection = await connect({ servers, user, pass, reconnect: false, timeout: 5000 });
      connection.closed().then(error => fail(error ?? new Error('The connection to NATS is closed.')));
      return connection;
    },
    operations: {
      // What watches is an iterable: each item is a value.
      subscribe: async (connection, key: string) => (await store(connection)).watch({ key }),
      get: async (connection, key: string) => (await (await store(connection)).get(key))?.string(),
      set: async (connection, key: string, text: string) => (await store(connection)).put(key, text),
    },
    methods: { subscribe: { value: (entry: KvEntry) => entry.string() }, get: { idempotent: true } },
    backoff: { maxMs: 500 },
  });
  await config.ready();
  const me = `worker ${cluster.worker!.id}`;
  // The watch begins with the present value, after a reconnect too.
  await config.subscribe('colour', colour => console.log(`${me}: colour is ${colour}`)).ready;
  await config.set(`workers.${cluster.worker!.id}`, 'here');
  console.log(`${me}: ${await config.get(`workers.${cluster.worker!.id}`)}`);
}
