// Who is measured, and what each of them has to bring.

import type { Echo } from './drive.js';

export type Serialization = 'advanced' | 'json';

/** What one process has in hand once its cluster stands. */
export interface Seat {
  readonly leads: boolean;
  readonly echo: Echo;
}

/** A contestant's module, loaded in the primary and in both workers. */
export interface Contestant {
  /** In the primary, before the forks. Returns what the workers find in their environment. */
  readonly primary: () => Promise<Readonly<Record<string, string>>>;
  /** In a worker: joins, and resolves once calls can be made. The first worker joins alone and leads. */
  readonly join: () => Promise<Seat>;
}

/** The real client of all contestants. */
export class EchoClient {
  async echo(value: unknown): Promise<unknown> {
    return value;
  }
}

export const CONTESTANTS = ['cluster-client', 'relay', 'direct', 'relay floor', 'direct floor', 'compat'] as const;

/** Their values don't go over the channels of the cluster, whose serialization doesn't matter then. */
export const OFF_CHANNEL: readonly ContestantName[] = ['cluster-client', 'direct', 'direct floor'];

export type ContestantName = (typeof CONTESTANTS)[number];

const MODULES: Readonly<Record<ContestantName, () => Promise<Contestant>>> = {
  'cluster-client': () => import('./contestants/cluster-client.js'),
  relay: () => import('./contestants/relay.js'),
  direct: () => import('./contestants/direct.js'),
  'relay floor': () => import('./contestants/relay-floor.js'),
  'direct floor': () => import('./contestants/direct-floor.js'),
  compat: () => import('./contestants/compat.js'),
};

export const loadContestant = (name: ContestantName): Promise<Contestant> => MODULES[name]();

/** One contestant on one kind of channel. */
export interface Entry {
  readonly contestant: ContestantName;
  /** None: its values don't go over the channels of the cluster. */
  readonly serialization?: Serialization;
}

export const entryName = ({ contestant, serialization }: Entry) =>
  serialization ? `${contestant} (${serialization})` : contestant;
