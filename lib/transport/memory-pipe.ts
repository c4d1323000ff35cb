// One direction of an in-memory channel, with order, latency and loss.

import type { Clock, Timer } from '../utils/clock.js';
import type { MemoryProcess, Schedule } from './memory-process.js';

interface Item {
  readonly deliver: () => void;
  readonly written: () => void;
  /** On the sender's clock, which is ahead if a simulation lets code take time. */
  readonly pushedAt: number;
  hasArrived: boolean;
}

/** Shared by all pipes of a network. */
export interface PipeParts {
  readonly clock: Clock;
  readonly schedule: Schedule;
}

/** Delivers callbacks from one process to another. */
export class MemoryPipe {
  /** For items pushed from now on. */
  latencyMs: number;
  readonly #parts: PipeParts;
  readonly #from: MemoryProcess;
  readonly #to: MemoryProcess;
  #items: Item[] = [];
  readonly #timers = new Set<Timer>();
  #lost: (() => void)[] = [];
  #isRead = true;

  constructor(parts: PipeParts, from: MemoryProcess, to: MemoryProcess, latencyMs: number) {
    this.#parts = parts;
    this.#from = from;
    this.#to = to;
    this.latencyMs = latencyMs;
  }

  /** Runs `deliver` in the receiver, in order, then `written` in the sender; both in a later turn. */
  push(deliver: () => void, written: () => void = () => {}): void {
    const item: Item = { deliver, written, pushedAt: this.#parts.clock.now(), hasArrived: false };
    this.#items.push(item);
    this.#later(() => {
      item.hasArrived = true;
      this.#flush();
    });
  }

  /** Whether the receiver reads. If not, arriving items wait. */
  setRead(isRead: boolean): void {
    this.#isRead = isRead;
    if (isRead) this.#parts.schedule(() => this.#flush());
  }

  /** The sender was killed: drops what its code would have sent after that time. */
  dropUnsent(): void {
    const now = this.#parts.clock.now();
    this.#items = this.#items.filter(({ pushedAt }) => pushedAt <= now);
  }

  /** Everything that has not reached the receiver is lost. */
  lose(): void {
    for (const { written } of this.#items) this.#lost.push(written);
    this.drop();
  }

  /**
   * The sender has read that the channel closed: calls the `written` of lost items in a later turn. Not earlier, because on
   * a real channel the sender sees the end of the stream first, so nothing is sent into a closed channel after the lost
   * items.
   */
  reportLost(): void {
    for (const written of this.#lost.splice(0)) this.#parts.schedule(() => this.#from.post(written));
  }

  /** Drops everything in transit without notifying anyone. */
  drop(): void {
    this.#items = [];
    for (const timer of this.#timers) timer.clear();
    this.#timers.clear();
  }

  #later(callback: () => void): void {
    if (this.latencyMs === 0) this.#parts.schedule(callback);
    else this.#after(this.latencyMs, callback);
  }

  #after(ms: number, callback: () => void): void {
    const timer = this.#parts.clock.setTimer(() => {
      this.#timers.delete(timer);
      callback();
    }, ms);
    // Keeps the process alive while a message is in transit.
    timer.ref();
    this.#timers.add(timer);
  }

  #flush(): void {
    while (this.#isRead && this.#items[0]?.hasArrived) {
      const { deliver, written } = this.#items.shift()!;
      const report = () => this.#from.post(written);
      this.#to.post(
        () => {
          const { clock, schedule } = this.#parts;
          const readAt = clock.now();
          deliver();
          // The receiver's reading time must not count as the sender's.
          if (clock.now() === readAt) report();
          else schedule(report);
        },
        () => this.#lost.push(written),
      );
    }
  }
}
