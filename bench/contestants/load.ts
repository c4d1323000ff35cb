// Which contestants there are, how each is loaded, and on which channels it runs.

import { byCalls } from './by-calls.js';
import type { Contestant, Serialization } from './contestant.js';

export const CONTESTANTS = [
  'cluster-client',
  'relay',
  'direct',
  'relay floor',
  'direct floor',
  'relay by calls',
  'direct by calls',
  'compat',
  'bare cluster',
] as const;

/** Their values don't go over the channels of the cluster, whose serialization doesn't matter then. */
const OFF_CHANNEL: readonly ContestantName[] = [
  'cluster-client',
  'direct',
  'direct floor',
  'direct by calls',
  'bare cluster',
];

export type ContestantName = (typeof CONTESTANTS)[number];

const MODULES: Readonly<Record<ContestantName, () => Promise<Contestant>>> = {
  'cluster-client': () => import('./cluster-client.js'),
  relay: () => import('./relay.js'),
  direct: () => import('./direct.js'),
  'relay floor': () => import('./relay-floor.js'),
  'direct floor': () => import('./direct-floor.js'),
  'relay by calls': async () => byCalls(await import('./relay.js')),
  'direct by calls': async () => byCalls(await import('./direct.js')),
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
