// Clients of the drop-in on the workers of a cluster in memory, each process with groups of its own.

import { EventEmitter } from 'node:events';
import { ClientGenerator } from '../../../lib/compat/client-generator.js';
import type { ClusterClient } from '../../../lib/compat/cluster-client.js';
import { CompatGroups } from '../../../lib/compat/groups.js';
import type { ClusterOptions, RealClass } from '../../../lib/compat/types.js';
import type { TestWorker } from '../../../lib/testing.js';
import type { Rig } from '../system/rig.js';

/** The server of all real clients of a test. */
class CompatServer {
  /** What the real clients were asked, each with the worker it lives in. */
  readonly diary: unknown[][] = [];
  readonly reals: CompatReal[] = [];
  /** With what `ready` fails. */
  failure: Error | undefined;
  /** What `close` throws. */
  closeFailure: Error | undefined;
  /** No real client becomes ready. */
  isSilent = false;

  /** What was asked of this, without who was asked. */
  asked(what: string): unknown[] {
    return this.diary.filter(([, kind]) => kind === what).map(([, , detail]) => detail);
  }

  push(reg: unknown, value: unknown): void {
    for (const real of this.reals) if (!real.isClosed) real.emit(JSON.stringify(reg), value);
  }
}

class CompatReal extends EventEmitter {
  isClosed = false;

  constructor(
    readonly server: CompatServer,
    readonly workerId: number,
  ) {
    super();
    server.reals.push(this);
  }

  ready(listener: (error?: Error) => void): void {
    if (!this.server.isSilent) listener(this.server.failure);
  }

  subscribe(reg: unknown, listener: (value: unknown) => void): void {
    this.#write('subscribe', reg);
    this.on(JSON.stringify(reg), listener);
  }

  unSubscribe(reg: unknown, listener: (value: unknown) => void): void {
    this.#write('unSubscribe', reg);
    this.off(JSON.stringify(reg), listener);
  }

  publish(reg: unknown): void {
    this.#write('publish', reg);
  }

  async unPublish(reg: unknown): Promise<void> {
    this.#write('unPublish', reg);
  }

  async where(): Promise<number> {
    return this.workerId;
  }

  never(_callback: () => void): void {}

  async oneway(value: unknown): Promise<void> {
    this.#write('oneway', value);
    if (value === 'bad') throw new RangeError('not that');
  }

  close(): void {
    this.isClosed = true;
    this.#write('close', undefined);
    if (this.server.closeFailure) throw this.server.closeFailure;
  }

  #write(kind: string, detail: unknown): void {
    this.server.diary.push([this.workerId, kind, detail]);
  }
}

/** What is delegated, beside what every client has. */
export interface CompatTestClient extends ClusterClient {
  subscribe(reg: unknown, listener: (value: unknown) => void): void;
  unSubscribe(reg: unknown, listener?: (value: unknown) => void): void;
  publish(reg: unknown): void;
  unPublish(reg: unknown): Promise<void>;
  where(): Promise<number>;
  never(): Promise<void>;
  oneway(value: unknown): void;
}

export class CompatRig {
  readonly server = new CompatServer();
  readonly #groups = new Map<TestWorker, CompatGroups>();
  readonly #clients: { readonly client: CompatTestClient; readonly worker: TestWorker }[] = [];

  constructor(private readonly rig: Rig) {}

  /** A client in a worker, with its errors noted. */
  client(worker: TestWorker, options: ClusterOptions = {}): CompatTestClient & { readonly errors: Error[] } {
    const { server } = this;
    class Registry extends CompatReal {
      constructor() {
        super(server, worker.workerId);
      }
    }
    // Only what stands in the class itself is delegated without a word.
    const generator = this.generator(worker, Registry, options);
    for (const name of ['where', 'unPublish', 'never']) generator.delegate(name);
    const client = generator.delegate('oneway', 'invokeOneway').create() as unknown as CompatTestClient;
    const errors: Error[] = [];
    client.on('error', (error: Error) => errors.push(error));
    this.#clients.push({ client, worker });
    return Object.assign(client, { errors });
  }

  generator<C extends RealClass>(worker: TestWorker, Class: C, options: ClusterOptions = {}): ClientGenerator<C> {
    const groups = this.#groups.get(worker) ?? new CompatGroups(worker.createSharedClient);
    this.#groups.set(worker, groups);
    return new ClientGenerator(Class, options, groups);
  }

  /** One in each of so many workers, ready; the first one leads. */
  async clients(count: number, options: ClusterOptions = {}): Promise<(CompatTestClient & { errors: Error[] })[]> {
    const clients = Array.from({ length: count }, () => this.client(this.rig.fork(), options));
    await this.rig.time.until(Promise.all(clients.map(client => client.ready())));
    return clients;
  }

  /** Before the rig looks for what is left. */
  async end(): Promise<void> {
    const alive = this.#clients.filter(({ worker }) => worker.isAlive);
    await this.rig.time.until(Promise.all(alive.map(({ client }) => client.close())));
  }
}
