// How a worker gets the state: it asks until it receives an answer, and begins an empty state if no worker has one.

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
  /**
   * Incremented when the state is lost or a worker with a state is noticed. Lists of processes requested before are
   * ignored then.
   */
  #round = 0;
  #timer: Timer | undefined;
  #processes: readonly BusProcess[] | undefined;
  /** The daemon's clock when the first question was read. */
  #askedAt: number | undefined;
  /** When the first question was read, or the last packet of a worker that has a state. */
  #quietSince: number | undefined;
  /** The question after which it last tried to begin a state. */
  #founded = 0;

  constructor(options: StateSyncOptions) {
    this.#options = options;
  }

  /** The state is not known. Asks repeatedly. */
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

  /** A question of this worker was read back; `at` is the daemon's clock. */
  async questionRead(at: number): Promise<void> {
    const round = this.#round;
    this.#quietSince ??= this.#options.clock.now();
    this.#askedAt ??= at;
    // Listed after the question was read. A process that is not in the list yet will ask for the state itself, if there is
    // one by then.
    const processes = await this.#options.listProcesses();
    if (round !== this.#round || !this.#timer) return;
    this.#processes = processes;
    this.tryToBootstrap();
  }

  /** A worker that has a state has sent a packet. What was known about other processes no longer counts. */
  noteSignOfLife(): void {
    if (this.#quietSince !== undefined) this.#quietSince = this.#options.clock.now();
    this.#round++;
    this.#processes = undefined;
    this.#askedAt = undefined;
  }

  /** Begins a state, if certainly no worker has one, or no lease of any leader can still be valid. */
  tryToBootstrap(): void {
    const { view, found, clock, leaderTimeoutMs, process } = this.#options;
    const { me, log, quiet, without } = view();
    const n = this.#asks;
    // Only a worker that has read its own last question has read everything that was sent before it.
    if (log || !this.#timer || this.#founded === n || quiet[me] !== n) return;
    const isWithout = (other: BusProcess) =>
      other.process === process ||
      without.includes(other.process) ||
      // Everything that it ever sent has been read.
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
