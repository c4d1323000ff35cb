// One script's world: real clients that keep a diary, and clients made of them by cluster-client or by the drop-in.

import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { Server } from 'node:net';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import compat, { APIClientBase } from '../../../lib/compat.js';

const require = createRequire(import.meta.url);

// Both are untyped here: one script is for two libraries.
// biome-ignore lint/suspicious/noExplicitAny: see above.
export type Any = any;

const Base: new () => EventEmitter & { ready(state: unknown): void; close(): Promise<void> } = require('sdk-base');

export const co: (run: () => Generator<unknown, unknown, Any>) => Promise<Any> = require('co');

export type Library = 'cluster-client' | 'compat';

const LIBRARIES: Readonly<Record<Library, Any>> = {
  'cluster-client': require('cluster-client'),
  compat: Object.assign(compat, { APIClientBase }),
};

/** With what a real client fails. */
export const failure = () => Object.assign(new RangeError('no server'), { name: 'DownError', code: 'E_DOWN' });

export interface RealOptions {
  /** With what its `ready` fails. */
  readonly failure?: Error;
  /** What its constructor throws. */
  readonly thrown?: Error;
}

export type Real = InstanceType<ReturnType<typeof createRealClass>>;

/** Has methods of every kind, and writes down what it is asked. */
function createRealClass(reals: object[]) {
  return class Real extends Base {
    readonly diary: unknown[] = [];
    readonly _listeners = new Map<string, Set<(value: unknown) => void>>();

    constructor({ failure, thrown }: RealOptions = {}) {
      super();
      if (thrown) throw thrown;
      reals.push(this);
      setImmediate(() => this.ready(failure ?? true));
    }

    subscribe(reg: unknown, listener: (value: unknown) => void) {
      this.diary.push(['subscribe', reg]);
      const key = JSON.stringify(reg);
      this._listeners.set(key, (this._listeners.get(key) ?? new Set()).add(listener));
    }

    unSubscribe(reg: unknown, listener: (value: unknown) => void) {
      this.diary.push(['unSubscribe', reg]);
      this._listeners.get(JSON.stringify(reg))?.delete(listener);
    }

    publish(reg: unknown) {
      this.diary.push(['publish', reg]);
    }

    /** A value comes from the server. */
    push(reg: unknown, value: unknown) {
      for (const listener of this._listeners.get(JSON.stringify(reg)) ?? []) listener(value);
    }

    async echo(value: unknown) {
      return value;
    }

    async nothing() {}

    async count(...args: unknown[]) {
      return args.map(arg => typeof arg);
    }

    async self() {
      return (this as object) === reals[0];
    }

    async refuse(error: unknown) {
      throw error instanceof Error ? error : Object.assign(new RangeError('refused'), { code: 'E_NO', extra: 1 });
    }

    *generate(value: unknown): Generator<unknown, unknown, unknown> {
      const list = yield [Promise.resolve(value), 2];
      const { a } = (yield { a: (done: Any) => setImmediate(done, null, 'thunk') }) as Any;
      return [list, a];
    }

    // biome-ignore lint/correctness/useYield: it ends at once.
    *degenerate() {
      throw Object.assign(new TypeError('no generation'), { code: 'E_GEN' });
    }

    callBack(value: unknown, callback: Any) {
      setImmediate(() => callback(null, value));
    }

    callBackAtOnce(value: unknown, callback: Any) {
      callback(null, value);
    }

    callBackError(callback: Any) {
      setImmediate(() => callback(Object.assign(new SyntaxError('called back'), { code: 'E_BACK' })));
    }

    several(callback: Any) {
      setImmediate(() => callback(null, 'one', 'two', 3));
    }

    throwing() {
      throw Object.assign(new Error('thrown at once'), { code: 'E_SYNC' });
    }

    never(_callback: Any) {}

    note(value: unknown) {
      this.diary.push(['note', value]);
    }

    sync() {
      return 1;
    }

    async _hidden() {}

    async [Symbol.for('symbol')]() {}

    async _close() {
      this.diary.push('close');
    }
  };
}

const DELEGATES = {
  callBack: 'invoke',
  callBackAtOnce: 'invoke',
  callBackError: 'invoke',
  several: 'invoke',
  throwing: 'invoke',
  never: 'invoke',
  note: 'invokeOneway',
};

const QUIET = { info() {}, warn() {}, error() {} };

export class World {
  readonly #clients: Any[] = [];
  /** All that were constructed, in order. */
  readonly reals: Real[] = [];
  readonly Real: ReturnType<typeof createRealClass> = createRealClass(this.reals);
  /** What clients emitted as `error`, in order. */
  readonly errors: Error[] = [];

  constructor(
    readonly library: Library,
    readonly port: number,
  ) {}

  get cluster(): Any {
    return LIBRARIES[this.library];
  }

  /** The first that was constructed. */
  get real(): Real {
    return this.reals[0]!;
  }

  /** A client with all kinds of methods, of the world's own class. */
  make(options: object = {}, real: RealOptions = {}): Any {
    const generator = this.generator(this.Real, options);
    for (const [name, to] of Object.entries(DELEGATES)) generator.delegate(name, to);
    return this.keep(generator.create(real));
  }

  generator(Class: Any = this.Real, options: object = {}): Any {
    return this.cluster(Class, { port: this.port, isCheckHeartbeat: false, logger: QUIET, ...options });
  }

  /** It is closed at the end, and its errors are noted. */
  keep(client: Any): Any {
    client.on?.('error', (error: Error) => this.errors.push(error));
    this.#clients.push(client);
    return client;
  }

  /** One that leads, and one that follows. */
  async pair(options?: object): Promise<[leader: Any, follower: Any]> {
    const leader = this.make(options);
    await leader.ready();
    const follower = this.make(options);
    await follower.ready();
    return [leader, follower];
  }

  /** Resolves once all that is on its way has come: values and answers of one leader keep their order. */
  async settle(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      await Promise.all(this.#clients.map(client => client.echo?.(i).catch(() => {})));
      await turn();
    }
  }

  async end(): Promise<void> {
    // The one that leads comes last: the others needn't look for a new leader.
    for (const client of this.#clients.reverse()) await this.cluster.close(client._client ?? client).catch(() => {});
  }
}

/** Where `create()` throws, cluster-client leaves a server behind that opens itself again: it shall keep nobody alive. */
export function forgetLeftovers(): void {
  const { serverMap } = globalThis as { serverMap?: Map<number, { _server: Server }> };
  for (const { _server } of serverMap?.values() ?? []) _server.unref();
}

/** How a promise ended, as data; or that it didn't. */
export async function endOf(promise: Promise<unknown>, ms = 1000): Promise<unknown> {
  const ended = promise.then(
    value => ({ value }),
    (error: Any) =>
      typeof error === 'object' && error !== null
        ? { name: error.name, message: error.message, code: error.code }
        : { thrown: error },
  );
  const stop = new AbortController();
  const late = sleep(ms, 'never', { signal: stop.signal }).catch(() => {});
  const end = await Promise.race([ended, late]);
  stop.abort();
  return end;
}

/** A callback, and a promise of what it was called with. */
export function callback(): [(...args: unknown[]) => void, Promise<unknown[]>] {
  let resolve!: (args: unknown[]) => void;
  const called = new Promise<unknown[]>(done => {
    resolve = done;
  });
  return [(...args) => resolve(args), called];
}

/** What a function throws, by its text. */
export function thrownBy(run: () => unknown): string {
  try {
    run();
    return 'nothing';
  } catch (error) {
    return (error as Error).message;
  }
}
