// The real client for demo and tests: one connection to the embedded upstream, as a user would have written it.

import { EventEmitter } from 'node:events';
import { connect, type Socket } from 'node:net';
import { now } from '../process/wire.js';
import { readLines, writeLine } from './lines.js';
import type { FromUpstream, Operation, Reply, Request, Update, UpstreamStats } from './protocol.js';

export interface UpstreamClientOptions {
  readonly path: string;
  /** Read at each operation and sent with it, for the upstream to fence. */
  readonly term?: (() => number | undefined) | undefined;
}

export type UpdateListener = (update: Update) => void;

interface Subscription {
  readonly listeners: Set<UpdateListener>;
  readonly ready: Promise<unknown>;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * Connects at once. `error`, then `close`, are emitted when an open connection is lost; `close` alone after `close()`.
 * Operations take an id of the caller's as last argument: the upstream remembers it, and counts what ran twice.
 */
export class UpstreamClient extends EventEmitter<{ error: [Error]; close: [] }> {
  readonly #socket: Socket;
  readonly #connected: Promise<void>;
  readonly #term: () => number | undefined;
  readonly #waiting = new Map<number, Waiting>();
  readonly #subscriptions = new Map<string, Subscription>();
  #count = 0;
  #open = false;
  #ended: Error | undefined;

  constructor({ path, term = () => undefined }: UpstreamClientOptions) {
    super();
    this.#term = term;
    this.#socket = connect(path);
    this.#socket.on('error', error => {
      this.#ended ??= error;
    });
    this.#socket.on('close', () => this.#closed());
    this.#connected = new Promise((resolve, reject) => {
      this.#socket.once('connect', () => {
        this.#open = true;
        resolve();
      });
      this.#socket.once('close', () => reject(this.#ended));
    });
    // Who doesn't ask for ready() hears of it from the operations.
    this.#connected.catch(() => {});
    readLines<FromUpstream>(this.#socket, message => this.#received(message));
  }

  /** Resolves once connected. */
  ready(): Promise<void> {
    return this.#connected;
  }

  async get(key: string, id?: string): Promise<unknown> {
    return this.#request({ op: 'get', key }, id);
  }

  async set(key: string, value: unknown, id?: string): Promise<void> {
    await this.#request({ op: 'set', key, value }, id);
  }

  async incr(key: string, id?: string): Promise<number> {
    return (await this.#request({ op: 'incr', key }, id)) as number;
  }

  async echo<T>(value: T, id?: string): Promise<T> {
    return (await this.#request({ op: 'echo', value }, id)) as T;
  }

  /** Answered after `ms`, with `ms`. */
  async slow(ms: number, id?: string): Promise<number> {
    return (await this.#request({ op: 'slow', ms }, id)) as number;
  }

  async stats(): Promise<UpstreamStats> {
    return (await this.#request({ op: 'stats' })) as UpstreamStats;
  }

  /** Returns the publication's number within its topic. */
  async publish(topic: string, message: unknown, id?: string): Promise<number> {
    return (await this.#request({ op: 'publish', topic, message }, id)) as number;
  }

  /** Resolves once the upstream has the subscription. */
  async subscribe(topic: string, listener: UpdateListener): Promise<void> {
    const subscription = this.#subscriptions.get(topic) ?? {
      listeners: new Set(),
      ready: this.#request({ op: 'subscribe', topic }),
    };
    this.#subscriptions.set(topic, subscription);
    subscription.listeners.add(listener);
    await subscription.ready;
  }

  /** Without a listener: all of the topic. */
  async unsubscribe(topic: string, listener?: UpdateListener): Promise<void> {
    const listeners = this.#subscriptions.get(topic)?.listeners;
    if (!listeners) return;
    if (listener) listeners.delete(listener);
    if (listener && listeners.size > 0) return;
    this.#subscriptions.delete(topic);
    await this.#request({ op: 'unsubscribe', topic });
  }

  /** Resolves once the connection is gone. Operations in progress fail. */
  async close(): Promise<void> {
    this.#ended ??= upstreamError('ECLOSED', 'The upstream client was closed.');
    this.#open = false;
    if (this.#socket.closed) return;
    const closed = new Promise<void>(resolve => this.#socket.once('close', () => resolve()));
    this.#socket.destroy();
    await closed;
  }

  #request(operation: Operation, id?: string): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended);
    const n = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#waiting.set(n, { resolve, reject });
      writeLine(this.#socket, { ...operation, n, id, term: this.#term(), at: now() } satisfies Request);
    });
  }

  #received(message: FromUpstream): void {
    if ('n' in message) this.#answered(message);
    else this.#updated(message);
  }

  #answered({ n, value, error }: Reply): void {
    const waiting = this.#waiting.get(n);
    this.#waiting.delete(n);
    if (error) waiting?.reject(upstreamError(error.code, error.message));
    else waiting?.resolve(value);
  }

  #updated(update: Update): void {
    const listeners = this.#subscriptions.get(update.topic)?.listeners ?? [];
    for (const listener of [...listeners]) listener(update);
  }

  #closed(): void {
    const ended = this.#ended ?? upstreamError('ELOST', 'The connection to the upstream was lost.');
    this.#ended = ended;
    for (const { reject } of this.#waiting.values()) reject(ended);
    this.#waiting.clear();
    if (this.#open) this.emit('error', ended);
    this.emit('close');
  }
}

const upstreamError = (code: string, message: string) => Object.assign(new Error(message), { code });
