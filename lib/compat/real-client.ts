// The real client in the leader: opened until it is ready, asked in the words of the core's roles, heard, closed.

import { unknownMethod } from '../errors/errors.js';
import { isEmitter, listen } from '../leader/emitter-like.js';
import { isCallableOf } from '../leader/method-names.js';
import { isThenable } from '../utils/is-thenable.js';
import { type Descriptors, methodFor } from './descriptors.js';
import { type FeedListener, Feeds, type FeedTopic } from './feeds.js';
import { call, runMethod, runOneway } from './run-method.js';
import { decodeAll, encodeAll, encodeResults } from './transcode.js';
import type { DelegateKind, Transcode } from './types.js';

/** How to make one, of the client that leads. */
export interface ClientSpec {
  create(): object;
  readonly descriptors: Descriptors;
  readonly transcode: Transcode;
  readonly isBroadcast: boolean;
}

/** What happens to it without a call. */
export interface EventSink {
  event(name: string | symbol, args: unknown[]): void;
  error(error: unknown): void;
}

/** What the core sees: a method for each role, and one for each call that may be asked for. */
export type ClientAdapter = Record<string, (...args: unknown[]) => unknown>;

/** Of the core's roles, which methods of a {@link ClientAdapter} have them. */
export const ROLES = Object.freeze({
  subscribe: { role: 'subscribe' },
  publish: { role: 'publish' },
  close: { role: 'close' },
} as const);

/** By the first word of their names. */
const CALLS = { client: runMethod, oneway: runOneway } as const;

type CallWord = keyof typeof CALLS;

const WORDS = { invoke: 'client', invokeOneway: 'oneway' } as const;

/** How a method is called. */
export type CallKind = keyof typeof WORDS;

/**
 * The name under which a {@link ClientAdapter} has a method, and which errors and traces show: whatever the method is called, it
 * is none of the core's own names.
 */
export const nameOfCall = (kind: CallKind, method: string): string => `${WORDS[kind]}.${method}`;

/** Opens one. Resolves once it is ready; one that can't become so, or isn't wanted any more, is closed. */
export async function openRealClient(recipe: ClientSpec, sink: EventSink, signal: AbortSignal): Promise<ClientAdapter> {
  const real = new CompatRealClient(recipe, sink);
  try {
    await Promise.race([real.whenReady(), aborted(signal)]);
    return real.facade;
  } catch (error) {
    // What it says to that is no news.
    await real.close().catch(() => {});
    throw error;
  }
}

class CompatRealClient {
  readonly #client: object;
  readonly #recipe: ClientSpec;
  readonly #sink: EventSink;
  readonly #feeds: Feeds;
  #isClosed = false;

  constructor(recipe: ClientSpec, sink: EventSink) {
    this.#recipe = recipe;
    this.#sink = sink;
    this.#client = recipe.create();
    this.#forwardEvents();
    const unsubscribe = this.#method('unSubscribe');
    this.#feeds = new Feeds(
      {
        subscribe: (reg, listener) => call(this.#client, this.#nameOf('subscribe'), [reg, listener]),
        unsubscribe:
          unsubscribe === undefined ? undefined : (reg, listener) => call(this.#client, unsubscribe, [reg, listener]),
        encode: value => encodeAll(recipe.transcode, [value]),
        report: error => sink.error(error),
      },
      recipe.isBroadcast,
    );
  }

  get facade(): ClientAdapter {
    const roles: ClientAdapter = {
      subscribe: (topic, listener) => this.#feeds.subscribe(topic as FeedTopic, listener as FeedListener),
      publish: said => this.#publish(said),
      close: () => this.close(),
    };
    // What was found once is there: to ask a Proxy for each call would cost more.
    const others = new Proxy({}, { get: (_target, name, facade: ClientAdapter) => this.#find(facade, String(name)) });
    return Object.setPrototypeOf(roles, others);
  }

  /** By its own `ready`, which calls back, or returns a promise, or isn't there. */
  async whenReady(): Promise<void> {
    const { ready } = this.#client as { ready?: unknown };
    if (typeof ready !== 'function') return;
    await new Promise<void>((resolve, reject) => {
      const returned: unknown = Reflect.apply(ready, this.#client, [
        (error: unknown) => (error ? reject(error) : resolve()),
      ]);
      if (isThenable(returned)) returned.then(() => resolve(), reject);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const close = methodFor(this.#recipe.descriptors, 'close');
    if (close !== undefined) await call(this.#client, close, []);
  }

  /** Undefined for what the core looks for in clients of its own, such as `on`. */
  #find(facade: ClientAdapter, name: string): ClientAdapter[string] | undefined {
    const [, word, method] = /^(client|oneway)\.(.*)$/s.exec(name) ?? [];
    if (method === undefined) return undefined;
    const found = this.#runner(CALLS[word as CallWord], method);
    facade[name] = found;
    return found;
  }

  #runner(run: (typeof CALLS)[CallWord], method: string): ClientAdapter[string] {
    const { transcode } = this.#recipe;
    const pack = (results: unknown[]) => encodeResults(transcode, results);
    return (...args) => {
      if (!this.#isCallable(method)) throw unknownMethod(method);
      return run(this.#client, method, decodeAll(transcode, args), pack);
    };
  }

  /** Also what no other client could call, where it was delegated by name here. */
  #isCallable(method: string): boolean {
    return isCallableOf(this.#client, method) || this.#recipe.descriptors.get(method)?.type === 'delegate';
  }

  /** Returns at once: whoever published doesn't wait, and says it again to the next leader however it ends here. */
  #publish(said: unknown): void {
    const { transcode } = this.#recipe;
    const name = this.#nameOf('publish');
    runOneway(this.#client, name, decodeAll(transcode, said), noResult).catch(error => this.#sink.error(error));
  }

  #nameOf(kind: DelegateKind): string {
    return methodFor(this.#recipe.descriptors, kind) ?? kind;
  }

  /** The name of a method that it has. */
  #method(kind: DelegateKind): string | undefined {
    const name = this.#nameOf(kind);
    return typeof (this.#client as Record<string, unknown>)[name] === 'function' ? name : undefined;
  }

  /** Everything that it emits, until it is closed. */
  #forwardEvents(): void {
    const client = this.#client as { emit?: unknown; on?: unknown };
    const { emit } = client;
    if (!isEmitter(client)) return;
    const nothing = () => {};
    // Without a listener an emitter would throw it.
    listen(client, client.on, 'error', nothing, nothing);
    if (typeof emit !== 'function') return;
    const heard = (name: string | symbol, ...args: unknown[]) => {
      const wasHeard: unknown = Reflect.apply(emit, client, [name, ...args]);
      if (!this.#isClosed) this.#sink.event(name, args);
      return wasHeard;
    };
    // A client may not let that be.
    Reflect.set(client, 'emit', heard);
  }
}

const noResult = () => {};

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
