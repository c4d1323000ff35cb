// A stream from a gRPC service, read in any worker: one channel for all, and a break cancels the call at the server.

import cluster from 'node:cluster';
import { credentials } from '@grpc/grpc-js';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import { Greeter } from '../grpc/greeter.ts'; // what protoc generates

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 3; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const greeter = createSharedClient(Greeter, {
    name: 'greeter',
    args: [process.env.GREETER_ADDRESS!, credentials.createInsecure()],
  });
  const me = `worker ${cluster.worker!.id}`;
  let count = 0;
  for await (const { hello } of greeter.keepGreeting({ name: 'Ada' })) {
    console.log(`${me}: ${hello} ${++count}`);
    if (count === 3) break;
  }
}
