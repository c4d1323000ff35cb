// A cluster in memory, with faults, for tests of this library and of its users. Deterministic if its clock and schedule are.

import { type Clock, systemClock } from '../utils/clock.js';
import type { ChannelOptions } from './memory-channel.js';
import { type MemoryAddresses, removeDead } from './memory-direct.js';
import type { PipeParts } from './memory-pipe.js';
import { MemoryPrimary } from './memory-primary.js';
import type { Schedule } from './memory-process.js';
import { MemoryWorker } from './memory-worker.js';
import type { PrimaryEnd } from './transport.js';

export type { ChannelOptions, MemoryWorker, Schedule };

/** Options of `createMemoryCluster()`. The channel options are defaults for its workers. */
export interface MemoryNetworkOptions extends ChannelOptions {
  /** The clock of all processes. @default the system's */
  readonly clock?: Clock;
  /** Runs callbacks without delay in a later turn, in an order that a simulation may choose. @default clock.yield */
  readonly schedule?: Schedule;
}

/** Worker ids start at 1 as in a cluster; process ids start here. */
const FIRST_PID = 100_000;

/**
 * A primary and its workers in this process, connected by channels that behave like those of `node:cluster`: messages are
 * copied, keep their order per worker and direction, and arrive in a later turn. One difference: `written` is called when a
 * message was delivered, as if every channel were full, so it waits for a receiver that does not read.
 */
export class MemoryNetwork {
  readonly primaryEnd: PrimaryEnd;
  /** For the code of the primary; see {@link MemoryWorker.clock}. */
  readonly primaryClock: Clock;
  readonly #parts: PipeParts;
  readonly #defaults: ChannelOptions;
  readonly #primary: MemoryPrimary;
  /** Where workers listen for each other. */
  readonly addresses: MemoryAddresses = new Map();
  #forks = 0;

  constructor(options: MemoryNetworkOptions = {}) {
    const { clock = systemClock, schedule = callback => clock.yield(callback), ...defaults } = options;
    this.#parts = { clock, schedule };
    this.#defaults = defaults;
    this.#primary = new MemoryPrimary(this.#parts);
    this.primaryEnd = this.#primary;
    this.primaryClock = this.#primary.process.clock;
  }

  /** Creates a worker. Its code is what the caller runs with its `end` and `clock`. */
  fork(options: ChannelOptions = {}): MemoryWorker {
    this.#forks++;
    const self = { workerId: this.#forks, pid: FIRST_PID + this.#forks };
    const worker = new MemoryWorker(this.#parts, this.#primary, this.addresses, self, {
      ...this.#defaults,
      ...options,
    });
    this.#primary.add(worker);
    return worker;
  }

  /** Removes what a killed worker left; see `DirectTransport.remove`. */
  remove(address: string): void {
    removeDead(this.addresses, address);
  }

  /** See {@link MemoryWorker.isIdle}. */
  get isPrimaryIdle(): boolean {
    return this.#primary.process.isIdle;
  }

  /** Stalls the primary; see {@link MemoryWorker.freeze}. */
  freezePrimary(): void {
    this.#primary.process.freeze();
  }

  /** See {@link MemoryWorker.thaw}. */
  thawPrimary(): void {
    this.#primary.process.thaw();
  }

  /** SIGKILL. Each worker reads what was sent to it, then sees its channel close unintentionally, and exits unless held. */
  killPrimary(): void {
    this.#primary.process.kill();
    for (const worker of this.#primary.workers) worker.primaryDied();
  }

  /** Ends all processes without notifying anyone. No timers remain. */
  close(): void {
    this.#primary.close();
    this.#primary.process.kill();
    for (const worker of this.#primary.workers) worker.vanish();
  }
}
