// Counts of the calls that a process ran as a leader, over all its terms.

import { Durations, type Histogram } from './histogram.js';

/** Counts of the calls that ran in this process as a leader, from all callers. */
export interface ServedStatus {
  /** Running now. */
  readonly running: number;
  /** Ended so far. `abandoned`: the caller no longer waited when they ended. */
  readonly ended: { readonly ok: number; readonly failed: number; readonly abandoned: number };
  /** The time from when the method was called until it ended. */
  readonly duration: Histogram;
  /** Streams that were returned by calls and whose source has not ended. */
  readonly streams: StreamCounts;
}

/** Counts of streams. */
export interface StreamCounts {
  readonly open: number;
  /** Items that were sent and not taken by their reader. */
  readonly items: number;
  /** Their size, in characters and bytes. */
  readonly bytes: number;
}

export interface CountedStream {
  readonly items: number;
  readonly bytes: number;
}

export function countStreams(streams: Iterable<CountedStream>): StreamCounts {
  const counts = { open: 0, items: 0, bytes: 0 };
  for (const stream of streams) {
    counts.open++;
    counts.items += stream.items;
    counts.bytes += stream.bytes;
  }
  return counts;
}

export class Served {
  running = 0;
  ok = 0;
  failed = 0;
  abandoned = 0;
  readonly streams = new Set<CountedStream & { resume(): void }>();
  readonly duration = new Durations();

  status(): ServedStatus {
    const { running, ok, failed, abandoned, duration, streams } = this;
    return { running, ended: { ok, failed, abandoned }, duration: duration.status(), streams: countStreams(streams) };
  }
}
