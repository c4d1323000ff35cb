// A real client that records: what a server would know of its clients, and what must never happen to it.

import { inspect, isDeepStrictEqual } from 'node:util';
import { type CallContext, callContext } from '../../../lib/index.js';
import type { Clock } from '../../../lib/utils/clock.js';
import { type Deferred, defer } from '../../../lib/utils/deferred.js';

/** The process that a real client lives in. */
export interface Home {
  readonly workerId: number;
  readonly clock: Clock;
  readonly isAlive: boolean;
  /** Runs as news from elsewhere would. */
  run(task: () => void): void;
}

/** One call as the server saw it begin. */
export interface SeenCall {
  readonly method: string;
  readonly args: unknown[];
  readonly term: number | undefined;
  readonly workerId: number;
  readonly at: number;
}

type Listener = (...args: unknown[]) => void;

/** The server of one group: told by each of its clients what is done to it. */
export class Upstream {
  readonly clients: FakeClient[] = [];
  readonly calls: SeenCall[] = [];
  /** What the promises of the contract forbid. */
  readonly violations: string[] = [];
  /** In order: opens, closes, subscriptions, publications. */
  readonly log: string[] = [];
  /** Calls of `hold`, to be settled by the test, by name. */
  readonly held = new Map<unknown, Deferred<unknown>>();
  /** Real clients that may live at once. */
  mostLive = 1;
  mostEverLive = 0;
  /** What happens in the constructor, in `ready()` and so on; replaced by tests. */
  onConstruct: (client: FakeClient) => void = () => {};
  onReady: (client: FakeClient) => unknown = () => {};
  onClose: (client: FakeClient) => unknown = () => {};
  onSubscribe: (topic: unknown, client: FakeClient) => unknown = () => {};
  onUnsubscribe: (topic: unknown, client: FakeClient) => unknown = () => {};
  onPublish: (args: unknown[], client: FakeClient) => unknown = () => {};
  onUnpublish: (args: unknown[], client: FakeClient) => unknown = () => {};
  /** The newest term that the primary gave out. */
  newestTerm: () => number = () => 0;
  /** Workers that stand still: what they hold doesn't count. */
  readonly frozen = new Set<number>();

  /** Those whose connection is open, frozen ones aside. */
  get live(): FakeClient[] {
    return this.clients.filter(
      client => FakeClient.isOpen(client) && !this.frozen.has(FakeClient.home(client).workerId),
    );
  }

  /** The one that is open. */
  get client(): FakeClient {
    const [client] = this.live;
    if (!client) throw new Error('No real client is open.');
    return client;
  }

  opened(client: FakeClient): void {
    this.clients.push(client);
    this.log.push('open');
    this.mostEverLive = Math.max(this.mostEverLive, this.live.length);
    if (this.live.length > this.mostLive) this.violations.push(`${this.live.length} real clients at once`);
  }

  called(method: string, args: unknown[], home: Home): CallContext | undefined {
    const context = callContext();
    const now = home.clock.now();
    this.calls.push({ method, args, term: context?.term, workerId: home.workerId, at: now });
    if (!context) return undefined;
    if (context.term < this.newestTerm())
      this.violations.push(`${method}() began in term ${context.term}, which was over`);
    if (now > context.deadline) this.violations.push(`${method}() began after its deadline`);
    return context;
  }

  /** How often a method was called, with these first arguments. */
  count(method: string, ...args: unknown[]): number {
    const isSame = (call: SeenCall) => args.every((arg, i) => isDeepStrictEqual(call.args[i], arg));
    return this.calls.filter(call => call.method === method && isSame(call)).length;
  }

  /** The server sends a value to every client that is subscribed. */
  push(topic: unknown, ...values: unknown[]): void {
    for (const client of this.clients) for (const value of values) FakeClient.push(client, topic, value);
  }

  /** An event of every open client. */
  emit(event: string, ...args: unknown[]): void {
    for (const client of this.clients) if (FakeClient.isOpen(client)) FakeClient.emit(client, event, args);
  }

  /** The topics with an upstream subscription. */
  get topics(): unknown[] {
    return this.live.flatMap(client => FakeClient.topics(client));
  }
}

/** Its public methods are those of a registry, beside some that tests need. */
export class FakeClient {
  readonly #upstream: Upstream;
  readonly #home: Home;
  readonly #subscribed: { readonly topic: unknown; readonly key: string; readonly listener: Listener }[] = [];
  readonly #events: [event: string, listener: Listener][] = [];
  readonly #pushed: [topic: unknown, value: unknown][] = [];
  #state: 'open' | 'closing' | 'closed' = 'open';
  /** No method. */
  readonly property = 'not a method';

  constructor(upstream: Upstream, home: Home) {
    this.#upstream = upstream;
    this.#home = home;
    upstream.onConstruct(this);
    upstream.opened(this);
  }

  async ready(): Promise<void> {
    await this.#upstream.onReady(this);
  }

  close(): unknown {
    this.#upstream.log.push('close');
    if (this.#state !== 'open') this.#upstream.violations.push('a real client was closed twice');
    this.#state = 'closed';
    const result = this.#upstream.onClose(this);
    if (!(result instanceof Promise)) return undefined;
    this.#state = 'closing';
    return result.finally(() => {
      this.#state = 'closed';
    });
  }

  subscribe(topic: unknown, listener: Listener): unknown {
    const key = keyOf(topic);
    this.#record('subscribe', [topic]);
    this.#upstream.log.push(`subscribe ${key}`);
    if (this.#subscribed.some(other => other.key === key))
      this.#upstream.violations.push(`${key} was subscribed to twice`);
    const entry = { topic, key, listener };
    const result = this.#upstream.onSubscribe(topic, this);
    this.#subscribed.push(entry);
    // What it refused it is not subscribed to.
    if (result instanceof Promise) result.catch(() => this.#subscribed.splice(this.#subscribed.indexOf(entry), 1));
    return result;
  }

  unsubscribe(topic: unknown, listener: Listener): unknown {
    const key = keyOf(topic);
    this.#record('unsubscribe', [topic]);
    this.#upstream.log.push(`unsubscribe ${key}`);
    const at = this.#subscribed.findIndex(other => other.key === key && other.listener === listener);
    if (at < 0) this.#upstream.violations.push(`${key} was not subscribed to`);
    else this.#subscribed.splice(at, 1);
    return this.#upstream.onUnsubscribe(topic, this);
  }

  publish(...args: unknown[]): unknown {
    this.#record('publish', args);
    this.#upstream.log.push(`publish ${inspect(args)}`);
    return this.#upstream.onPublish(args, this);
  }

  unpublish(...args: unknown[]): unknown {
    this.#record('unpublish', args);
    this.#upstream.log.push(`unpublish ${inspect(args)}`);
    return this.#upstream.onUnpublish(args, this);
  }

  async echo(value: unknown): Promise<unknown> {
    this.#record('echo', [value]);
    return value;
  }

  echoNow(value: unknown): unknown {
    this.#record('echoNow', [value]);
    return value;
  }

  /** Takes its time, on the worker's clock. */
  work(name: unknown, ms: number): Promise<unknown> {
    this.#record('work', [name]);
    return new Promise(resolve => this.#home.clock.setTimer(() => resolve(name), ms));
  }

  /** Ends when the test says so. */
  hold(name: unknown): Promise<unknown> {
    this.#record('hold', [name]);
    const deferred = defer<unknown>();
    this.#upstream.held.set(name, deferred);
    return deferred.promise;
  }

  async fail(error: unknown): Promise<never> {
    this.#record('fail', [error]);
    throw error;
  }

  async where(): Promise<{ workerId: number; term: number | undefined; name: string | undefined }> {
    const context = this.#record('where', []);
    return { workerId: this.#home.workerId, term: context?.term, name: context?.name };
  }

  /** Runs what the test wants in the leader. */
  run(name: string): unknown {
    this.#record('run', [name]);
    const task = tasks.get(name);
    return task?.();
  }

  /** Ends when a signal in its arguments, or its own, aborts. */
  async aborted(options: { signal?: AbortSignal } = {}): Promise<unknown> {
    const context = this.#record('aborted', []);
    const signal = options.signal ?? context!.signal;
    if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }));
    const { reason } = signal;
    this.#upstream.log.push(`aborted ${reason instanceof Error ? reason.message : String(reason)}`);
    return reason;
  }

  on(event: string, listener: Listener): this {
    this.#events.push([event, listener]);
    return this;
  }

  off(event: string, listener: Listener): this {
    const at = this.#events.findIndex(entry => entry[0] === event && entry[1] === listener);
    if (at >= 0) this.#events.splice(at, 1);
    return this;
  }

  _hidden(): string {
    this.#record('_hidden', []);
    return 'hidden';
  }

  #record(method: string, args: unknown[]): CallContext | undefined {
    return this.#upstream.called(method, args, this.#home);
  }

  // Static, so that it can't be called from elsewhere.

  static home(client: FakeClient): Home {
    return client.#home;
  }

  static isOpen(client: FakeClient): boolean {
    return client.#state !== 'closed' && client.#home.isAlive;
  }

  static topics(client: FakeClient): unknown[] {
    return client.#subscribed.map(({ topic }) => topic);
  }

  /** In the order pushed, whatever the order in which the turns come. */
  static push(client: FakeClient, topic: unknown, value: unknown): void {
    client.#pushed.push([topic, value]);
    client.#home.run(() => FakeClient.pushNow(client, ...client.#pushed.shift()!));
  }

  /** From code of the client itself, in this very turn. */
  static pushNow(client: FakeClient, topic: unknown, value: unknown): void {
    const key = keyOf(topic);
    for (const entry of [...client.#subscribed]) if (entry.key === key) entry.listener(value);
  }

  static emit(client: FakeClient, event: string, args: unknown[]): void {
    client.#home.run(() => FakeClient.emitNow(client, event, args));
  }

  static emitNow(client: FakeClient, event: string, args: unknown[]): void {
    for (const [name, listener] of [...client.#events]) if (name === event) listener(...args);
  }

  /** How many listeners it has for each event. */
  static listeners(client: FakeClient): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const [event] of client.#events) counts[event] = (counts[event] ?? 0) + 1;
    return counts;
  }
}

/** As text; a string as JSON. */
const keyOf = (topic: unknown) =>
  typeof topic === 'string' ? JSON.stringify(topic) : inspect(topic, { sorted: true });

/** What `run()` finds by name: code can't travel. */
export const tasks = new Map<string, () => unknown>();
