// A service of gRPC, without a file that describes it: messages are JSON.

import {
  type ChannelCredentials,
  type Client,
  type ClientOptions,
  type ClientReadableStream,
  makeGenericClientConstructor,
  type requestCallback,
  type ServiceDefinition,
} from '@grpc/grpc-js';

const toBytes = (message: object) => Buffer.from(JSON.stringify(message));
const fromBytes = (bytes: Buffer) => JSON.parse(String(bytes));

export const GREETER: ServiceDefinition = {
  sayHello: {
    path: '/Greeter/sayHello',
    requestStream: false,
    responseStream: false,
    requestSerialize: toBytes,
    requestDeserialize: fromBytes,
    responseSerialize: toBytes,
    responseDeserialize: fromBytes,
  },
  keepGreeting: {
    path: '/Greeter/keepGreeting',
    requestStream: false,
    responseStream: true,
    requestSerialize: toBytes,
    requestDeserialize: fromBytes,
    responseSerialize: toBytes,
    responseDeserialize: fromBytes,
  },
};

export interface GreeterClient extends Pick<Client, 'waitForReady'> {
  sayHello(request: { name: string }, callback: requestCallback<{ hello: string }>): { cancel(): void };
  keepGreeting(request: { name: string }): ClientReadableStream<{ hello: string }>;
  close(): void;
}

export const Greeter = makeGenericClientConstructor(GREETER, 'Greeter') as unknown as new (
  address: string,
  credentials: ChannelCredentials,
  options?: ClientOptions,
) => GreeterClient;
