// Greetings from a gRPC service: one channel for all workers, and methods with callbacks that return promises.

import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { credentials, InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import { Greeter } from './greeter.ts'; // what protoc generates

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 3; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const withToken: Interceptor = (options, nextCall) =>
    new InterceptingCall(nextCall({ ...options, deadline: Date.now() + 5000 }), {
      start(metadata, listener, next) {
        metadata.set('authorization', `Bearer ${process.env.GREETER_TOKEN}`);
        next(metadata, listener);
      },
    });
  const options = { interceptors: [withToken], 'grpc.max_reconnect_backoff_ms': 500 };
  const greeter = createSharedClient(Greeter, {
    name: 'greeter',
    args: [process.env.GREETER_ADDRESS!, credentials.createInsecure(), options],
    operations: {
      // A first call: if it fails, ready() of the handle rejects with the cause.
      ready: client => promisify(client.sayHello).call(client, { name: 'nobody' }),
    },
    methods: { sayHello: { callback: true, idempotent: true } },
  });
  await greeter.ready();
  createServer(async ({ url }, response) => {
    const { hello } = await greeter
      .sayHello({ name: url!.slice(1) })
      .catch((error: Error) => ({ hello: error.message }));
    response.end(`worker ${cluster.worker!.id}: ${hello}`);
  }).listen(process.env.PORT ?? 8080);
}
