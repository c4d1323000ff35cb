// One direction of an in-memory channel: keeps the order, takes its time, and loses what it must.

import type { Clock, Timer } from '../utils/clock.js';
import type { MemoryProcess, Schedule } from './memory-process.js';

interface Item {
  readonly deliver: () => void;
  readonly written: () => void;
  /** By the sender's clock, which is ahead where a simulation lets code take its time. */
  readonly pushedAt: number;
  hasArrived: boolean;
}

/** What all pipes of a network share. */
export interface PipeParts {
  readonly clock: Clock;
  readonly schedule: Schedule;
}

/** Carries deliveries from one process to another. */
export class MemoryPipe {
  /** For what is pushed from now on. */
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

  /** Runs `deliver` in the receiver after all that was pushed before, then `written` in the sender; both in a later turn. */
  push(deliver: () => void, written: () => void = () => {}): void {
    const item: Item = { deliver, written, pushedAt: this.#parts.clock.now(), hasArrived: false };
    this.#items.push(item);
    this.#later(() => {
      item.hasArrived = true;
      this.#flush();
    });
  }

  /** The receiver reads or doesn't; what arrives meanwhile waits. */
  setRead(isRead: boolean): void {
    this.#isRead = isRead;
    if (isRead) this.#parts.schedule(() => this.#flush());
  }

  /** The sender was killed: what its code would have sent later than that was never sent. */
  dropUnsent(): void {
    const now = this.#parts.clock.now();
    this.#items = this.#items.filter(({ pushedAt }) => pushedAt <= now);
  }

  /** What has not reached the receiver is lost. */
  lose(): void {
    for (const { written } of this.#items) this.#lost.push(written);
    this.drop();
  }

  /**
   * The sender has read that the channel closed, and hears of what was lost in a later turn. Not earlier: a real one
   * sees the end of what it reads first, and so nothing follows into a closed channel what was lost in it.
   */
  reportLost(): void {
    for (const written of this.#lost.splice(0)) this.#parts.schedule(() => this.#from.post(written));
  }

  /** What is on its way vanishes without a trace. */
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
    // Nothing else may keep the process alive while a message is on its way.
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
          // What the receiver took to read it is no time of the sender's.
          if (clock.now() === readAt) report();
          else schedule(report);
        },
        () => this.#lost.push(written),
      );
    }
  }
}
