// A process of a simulated host: its clock, and what waits for it while it is frozen.

import type { Clock, Timer } from '../../../lib/utils/clock.js';
import type { Random } from '../../helpers/unit/random.js';
import type { Events } from './events.js';

export interface ClockPlan {
  /** How fast it runs; 1 is real time. */
  readonly rate: number;
  readonly startMs: number;
  /** What the wall clock is wrong by. */
  readonly wallMs: number;
}

/** 2023, in ms since 1970. */
const EPOCH_MS = 1_700_000_000_000;

/** What arrives from one source is read in its order. */
type Source = 'timers' | 'connection' | 'client';

export class SimProcess implements Clock {
  isAlive = true;
  isFrozen = false;
  /** How long its machine was suspended, in all and the last time: the monotonic clock stood still. */
  #sleptMs = 0;
  lastSleepMs = 0;
  #asleepSince: number | undefined;
  readonly #events: Events;
  readonly #random: Random;
  readonly #clock: ClockPlan;
  readonly #waiting: Record<Source, (() => void)[]> = { timers: [], connection: [], client: [] };
  readonly #deferred: (() => void)[] = [];

  constructor(events: Events, random: Random, clock: ClockPlan) {
    this.#events = events;
    this.#random = random;
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.startMs + (this.#events.now - this.#sleptMs) * this.#clock.rate;
  }

  wall(): number {
    return EPOCH_MS + this.#clock.wallMs + this.#events.now;
  }

  /** A timer of Node may fire a millisecond early, and is late if the process is busy. */
  setTimer(callback: () => void, ms: number): Timer {
    let isSet = true;
    const run = () => {
      if (!isSet) return;
      isSet = false;
      callback();
    };
    const random = this.#random;
    const off = random.chance(0.3) ? -random.next() : random.next() * (random.chance(0.1) ? 5 : 1);
    this.#events.after(Math.max(0, ms) / this.#clock.rate + off, () => isSet && this.receive('timers', run));
    const clear = () => {
      isSet = false;
    };
    return { ref() {}, unref() {}, clear };
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  yield(callback: () => void): void {
    this.#events.after(0, () => this.receive('client', callback));
  }

  /** Runs `read` in a turn of its own: now, or after the thaw. */
  receive(source: Source, read: () => void): void {
    if (!this.isAlive) return;
    if (this.isFrozen) this.#waiting[source].push(read);
    else this.#run(read);
  }

  /** Runs it in a turn of its own, as if a user had called. */
  call(run: () => void): void {
    this.receive('client', run);
  }

  freeze(): void {
    this.isFrozen = true;
  }

  /** It is frozen because its machine is suspended. */
  fallAsleep(): void {
    this.freeze();
    this.#asleepSince = this.#events.now;
  }

  /** What has waited is read, the sources in any order. */
  thaw(): void {
    if (!this.isFrozen) return;
    this.isFrozen = false;
    if (this.#asleepSince !== undefined) {
      this.lastSleepMs = this.#events.now - this.#asleepSince;
      this.#sleptMs += this.lastSleepMs;
      this.#asleepSince = undefined;
    }
    const sources = Object.values(this.#waiting);
    for (;;) {
      const left = sources.filter(({ length }) => length > 0);
      if (left.length === 0 || !this.isAlive) return;
      this.#run(this.#random.pick(left).shift()!);
    }
  }

  kill(): void {
    this.isAlive = false;
  }

  #run(read: () => void): void {
    read();
    for (let next = this.#deferred.shift(); next; next = this.#deferred.shift()) next();
  }
}
