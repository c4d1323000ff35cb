// Many deadlines with few timers: entries of the same duration expire in the order in which they were added.

import { type Clock, MAX_TIMER_MS, type Timer } from './clock.js';

/** Something with a deadline. A link of a list: it can be in one `Deadlines` at a time. */
export interface Expiring {
  /** On the clock's monotonic time. */
  readonly deadline: number;
  readonly timeoutMs: number;
  before: Expiring | undefined;
  after: Expiring | undefined;
}

/** One list for each timeout that is in use, as Node's own timers have. While something waits, the process lives. */
export class Deadlines<T extends Expiring> {
  readonly #lists = new Map<number, List>();

  /** @param onExpire called once for each whose deadline has passed, after it was removed */
  constructor(
    private readonly clock: Clock,
    private readonly onExpire: (item: T) => void,
  ) {}

  add(item: T): void {
    let list = this.#lists.get(item.timeoutMs);
    if (!list) {
      list = new List(item.timeoutMs, this.clock, {
        expired: expired => this.onExpire(expired as T),
        // Timeouts may be of any length, even each of its own.
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

  /** Lets go of all timers; what is added later works all the same. */
  close(): void {
    for (const list of this.#lists.values()) list.close();
    this.#lists.clear();
  }
}

interface ListHandlers {
  expired(item: Expiring): void;
  /** It is empty and has no timer. */
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
    // A timer that is still set for an item that has gone is early, never late.
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
    // A late re-arm by a callback above is fine: one timer at a time.
    if (this.#timer) return;
    if (this.#first) this.#arm(this.#first.deadline - now);
    else this.handlers.idle();
  }
}
