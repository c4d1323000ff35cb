// Many deadlines with few timers: entries of the same duration expire in the order in which they were added.

import { type Clock, MAX_TIMER_MS, type Timer } from './clock.js';

/** An entry with a deadline. It is a node of a linked list, so it can be in only one `Deadlines` at a time. */
export interface Expiring {
  /** In the clock's monotonic time. */
  readonly deadline: number;
  readonly timeoutMs: number;
  before: Expiring | undefined;
  after: Expiring | undefined;
}

/** Keeps one list for each timeout in use, like Node's own timers. Keeps the process alive while it has entries. */
export class Deadlines<T extends Expiring> {
  readonly #lists = new Map<number, List>();

  /** @param onExpire called once for each expired entry, after it was removed */
  constructor(
    private readonly clock: Clock,
    private readonly onExpire: (item: T) => void,
  ) {}

  add(item: T): void {
    let list = this.#lists.get(item.timeoutMs);
    if (!list) {
      list = new List(item.timeoutMs, this.clock, {
        expired: expired => this.onExpire(expired as T),
        // Every entry may have a different timeout, so empty lists are removed.
        idle: () => this.#lists.delete(item.timeoutMs),
      });
      this.#lists.set(item.timeoutMs, list);
    }
    list.add(item);
  }

  /** Idempotent. */
  remove(item: T): void {
    this.#lists.get(item.timeoutMs)?.remove(item);
  }

  /** Clears all timers. Entries can still be added afterwards. */
  close(): void {
    for (const list of this.#lists.values()) list.close();
    this.#lists.clear();
  }
}

interface ListHandlers {
  expired(item: Expiring): void;
  /** The list is empty and has no timer. */
  idle(): void;
}

class List {
  #first: Expiring | undefined;
  #last: Expiring | undefined;
  #timer: Timer | undefined;

  constructor(
    private readonly timeoutMs: number,
    private readonly clock: Clock,
    private readonly handlers: ListHandlers,
  ) {}

  add(item: Expiring): void {
    item.before = this.#last;
    item.after = undefined;
    if (this.#last) this.#last.after = item;
    else this.#first = item;
    this.#last = item;
    if (item !== this.#first) return;
    // A timer that was set for a removed item may fire too early, but never too late.
    if (this.#timer) this.#timer.ref();
    else this.#arm(this.timeoutMs);
  }

  remove(item: Expiring): void {
    if (item !== this.#first && !item.before) return;
    if (item.before) item.before.after = item.after;
    else this.#first = item.after;
    if (item.after) item.after.before = item.before;
    else this.#last = item.before;
    item.before = undefined;
    item.after = undefined;
    if (!this.#first) this.#timer?.unref();
  }

  close(): void {
    this.#timer?.clear();
    this.#timer = undefined;
  }

  #arm(ms: number): void {
    this.#timer = this.clock.setTimer(() => this.#expire(), Math.min(ms, MAX_TIMER_MS));
    this.#timer.ref();
  }

  #expire(): void {
    this.#timer = undefined;
    const now = this.clock.now();
    while (this.#first && this.#first.deadline <= now) {
      const item = this.#first;
      this.remove(item);
      this.handlers.expired(item);
    }
    // A callback above may have added an item, which set the timer.
    if (this.#timer) return;
    if (this.#first) this.#arm(this.#first.deadline - now);
    else this.handlers.idle();
  }
}
