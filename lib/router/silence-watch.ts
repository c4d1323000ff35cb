// Detects workers that lead, or prepare to, and have sent nothing for `leaderTimeoutMs`. Ticks only while there is one.

import type { Clock } from '../utils/clock.js';
import { RunningClock } from '../utils/running-clock.js';
import type { RoutedWorker } from './routed-worker.js';

/** What the watch needs of the router. */
export interface SilenceOwner {
  readonly clock: Clock;
  readonly options: { readonly heartbeatMs: number; readonly leaderTimeoutMs: number };
  readonly workers: ReadonlyMap<number, RoutedWorker>;
  silent(worker: RoutedWorker): void;
  /** A worker that was silent has sent something. */
  noLongerSilent(worker: RoutedWorker): void;
  /** All workers were checked. */
  checkedSilence(): void;
}

export class SilenceWatch {
  readonly #running: RunningClock;

  constructor(private readonly owner: SilenceOwner) {
    this.#running = new RunningClock(owner.clock, owner.options.heartbeatMs / 2, () => this.#check());
  }

  set heartbeatMs(ms: number) {
    this.#running.tickMs = ms / 2;
  }

  received(worker: RoutedWorker): void {
    this.startOver(worker);
    if (!worker.isSilent) return;
    worker.isSilent = false;
    this.owner.noLongerSilent(worker);
  }

  /** Its silence counts from now. */
  startOver(worker: RoutedWorker): void {
    worker.lastSeenAt = this.#running.now();
  }

  /**
   * The leader or the successor of a group changed.
   * @returns the time, if `after` was not watched before
   */
  changed(what: 'leads' | 'prepares', before: number | undefined, after: number | undefined): number | undefined {
    const { clock, workers } = this.owner;
    const old = workers.get(before ?? -1);
    if (old) old[what]--;
    const next = workers.get(after ?? -1);
    const isNew = next?.isWatched === false;
    if (next) next[what]++;
    if ([...workers.values()].some(worker => worker.isWatched)) this.#running.start();
    else this.#running.stop();
    // A worker that was not watched has sent no heartbeats: its silence counts from now.
    if (!isNew) return undefined;
    this.startOver(next);
    return clock.now();
  }

  #check(): void {
    const now = this.#running.now();
    for (const worker of [...this.owner.workers.values()]) {
      if (!worker.isWatched || now - worker.lastSeenAt < this.owner.options.leaderTimeoutMs) continue;
      worker.isSilent = true;
      this.owner.silent(worker);
    }
    this.owner.checkedSilence();
  }
}
