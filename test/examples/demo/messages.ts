// What the demo's primary and its workers tell each other, beside the library's own messages on the same channel.

import type { Address } from './real-clients.js';

/** primary -> worker, in its environment: DEMO_TASK */
export interface Task {
  readonly shared: boolean;
  readonly address: Address;
  /** Where to report, instead of to the primary. */
  readonly wire?: string;
}

/** worker -> primary */
export interface Report {
  /**
   * `serving`: calls are being made. `quiet`: no call is in progress any more.
   * `caught up`: the last publication of all has come, so that what hasn't come was missed.
   */
  readonly demo: 'serving' | 'quiet' | 'caught up';
  readonly counts: Counts;
}

/** worker -> demo, where no primary tells of it: it leads, and then that its real client is open. */
export interface Leads {
  readonly leads: 'appointed' | 'ready';
  readonly term: number;
  readonly workerId: number;
  readonly pid: number;
}

/** primary -> worker */
export interface Order {
  /** Make no more calls; say the last publication of all; */
  readonly demo: 'stop' | 'publish last';
}

/** Of one worker, since it serves. */
export interface Counts {
  readonly made: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Answered in a later term than the one they were made in. */
  readonly retried: number;
  /** Failures by code. */
  readonly errors: Readonly<Record<string, number>>;
  /** Between two calls that succeeded. */
  readonly longestGapMs: number;
  readonly published: number;
  readonly publishFailed: number;
  readonly received: number;
  /** Holes in the numbers of what was received. */
  readonly missed: number;
}
