// The frames that only PM2's bus carries. messages.ts defines all others.

import type { LogState } from './log-state.js';

/**
 * Under PM2 this library has no primary. Messages of workers go to all workers in one order, as a log. These frames are sent
 * only there, in addition to `join`, `leave`, `heartbeat`, `ready`, `prepared`, `yield`, `resign`, `transfer` and `offer`
 * (without its secret).
 */
export type FromBus = Ask | NoState | Found | State | Enter | Part | Claim | Differs;

/** A member was given another `args` option than the leader, which the digest does not cover. */
export interface Differs {
  readonly k: 'differs';
  readonly group: string;
  readonly option: 'args';
}

/** The first frame on each connection to the bus. Asks for the state; the sender has none. */
export interface Ask {
  readonly k: 'ask';
  /** The number of this question, per sender. */
  readonly n: number;
  /** The sender's process. */
  readonly process: string;
}

/** An answer: this process has no state either. */
export interface NoState {
  readonly k: 'none';
  readonly process: string;
}

/** Creates an empty state, if no process with a state has sent anything since the sender's last question `n`. */
export interface Found {
  readonly k: 'bootstrap';
  readonly n: number;
}

/** An answer: the state at the position in the log where the question was read. */
export interface State {
  readonly k: 'state';
  /** The process that asked. */
  readonly to: string;
  /** The number of the question. */
  readonly n: number;
  readonly log: LogState;
  /** Last question of each process that had asked by then, since a process with a state last sent something. */
  readonly quiet: Readonly<Record<string, number>>;
}

/** The sender takes part from now on. */
export interface Enter {
  readonly k: 'enter';
  readonly process: string;
  readonly workerId: number;
  readonly pid: number;
  readonly heartbeatMs: number;
  readonly leaderTimeoutMs: number;
}

/** The sender no longer takes part. */
export interface Part {
  readonly k: 'part';
}

/**
 * The sender wants to lead, or to be the successor in a hand-over that waits for one. It is valid if `after` is still the
 * current or last term. With `seen` it reports that a member is silent: the leader of the term `after`, or the successor
 * that prepares for it. That is valid if nothing was read from this member after its packet number `seen`.
 */
export interface Claim {
  readonly k: 'claim';
  readonly group: string;
  readonly after: number;
  readonly seen?: number;
}
