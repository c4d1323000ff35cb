// Who is measured, and what each of them has to bring.

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

export const CONTESTANTS = [
  'cluster-client',
  'relay',
  'direct',
  'relay floor',
  'direct floor',
  'compat',
  'bare cluster',
] as const;

/** Their values don't go over the channels of the cluster, whose serialization doesn't matter then. */
const OFF_CHANNEL: readonly ContestantName[] = ['cluster-client', 'direct', 'direct floor', 'bare cluster'];

export type ContestantName = (typeof CONTESTANTS)[number];

const MODULES: Readonly<Record<ContestantName, () => Promise<Contestant>>> = {
  'cluster-client': () => import('./cluster-client.js'),
  relay: () => import('./relay.js'),
  direct: () => import('./direct.js'),
  'relay floor': () => import('./relay-floor.js'),
  'direct floor': () => import('./direct-floor.js'),
  compat: () => import('./compat.js'),
  'bare cluster': () => import('./bare-cluster.js'),
};

export const loadContestant = (name: ContestantName): Promise<Contestant> => MODULES[name]();

/** One contestant on one kind of channel. */
export interface Entry {
  readonly contestant: ContestantName;
  readonly serialization: Serialization;
}

/** `'advanced'` goes without saying. */
export const entryName = ({ contestant, serialization }: Entry): string =>
  serialization === 'json' ? `${contestant} (json)` : contestant;

/** Who doesn't use the channels runs once. */
export function entriesOf(names: readonly ContestantName[], serializations: readonly Serialization[]): Entry[] {
  return names.flatMap((contestant): Entry[] =>
    OFF_CHANNEL.includes(contestant)
      ? [{ contestant, serialization: 'advanced' }]
      : serializations.map(serialization => ({ contestant, serialization })),
  );
}
