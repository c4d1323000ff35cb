// An engine in memory: one store for all hosts of a test, and what can happen to it.

import type { Engine, Reading, Wire, WireHandlers } from '../../../lib/fleet/engine.js';
import type { Messages } from '../../../lib/fleet/messages.js';
import type { Clock } from '../../../lib/utils/clock.js';

const NOTHING: Reading = { revision: 0, text: undefined };

/** The longest time that an operation waits for its answer. */
const TIMEOUT_MS = 2000;

export class MemoryStore {
  readonly records = new Map<string, Reading>();
  readonly wires = new Set<MemoryWire>();
  readonly announces: boolean;
  writes = 0;
  reads = 0;

  constructor({ announces = true } = {}) {
    this.announces = announces;
  }

  get(key: string): Reading {
    return this.records.get(key) ?? NOTHING;
  }

  set(key: string, text: string, expected: number): number | 'conflict' {
    this.writes++;
    const { revision } = this.get(key);
    if (revision !== expected) return 'conflict';
    this.records.set(key, { revision: revision + 1, text });
    return revision + 1;
  }

  /** The server forgets everything. */
  wipe(): void {
    this.records.clear();
  }
}

export interface MemoryEngineOptions {
  readonly store: MemoryStore;
  /** The clock of the process: what it receives waits while it is frozen. */
  readonly clock: Clock;
  readonly latencyMs?: number;
  /** Whether the process is alive: the server knows at once if one has died. */
  isAlive?(): boolean;
}

/** The engine of one process. */
export class MemoryEngine implements Engine {
  readonly carriesCalls = true;
  readonly #options: MemoryEngineOptions;
  #isReachable = true;
  /** What `connect` rejects with. */
  problem: Error | undefined;
  /** Whether answers of writes are lost. */
  losesAnswers = false;
  readonly wires = new Set<MemoryWire>();

  constructor(options: MemoryEngineOptions) {
    this.#options = options;
  }

  get store(): MemoryStore {
    return this.#options.store;
  }

  get isAlive(): boolean {
    return this.#options.isAlive?.() ?? true;
  }

  get isReachable(): boolean {
    return this.#isReachable;
  }

  /** The network between the process and the server is cut, or restored. Nothing arrives; the connection notices it. */
  set isReachable(isReachable: boolean) {
    this.#isReachable = isReachable;
    for (const wire of this.wires) wire.noticed(isReachable);
  }

  async connect(handlers: WireHandlers): Promise<Wire> {
    await this.delay();
    if (this.problem) throw this.problem;
    if (!this.#isReachable) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const wire = new MemoryWire(this, handlers);
    this.wires.add(wire);
    this.store.wires.add(wire);
    return wire;
  }

  /** The time that a message takes. */
  delay(ms = this.#options.latencyMs ?? 1): Promise<void> {
    return new Promise(resolve => this.#options.clock.setTimer(resolve, ms).ref());
  }

  async ask<T>(answer: () => T, isWrite = false): Promise<T> {
    if (!this.#isReachable) return this.noAnswer();
    await this.delay();
    const value = answer();
    if (isWrite && this.losesAnswers) return this.noAnswer();
    await this.delay();
    return this.#isReachable ? value : this.noAnswer();
  }

  async noAnswer(): Promise<never> {
    await this.delay(TIMEOUT_MS);
    throw new Error('no answer');
  }
}

class MemoryWire implements Wire, Messages {
  readonly messages = this;
  readonly maxBytes = 64 * 1024;
  readonly #places = new Map<string, (to: string, content: Uint8Array | undefined) => void>();
  readonly #hearing = new Set<(text: string) => void>();
  readonly #engine: MemoryEngine;
  readonly #handlers: WireHandlers;
  readonly #listeners = new Map<string, Set<(reading: Reading) => void>>();
  readonly announces: boolean;
  readonly register: Wire['register'];

  constructor(engine: MemoryEngine, handlers: WireHandlers) {
    this.#engine = engine;
    this.#handlers = handlers;
    const { store } = engine;
    this.announces = store.announces;
    this.register = {
      read: async key => {
        this.#assertOpen();
        store.reads++;
        return engine.ask(() => store.get(key));
      },
      write: async (key, text, expected) => {
        this.#assertOpen();
        return engine.ask(() => store.set(key, text, expected), true);
      },
    };
  }

  announce(key: string, reading: Reading): void {
    if (!this.#engine.isReachable || !this.announces) return;
    for (const wire of this.#engine.store.wires) void wire.announced(key, reading);
  }

  async announced(key: string, reading: Reading): Promise<void> {
    if (!this.#engine.isReachable) return;
    await this.#engine.delay();
    for (const listener of this.#listeners.get(key) ?? []) listener(reading);
  }

  listen(key: string, announced: (reading: Reading) => void): () => void {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(announced));
    return () => void listeners.delete(announced);
  }

  #assertOpen(): void {
    if (!this.#engine.wires.has(this)) throw new Error('closed');
  }

  // ----------------------------------------------------------------------------------------------------- messages

  get #isConnected(): boolean {
    return this.#engine.isReachable && this.#engine.isAlive && this.#engine.wires.has(this);
  }

  send(to: string, content: Uint8Array, unheard?: string): void {
    if (!this.#isConnected) return;
    void this.#deliver(to, Buffer.from(content), unheard);
  }

  async #deliver(to: string, content: Buffer, unheard: string | undefined): Promise<void> {
    const place = to.split('.')[0]!;
    const target = [...this.#engine.store.wires].find(wire => wire.#isConnected && wire.#places.has(place));
    if (target) {
      await target.#engine.delay();
      if (target.#engine.isReachable) target.#places.get(place)?.(to, content);
    } else if (unheard !== undefined) {
      await this.#engine.delay();
      if (this.#engine.isReachable) this.#places.get(unheard.split('.')[0]!)?.(unheard, undefined);
    }
  }

  receive(place: string, received: (to: string, content: Uint8Array | undefined) => void): () => void {
    this.#places.set(place, received);
    return () => void this.#places.delete(place);
  }

  broadcast(text: string): void {
    if (!this.#isConnected) return;
    for (const wire of this.#engine.store.wires) void wire.#heard(text);
  }

  async #heard(text: string): Promise<void> {
    await this.#engine.delay();
    if (this.#engine.isReachable) for (const heard of this.#hearing) heard(text);
  }

  hear(heard: (text: string) => void): () => void {
    this.#hearing.add(heard);
    return () => void this.#hearing.delete(heard);
  }

  flush(done: () => void): void {
    void this.#engine.delay(2).then(done);
  }

  noticed(isReachable: boolean): void {
    if (isReachable) this.#handlers.up();
    else this.#handlers.down();
  }

  async close(): Promise<void> {
    this.#engine.wires.delete(this);
    this.#engine.store.wires.delete(this);
  }
}
