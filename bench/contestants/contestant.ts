// What each contestant has to bring. Which there are is in load.ts.

import type { StreamCase } from '../jobs/stream-cases.js';
import type { Acknowledgement, Listener, Topic } from './real-client.js';

export type Serialization = 'advanced' | 'json';

export type Echo = (value: unknown) => Promise<unknown>;

/** What one worker has in hand once it has joined. */
export interface Seat {
  readonly leads: () => boolean;
  readonly echo: Echo;
  readonly subscribe?: (topic: Topic, listener: Listener) => unknown;
  /** A call to the leader: how many values of a topic this worker has heard. */
  readonly acknowledge?: (heard: Acknowledgement) => Promise<unknown>;
  /** A stream from the leader. */
  readonly items?: (what: StreamCase) => AsyncIterable<unknown>;
  /** A call to the leader: the next item of such a stream. */
  readonly item?: (name: string) => Promise<unknown>;
  /** A call to the leader. */
  readonly leaderPid?: () => Promise<unknown>;
  readonly close?: () => Promise<unknown>;
}

/** What the primary has in hand. */
export interface Desk {
  /** What the workers find in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Data frames that the library has passed on in the primary. */
  readonly frames?: () => number;
}

/** A contestant's module, loaded in the primary and in all workers. */
export interface Contestant {
  /** In the primary, before the forks. */
  readonly primary: () => Promise<Desk>;
  /** In a worker: joins, and resolves once calls can be made. The first worker joins alone and leads. */
  readonly join: () => Promise<Seat>;
}
