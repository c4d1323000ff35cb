// An engine in memory: one store for all hosts of a test, and what can happen to it.

import type { Engine, Reading, Wire, WireHandlers } from '../../../lib/fleet/engine.js';
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
}

/** The engine of one process. */
export class MemoryEngine implements Engine {
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

class MemoryWire implements Wire {
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
    for (const wire of this.#engine.store.wires) void wire.hear(key, reading);
  }

  async hear(key: string, reading: Reading): Promise<void> {
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

  noticed(isReachable: boolean): void {
    if (isReachable) this.#handlers.up();
    else this.#handlers.down();
  }

  async close(): Promise<void> {
    this.#engine.wires.delete(this);
    this.#engine.store.wires.delete(this);
  }
}
