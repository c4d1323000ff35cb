// cluster-client: a TCP port on 127.0.0.1 that the first worker binds. Its defaults, but for the response timeout.

import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import type { Desk, Seat } from './contestant.js';
import { type Acknowledgement, type Listener, RealClient, type Topic } from './real-client.js';

/** cluster-client needs a real client with events, and finds methods to call by the word `async`. */
class RealEmitter extends EventEmitter {
  readonly #real = new RealClient();
  async echo(value: unknown) {
    return this.#real.echo(value);
  }
  async leaderPid() {
    return this.#real.leaderPid();
  }
  async acknowledge(heard: Acknowledgement) {
    return this.#real.acknowledge(heard);
  }
  subscribe(topic: Topic, listener: Listener) {
    this.#real.subscribe(topic, listener);
  }
  async close() {
    return this.#real.close();
  }
}

interface ClusterClient {
  readonly isClusterClientLeader: boolean;
  ready(): Promise<void>;
  on(event: 'error', listener: () => void): void;
  echo(value: unknown): Promise<unknown>;
  leaderPid(): Promise<unknown>;
  acknowledge(heard: Acknowledgement): Promise<unknown>;
  subscribe(topic: Topic, listener: Listener): void;
  close(): Promise<void>;
}

interface Options {
  readonly name: string;
  readonly port: number;
  readonly responseTimeout: number;
  readonly logger: Readonly<Record<'debug' | 'info' | 'warn' | 'error', () => void>>;
}

/** It says on the console that a leader was lost, which is the point of a bench. */
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

// CommonJS, and without types.
const cluster: (realClient: typeof RealEmitter, options: Options) => { create(): ClusterClient } = createRequire(
  import.meta.url,
)('cluster-client');

/** Its default of 3 s is too short for 8 Buffers of 1 MB at once. */
const RESPONSE_TIMEOUT_MS = 120_000;

export async function primary(): Promise<Desk> {
  return { env: { BENCH_PORT: String(await freePort()) } };
}

export async function join(): Promise<Seat> {
  const port = Number(process.env.BENCH_PORT);
  const options = { name: 'bench', port, responseTimeout: RESPONSE_TIMEOUT_MS, logger: SILENT };
  const client = cluster(RealEmitter, options).create();
  // It logs every lost connection otherwise.
  client.on('error', () => {});
  await client.ready();
  return {
    leads: () => client.isClusterClientLeader,
    echo: value => client.echo(value),
    subscribe: (topic, listener) => client.subscribe(topic, listener),
    acknowledge: heard => client.acknowledge(heard),
    leaderPid: () => client.leaderPid(),
    close: () => client.close(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
