// How a worker comes to know the state: it asks until it is told, and begins an empty one where nobody has any.

import type { BusProcess } from '../transport/bus.js';
import type { Clock, Timer } from '../utils/clock.js';
import type { View } from './view.js';

const FIRST_ASK_MS = 100;
const MOST_ASK_MS = 1000;

export interface StateSyncOptions {
  readonly clock: Clock;
  readonly process: string;
  readonly leaderTimeoutMs: number;
  view(): View;
  ask(n: number): void;
  found(n: number): void;
  listProcesses(): Promise<readonly BusProcess[] | undefined>;
}

export class StateSync {
  readonly #options: StateSyncOptions;
  #asks = 0;
  /** Counts the times that nothing was known: a list that was asked for before is worth nothing. */
  #round = 0;
  #timer: Timer | undefined;
  #processes: readonly BusProcess[] | undefined;
  /** The daemon's clock when the first question was read. */
  #askedAt: number | undefined;
  /** When the first question was read, or the last sign of somebody who has a state. */
  #quietSince: number | undefined;
  /** The question after which it last tried to begin a state. */
  #founded = 0;

  constructor(options: StateSyncOptions) {
    this.#options = options;
  }

  /** Nothing is known: asks, again and again. */
  start(): void {
    this.stop();
    this.#round++;
    this.#ask(FIRST_ASK_MS);
  }

  stop(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    this.#processes = undefined;
    this.#quietSince = undefined;
    this.#askedAt = undefined;
  }

  /** An own question came back; `at` is the daemon's clock. */
  async questionRead(at: number): Promise<void> {
    const round = this.#round;
    this.#quietSince ??= this.#options.clock.now();
    this.#askedAt ??= at;
    // Listed after the question was read: who isn't in it yet will read a state, if there is one by then, by itself.
    const processes = await this.#options.listProcesses();
    if (round !== this.#round || !this.#timer) return;
    this.#processes = processes;
    this.tryToBootstrap();
  }

  /** Somebody spoke who has a state: what was known of others is worth nothing any more. */
  noteSignOfLife(): void {
    if (this.#quietSince !== undefined) this.#quietSince = this.#options.clock.now();
    this.#round++;
    this.#processes = undefined;
    this.#askedAt = undefined;
  }

  /** Begins a state, if it is sure that there is none, or that no lease of any leader can be valid any more. */
  tryToBootstrap(): void {
    const { view, found, clock, leaderTimeoutMs, process } = this.#options;
    const { me, log, quiet, without } = view();
    const n = this.#asks;
    // Only who has read its own last question has read what was said before it.
    if (log || !this.#timer || this.#founded === n || quiet[me] !== n) return;
    const isWithout = (other: BusProcess) =>
      other.process === process ||
      without.includes(other.process) ||
      // All that it ever said has been read.
      other.since > this.#askedAt!;
    const allAreWithout = this.#processes?.every(isWithout) === true;
    const isQuiet = this.#quietSince !== undefined && clock.now() - this.#quietSince >= leaderTimeoutMs;
    if (!allAreWithout && !isQuiet) return;
    this.#founded = n;
    found(n);
  }

  #ask(nextMs: number): void {
    const { clock, ask } = this.#options;
    ask(++this.#asks);
    this.#timer = clock.setTimer(() => {
      this.tryToBootstrap();
      this.#ask(Math.min(nextMs * 2, MOST_ASK_MS));
    }, nextMs);
  }
}
