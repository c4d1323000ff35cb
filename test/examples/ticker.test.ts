import { setTimeout as sleep } from 'node:timers/promises';
import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import test from 'ava';
import { startExample } from '../helpers/examples/example.js';
import { GREETER } from './grpc/greeter.js';

test('three workers read a stream of a gRPC service, and their breaks cancel the calls at the server', async t => {
  let cancelled = 0;
  let onCancelled = () => {};
  async function keepGreeting(call: ServerWritableStream<{ name: string }, object>) {
    call.on('cancelled', () => {
      cancelled++;
      onCancelled();
    });
    for (; !call.cancelled; await sleep(5)) call.write({ hello: `hello ${call.request.name}` });
  }
  const server = new Server();
  server.addService(GREETER, { keepGreeting });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  t.teardown(() => server.forceShutdown());
  const app = startExample(t, 'ticker', { GREETER_ADDRESS: `127.0.0.1:${port}` });
  await app.untilWorkersSay('hello Ada 3', 3);
  while (cancelled < 3)
    await new Promise<void>(resolve => {
      onCancelled = resolve;
    });
  t.is(cancelled, 3);
  t.false(app.lines.some(line => line.endsWith('hello Ada 4')));
});
