// What the demo's primary knows of the upstream, whichever it is: where it is, and how many connections it sees.

import type { Connections } from '../../helpers/upstream/protocol.js';
import type { Address } from './real-clients.js';

export interface Upstream {
  readonly title: string;
  readonly address: Address;
  /** As the upstream sees them. */
  readonly connections: Connections;
  /** What its own book says; only the embedded upstream keeps one. */
  ran(): Promise<Ran | undefined>;
  close(): Promise<void>;
}

export interface Ran {
  /** Calls that aren't safe to run twice, and did. */
  readonly twice: number;
  /** Calls of an older term than one that ran before. */
  readonly stale: number;
}
