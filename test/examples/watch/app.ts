// Changes of a key-value store of NATS, until the one that is waited for: a watch in the leader, read in any worker.

import cluster from 'node:cluster';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { callContext, createSharedClient, setupPrimary } from 'cluster-shared-client';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 3; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const kv = createSharedClient({
    name: 'deployments',
    async open({ fail }) {
      const [servers, user, pass] = [process.env.NATS_URL!, 'app', process.env.NATS_PASSWORD];
      const connection = await connect({ servers, user, pass, reconnect: false, timeout: 5000 });
      connection.closed().then(error => fail(error ?? new Error('The connection to NATS is closed.')));
      return connection;
    },
    operations: {
      async *watch(connection, key: string) {
        const entries = await (await new Kvm(connection).create('deployments')).watch({ key });
        callContext()!.signal.addEventListener('abort', () => entries.stop()); // nobody reads any more
        // An entry has methods, so say what of it is sent.
        for await (const entry of entries) yield { key: entry.key, state: entry.string() };
      },
    },
    methods: { watch: { timeoutMs: 3_600_000 } }, // between two changes
  });
  for await (const { key, state } of kv.watch('>')) {
    console.log(`worker ${cluster.worker!.id}: ${key} ${state}`);
    if (state === 'done') break; // ends the watch
  }
  console.log(`worker ${cluster.worker!.id}: watches no longer`);
}
