// Values from a source in the leader to listeners in many workers. The source never runs further ahead than a window: every
// worker says now and then how far it is, by a call over the contestant's own route.

import type { Seat } from '../contestants/contestant.js';
import { type Acknowledgement, source } from '../contestants/real-client.js';
import { type Quantiles, quantiles } from '../support/quantiles.js';
import { nowMs } from './clock.js';
import { SMALL } from './echo-cases.js';

const WINDOW = 256;
const ACKNOWLEDGE_EVERY = 32;

/** One value in so many is timed, and the one that acknowledges isn't it. */
const TIME_EVERY = 31;

/** A worker that is silent for so long has lost values. */
const SILENCE_MS = 5000;

interface Value {
  readonly at: number;
}

export interface SubscribeOrder {
  readonly topic: string;
  readonly seat: number;
  readonly listeners: number;
}

export interface EmitOrder {
  readonly topic: string;
  /** Workers that listen. */
  readonly workers: number;
  readonly ms: number;
}

export interface Emitted {
  readonly values: number;
  readonly elapsedMs: number;
}

export interface Heard extends Quantiles {
  /** By all listeners of this worker, since they subscribed. */
  readonly values: number;
}

const heardOf = new Map<string, { values: number; latencies: number[] }>();

/** How many values of a topic this process has emitted. */
const emittedOf = new Map<string, number>();

export const JOBS = {
  async subscribe({ subscribe, acknowledge }: Seat, { topic, seat, listeners }: SubscribeOrder): Promise<void> {
    const heard = { values: 0, latencies: [] as number[] };
    heardOf.set(topic, heard);
    let count = 0;
    const first = (value: unknown) => {
      heard.values++;
      if (++count % TIME_EVERY === 0) heard.latencies.push(nowMs() - (value as Value).at);
      if (count % ACKNOWLEDGE_EVERY === 0) acknowledge?.({ topic, seat, count });
    };
    await subscribe?.({ topic }, first);
    for (let n = 1; n < listeners; n++) await subscribe?.({ topic }, () => heard.values++);
  },

  /** In the leader. Ends once every worker has heard all. */
  async emit(_seat: Seat, { topic, workers, ms }: EmitOrder): Promise<Emitted> {
    const before = emittedOf.get(topic) ?? 0;
    const progress = new Progress(topic, before, workers);
    const start = performance.now();
    let emitted = before;
    while (performance.now() - start < ms) {
      while (emitted - progress.slowest < WINDOW) emit(topic, emitted++);
      await progress.next();
    }
    while (emitted % ACKNOWLEDGE_EVERY !== 0) emit(topic, emitted++);
    while (progress.slowest < emitted) await progress.next();
    emittedOf.set(topic, emitted);
    return { values: emitted - before, elapsedMs: performance.now() - start };
  },

  /** Latencies since the last time. */
  heard(_seat: Seat, topic: string): Heard {
    const heard = heardOf.get(topic)!;
    const latencies = Float64Array.from(heard.latencies.splice(0));
    return { values: heard.values, ...quantiles(latencies) };
  },
};

const emit = (topic: string, n: number) => source.listeners.get(topic)?.({ ...SMALL, score: n + 0.5, at: nowMs() });

/** How far each listening worker is. */
class Progress {
  readonly #counts = new Map<number, number>();
  readonly #from: number;
  readonly #workers: number;
  #wake: () => void = () => {};

  constructor(topic: string, from: number, workers: number) {
    this.#from = from;
    this.#workers = workers;
    source.onAcknowledged = (heard: Acknowledgement) => {
      if (heard.topic !== topic) return;
      this.#counts.set(heard.seat, heard.count);
      this.#wake();
    };
  }

  get slowest(): number {
    return this.#counts.size < this.#workers ? this.#from : Math.min(...this.#counts.values());
  }

  next(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`values were lost: ${[...this.#counts.values()]}`)), SILENCE_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
