// The base class of clients that contain business logic and use a shared client for the data.

import { generate } from './cluster.js';
import { noDataClient } from './errors.js';
import { ReadyEmitter } from './ready-emitter.js';
import { CLOSE } from './symbols.js';
import type { ClusterOptions, Delegates, RealClass } from './types.js';

/** What an {@link APIClientBase} needs from its client, which another library may have created. */
export interface InnerClient {
  readonly isClusterClientLeader?: boolean | undefined;
  ready(listener: (error?: Error | null) => void): void;
  close?(): Promise<void>;
  emit(event: string | symbol, ...args: unknown[]): boolean;
  // biome-ignore lint/suspicious/noExplicitAny: only the subclass knows the delegated methods.
  readonly [method: string]: any;
}

interface InnerGenerator {
  delegate(from: string, to?: never): unknown;
  create(...args: never): unknown;
}

/** `cluster`, or a function that replaces it. */
export type ClusterFunction = (Class: RealClass, options?: ClusterOptions) => InnerGenerator;

export interface APIClientOptions {
  /** Creates the client in place of this library. */
  readonly cluster?: ClusterFunction;
  /** A method that runs before the client is ready. With it, the inner client's readiness is ignored. */
  readonly initMethod?: string;
  readonly [other: string]: unknown;
}

/** To be extended: `DataClient`, `clusterOptions` and `delegates` define its shared client. */
export class APIClientBase extends ReadyEmitter {
  /** The shared client. */
  // biome-ignore lint/suspicious/noExplicitAny: only the subclass knows the delegated methods.
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

  /** The class of the real client; must be overridden. It is constructed with the options of this client. */
  get DataClient(): RealClass {
    throw noDataClient();
  }

  /** The options of the shared client. */
  get clusterOptions(): ClusterOptions {
    return {};
  }

  /** Delegated methods, in addition to those that are delegated automatically. */
  get delegates(): Delegates {
    return {};
  }

  async close(): Promise<void> {
    await this._client.close?.();
    await this._client[CLOSE]?.();
  }
}

/** Emits every event of the inner client on this one too. */
function passEvents(from: InnerClient, to: ReadyEmitter): void {
  const { emit } = from;
  from.emit = (event, ...args) => {
    Reflect.apply(emit, from, [event, ...args]);
    return to.emit(event, ...args);
  };
}
