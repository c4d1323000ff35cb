// The real client of a simulated fleet, and what it sees: every call that runs, in which term, and how many clients there are.

import { callContext } from '../../../lib/index.js';
import type { Clock } from '../../../lib/utils/clock.js';
import { Broken } from '../fleet/promises.js';

export interface Home {
  readonly name: string;
  readonly clock: Clock;
  /** Whether it runs code now. */
  readonly isRunning: () => boolean;
  readonly isAlive: () => boolean;
  /** Runs as news from elsewhere: later, if the process stands still. */
  readonly run: (task: () => void) => void;
}

export const broken = (promise: string, text: string): Broken => new Broken({ promise, text });

export class Servers {
  readonly #live = new Set<SimServer>();
  /** How often each call ran. */
  readonly runs = new Map<number, number>();
  newestTerm = 0;
  opened = 0;
  /** The last value of each topic. */
  readonly values = new Map<string, number>();

  /** The one that is open, if its process runs. */
  get current(): SimServer | undefined {
    return [...this.#live].find(({ home, isOpen }) => isOpen && home.isRunning());
  }

  add(server: SimServer): void {
    this.opened++;
    for (const other of this.#live) {
      if (other.isOpen && other.home.isRunning())
        throw broken('one real client', `${server.home.name} opens while that of ${other.home.name} is open`);
      if (!other.home.isAlive()) this.#live.delete(other);
    }
    if (server.term <= this.newestTerm)
      throw broken('terms grow', `term ${server.term} opens after ${this.newestTerm}`);
    this.newestTerm = server.term;
    this.#live.add(server);
  }

  emit(topic: string): void {
    const value = (this.values.get(topic) ?? 0) + 1;
    this.values.set(topic, value);
    for (const { home, listeners } of this.#live) {
      const listener = listeners.get(topic);
      if (listener && home.isAlive()) home.run(() => listeners.get(topic) === listener && listener(value));
    }
  }
}

export class SimServer {
  isOpen = true;
  readonly listeners = new Map<string, (value: number) => void>();
  /** By key, what was published and not withdrawn. */
  readonly published = new Map<string, number>();

  constructor(
    private readonly servers: Servers,
    readonly home: Home,
    readonly term: number,
    readonly fail: (error: Error) => void,
  ) {
    servers.add(this);
  }

  /** Takes `ms`. */
  async work(id: number, ms: number): Promise<number> {
    const { term, signal, deadline } = callContext()!;
    if (term !== this.term)
      throw broken('fencing', `call ${id} runs in term ${term}, the client was opened in ${this.term}`);
    if (this.servers.newestTerm > term)
      throw broken('fencing', `call ${id} begins in term ${term} after ${this.servers.newestTerm} has opened`);
    if (this.home.clock.now() > deadline) throw broken('deadline', `call ${id} begins after its deadline`);
    this.servers.runs.set(id, (this.servers.runs.get(id) ?? 0) + 1);
    await new Promise<void>((resolve, reject) => {
      this.home.clock.setTimer(resolve, ms);
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    return id;
  }

  subscribe(topic: string, listener: (value: number) => void): () => void {
    this.listeners.set(topic, listener);
    const last = this.servers.values.get(topic);
    if (last !== undefined) listener(last);
    return () => {
      if (this.listeners.get(topic) === listener) this.listeners.delete(topic);
    };
  }

  publish(key: string): void {
    this.published.set(key, (this.published.get(key) ?? 0) + 1);
  }

  unpublish(key: string): void {
    this.published.delete(key);
  }

  close(): void {
    this.isOpen = false;
  }
}
