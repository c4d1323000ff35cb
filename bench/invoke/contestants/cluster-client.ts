// cluster-client: a TCP port on 127.0.0.1 that the first worker binds. Its defaults, but for the response timeout.

import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import type { Seat } from '../contestant.js';

/** {@link EchoClient}; cluster-client needs a real client with events. */
class EchoEmitter extends EventEmitter {
  async echo(value: unknown): Promise<unknown> {
    return value;
  }
}

interface ClusterClient {
  readonly isClusterClientLeader: boolean;
  ready(): Promise<void>;
  echo(value: unknown): Promise<unknown>;
}

interface Options {
  readonly name: string;
  readonly port: number;
  readonly responseTimeout: number;
}

// CommonJS, and without types.
const cluster: (realClient: typeof EchoEmitter, options: Options) => { create(): ClusterClient } = createRequire(
  import.meta.url,
)('cluster-client');

/** Its default of 3 s is too short for 8 Buffers of 1 MB at once. */
const RESPONSE_TIMEOUT_MS = 120_000;

export async function primary(): Promise<Record<string, string>> {
  return { BENCH_PORT: String(await freePort()) };
}

export async function join(): Promise<Seat> {
  const port = Number(process.env.BENCH_PORT);
  const client = cluster(EchoEmitter, { name: 'echo', port, responseTimeout: RESPONSE_TIMEOUT_MS }).create();
  await client.ready();
  return { leads: client.isClusterClientLeader, echo: value => client.echo(value) };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
