// The base class of clients with business logic of their own, which keep a shared client for the data.

import { generate } from './cluster.js';
import { noDataClient } from './errors.js';
import { ReadyEmitter } from './ready-emitter.js';
import { CLOSE } from './symbols.js';
import type { ClusterOptions, Delegates, RealClass } from './types.js';

/** What an {@link APIClientBase} needs of the client it is made of: this library's, or another. */
export interface InnerClient {
  readonly isClusterClientLeader?: boolean | undefined;
  ready(listener: (error?: Error | null) => void): void;
  close?(): Promise<void>;
  emit(event: string | symbol, ...args: unknown[]): boolean;
  // biome-ignore lint/suspicious/noExplicitAny: what is delegated is known to whoever extends the class.
  readonly [method: string]: any;
}

interface InnerGenerator {
  delegate(from: string, to?: never): unknown;
  create(...args: never): unknown;
}

/** `cluster`, or what stands in for it. */
export type ClusterFunction = (Class: RealClass, options?: ClusterOptions) => InnerGenerator;

export interface APIClientOptions {
  /** Makes the client in place of this library. */
  readonly cluster?: ClusterFunction;
  /** A method to be run before it is ready; then the inner client's readiness doesn't count. */
  readonly initMethod?: string;
  readonly [other: string]: unknown;
}

/** To be extended: `DataClient`, `clusterOptions` and `delegates` say of what its shared client is made. */
export class APIClientBase extends ReadyEmitter {
  /** The shared client. */
  // biome-ignore lint/suspicious/noExplicitAny: what is delegated is known to whoever extends the class.
  readonly _client: any;

  constructor(options: APIClientOptions = {}) {
    super(options);
    const generator = (options.cluster ?? generate)(this.DataClient, this.clusterOptions);
    for (const [from, to] of Object.entries(this.delegates)) generator.delegate(from, to as never);
    const client = generator.create(...([options] as never)) as InnerClient;
    this._client = client;
    passEvents(client, this);
    if (!options.initMethod) client.ready(error => this.ready(error ?? true));
  }

  /** Whether the shared client is in the process that holds the real one. */
  get isClusterClientLeader(): boolean | undefined {
    return this._client.isClusterClientLeader;
  }

  /** The class of the real client; to be overridden. It is constructed with the options of this one. */
  get DataClient(): RealClass {
    throw noDataClient();
  }

  /** The options of the shared client. */
  get clusterOptions(): ClusterOptions {
    return {};
  }

  /** What is delegated beside what goes without a word. */
  get delegates(): Delegates {
    return {};
  }

  async close(): Promise<void> {
    await this._client.close?.();
    await this._client[CLOSE]?.();
  }
}

/** Whatever it emits, this one does too. */
function passEvents(from: InnerClient, to: ReadyEmitter): void {
  const { emit } = from;
  from.emit = (event, ...args) => {
    Reflect.apply(emit, from, [event, ...args]);
    return to.emit(event, ...args);
  };
}
