// The one clock of a simulation. Everything that happens is an event with a time, so a seed decides the order of all of it.

import type { Clock, Timer } from '../../lib/utils/clock.js';
import type { Random } from '../helpers/unit/random.js';

/** When the wall clock of every simulation began. */
const EPOCH = 1_700_000_000_000;

interface Event {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
  readonly isTimer: boolean;
  isOver: boolean;
}

export class SimTime implements Clock {
  /** Events that ran. */
  count = 0;
  /** What the wall clock was set forward or back. */
  wallShift = 0;
  #now = 5_000.25;
  /** How far the code that runs now is ahead of all else, for what it took. */
  #ahead = 0;
  #ends: (() => void)[] = [];
  #order = 0;
  readonly #heap: Event[] = [];

  /** @param jitterMs what takes no time takes up to this, so that no two turns have an order of their own */
  constructor(
    private readonly random: Random,
    private readonly jitterMs: number,
  ) {}

  readonly now = (): number => this.#now + this.#ahead;
  readonly wall = (): number => EPOCH + this.wallShift + Math.floor(this.now());
  readonly defer = (callback: () => void): void => process.nextTick(callback);
  readonly yield = (callback: () => void): void => this.schedule(callback);

  readonly schedule = (callback: () => void): void => {
    this.#push(this.now() + this.random.next() * this.jitterMs, callback, false);
  };

  readonly setTimer = (callback: () => void, ms: number): Timer => {
    if (ms === Number.POSITIVE_INFINITY) return { ref() {}, unref() {}, clear() {} };
    const event = this.#push(this.now() + Math.max(0, ms), callback, true);
    const clear = () => {
      event.isOver = true;
    };
    return { ref() {}, unref() {}, clear };
  };

  /** Timers that are set, as text. */
  get timers(): string[] {
    const set = this.#heap.filter(({ isTimer, isOver }) => isTimer && !isOver);
    return set.map(({ at, callback }) => `in ${Math.round(at - this.#now)} ms: ${callback}`);
  }

  /** Time passes for the code that runs now, until it ends; everything else goes on meanwhile. */
  pass(ms: number): void {
    this.#ahead += ms;
  }

  /** Calls back when the code that runs now has come to its end. */
  afterEvent(callback: () => void): void {
    this.#ends.push(callback);
  }

  /** Time passes in which nothing could run, as on a machine that was suspended. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Runs events until `end`, or until `isDone`, which is asked after all that an event led to has run. */
  run(end: number, isDone: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      // One event a turn: what the library delivers after a turn of the real event loop comes before time passes here.
      const turn = () => {
        try {
          this.#endEvent();
          if (isDone() || !this.#step(end)) return resolve();
        } catch (error) {
          return reject(error);
        }
        setImmediate(turn);
      };
      setImmediate(turn);
    });
  }

  #endEvent(): void {
    this.#ahead = 0;
    if (this.#ends.length > 0) for (const end of this.#ends.splice(0)) end();
  }

  #step(end: number): boolean {
    let event = this.#heap[0];
    while (event?.isOver) {
      this.#pop();
      event = this.#heap[0];
    }
    if (!event || event.at > end) {
      this.#now = Math.max(this.#now, end);
      return false;
    }
    this.#pop();
    event.isOver = true;
    this.count++;
    this.#now = Math.max(this.#now, event.at);
    event.callback();
    return true;
  }

  #push(at: number, callback: () => void, isTimer: boolean): Event {
    const event: Event = { at, order: ++this.#order, callback, isTimer, isOver: false };
    const heap = this.#heap;
    let i = heap.push(event) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = event;
    return event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}

const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
