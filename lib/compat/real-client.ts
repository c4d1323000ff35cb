// The real client in the leader: opens it, adapts it to the roles of the core, forwards its events, and closes it.

import { unknownMethod } from '../errors/call-errors.js';
import { isEmitter, listen } from '../leader/emitter-like.js';
import { isCallableOf } from '../leader/method-names.js';
import { isThenable } from '../utils/is-thenable.js';
import { runHeld } from './by-reference.js';
import { type Descriptors, methodFor } from './descriptors.js';
import { type FeedListener, Feeds, type FeedTopic } from './feeds.js';
import { call, runMethod, runOneway } from './run-method.js';
import { decodeAll, encodeAll, encodeResults } from './transcode.js';
import type { DelegateKind, Transcode } from './types.js';

/** How to create a real client; taken from the client that represents the leading member. */
export interface ClientSpec {
  create(): object;
  readonly descriptors: Descriptors;
  readonly transcode: Transcode;
  readonly isBroadcast: boolean;
  /** Single mode: arguments and results pass by reference. */
  readonly isLocal: boolean;
}

/** Receives the events and errors of the real client. */
export interface EventSink {
  event(name: string | symbol, args: unknown[]): void;
  error(error: unknown): void;
}

/** The client that the core uses: a method for each role, and one for each call. */
export type ClientAdapter = Record<string, (...args: unknown[]) => unknown>;

/** The methods of a {@link ClientAdapter} that have roles of the core. */
export const ROLES = Object.freeze({
  subscribe: { role: 'subscribe' },
  publish: { role: 'publish' },
  close: { role: 'close' },
} as const);

/** By the first word of the call's name. */
const CALLS = { client: runMethod, oneway: runOneway } as const;

type CallPrefix = keyof typeof CALLS;

const WORDS = { invoke: 'client', invokeOneway: 'oneway' } as const;

/** How a method is called. */
export type CallKind = keyof typeof WORDS;

/**
 * The name of a call's method in a {@link ClientAdapter}, also shown in errors and traces. Its prefix avoids collisions with
 * names that the core uses.
 */
export const nameOfCall = (kind: CallKind, method: string): string => `${WORDS[kind]}.${method}`;

/** Opens one. Resolves once it is ready. If it fails to become ready, or the signal aborts, it is closed. */
export async function openRealClient(recipe: ClientSpec, sink: EventSink, signal: AbortSignal): Promise<ClientAdapter> {
  const real = new CompatRealClient(recipe, sink);
  try {
    await Promise.race([real.whenReady(), aborted(signal)]);
    return real.facade;
  } catch (error) {
    // Only the first error is reported.
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
      publish: published => this.#publish(published),
      close: () => this.close(),
    };
    // Found methods are stored as properties, because asking the Proxy for each call would cost more.
    const others = new Proxy({}, { get: (_target, name, facade: ClientAdapter) => this.#find(facade, String(name)) });
    return Object.setPrototypeOf(roles, others);
  }

  /** Waits for its own `ready` method, which may call back, return a promise, or be missing. */
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

  /** Undefined for other names that the core looks up on real clients, such as `on`. */
  #find(facade: ClientAdapter, name: string): ClientAdapter[string] | undefined {
    const [, prefix, method] = /^(client|oneway)\.(.*)$/s.exec(name) ?? [];
    if (method === undefined) return undefined;
    const found = this.#runner(CALLS[prefix as CallPrefix], method);
    facade[name] = found;
    return found;
  }

  #runner(run: (typeof CALLS)[CallPrefix], method: string): ClientAdapter[string] {
    const { transcode, isLocal } = this.#recipe;
    const pack = (results: unknown[]) => encodeResults(transcode, results);
    return (...args) => {
      if (!this.#isCallable(method)) throw unknownMethod(method);
      if (isLocal) return runHeld(args[0], (held, keep) => run(this.#client, method, held, keep));
      return run(this.#client, method, decodeAll(transcode, args), pack);
    };
  }

  /** A delegated method can be called even if other clients could not call it. */
  #isCallable(method: string): boolean {
    return isCallableOf(this.#client, method) || this.#recipe.descriptors.get(method)?.type === 'delegate';
  }

  /** Returns at once: the publisher does not wait, and publishes again with the next leader whatever the result here. */
  #publish(published: unknown): void {
    const { transcode, isLocal } = this.#recipe;
    const name = this.#nameOf('publish');
    const run = (args: unknown[]) => runOneway(this.#client, name, args, noResult);
    const done = isLocal ? runHeld(published, run) : run(decodeAll(transcode, published));
    done.catch(error => this.#sink.error(error));
  }

  #nameOf(kind: DelegateKind): string {
    return methodFor(this.#recipe.descriptors, kind) ?? kind;
  }

  /** The name of the method of this kind, if the real client has it. */
  #method(kind: DelegateKind): string | undefined {
    const name = this.#nameOf(kind);
    return typeof (this.#client as Record<string, unknown>)[name] === 'function' ? name : undefined;
  }

  /** Forwards all events until the real client is closed. */
  #forwardEvents(): void {
    const client = this.#client as { emit?: unknown; on?: unknown };
    const { emit } = client;
    if (!isEmitter(client)) return;
    const nothing = () => {};
    // An emitter without an `error` listener would throw.
    listen(client, client.on, 'error', nothing, nothing);
    if (typeof emit !== 'function') return;
    const forwarding = (name: string | symbol, ...args: unknown[]) => {
      const hadListeners: unknown = Reflect.apply(emit, client, [name, ...args]);
      if (!this.#isClosed) this.#sink.event(name, args);
      return hadListeners;
    };
    // The property may be read-only. Then no events are forwarded.
    Reflect.set(client, 'emit', forwarding);
  }
}

const noResult = () => {};

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
