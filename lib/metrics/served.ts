// What a process ran as a leader, over all its terms.

import { Durations, type Histogram } from './histogram.js';

/** Counts of the calls that ran in this process, as a leader, whoever made them. */
export interface ServedStatus {
  /** Run now. */
  readonly running: number;
  /** Ended so far; `abandoned`: when they did, nobody waited for them any more. */
  readonly ended: { readonly ok: number; readonly failed: number; readonly abandoned: number };
  /** How long they ran, from when the method was called until it ended. */
  readonly duration: Histogram;
}

export class Served {
  running = 0;
  ok = 0;
  failed = 0;
  abandoned = 0;
  readonly duration = new Durations();

  status(): ServedStatus {
    const { running, ok, failed, abandoned, duration } = this;
    return { running, ended: { ok, failed, abandoned }, duration: duration.status() };
  }
}
