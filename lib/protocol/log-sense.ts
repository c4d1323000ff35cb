// Whether the state that a new worker gets over PM2's bus makes sense: whoever reads the log relies on it that each name in it
// leads somewhere.

import type { BusGroup, LogLeadership, LogState } from './messages.js';

/** Processes on one host, and so members of a group: some steps compare each with each. */
const MOST_PEERS = 4096;

/** Far beyond every clock, and far below where whole numbers end: terms go on from it. */
const MOST_TERM = 2 ** 52;

/** Who failed twice may be named twice; all are compared with all members. */
const MOST_FAILED = 4 * MOST_PEERS;

const MOST_PAUSE_MS = 2 ** 31 - 1;

/** An incarnation: no name that every object has. */
export const isIncarnation = (id: unknown): id is string =>
  typeof id === 'string' && id.length > 0 && id.length <= 128 && !(id in Object.prototype);

/** Of a state in which each field has its type. */
export function makesSense({ peers, groups, lastTerm }: LogState): boolean {
  const ids = Object.keys(peers);
  if (ids.length > MOST_PEERS || !ids.every(isIncarnation) || lastTerm > MOST_TERM) return false;
  return Object.values(groups).every(group => isSound(group, peers));
}

function isSound({ members, led, failed, lastTerm, pauseMs }: BusGroup, peers: LogState['peers']): boolean {
  const ids = Object.keys(members);
  if (ids.length === 0 || failed.length > MOST_FAILED || !ids.every(id => Object.hasOwn(peers, id))) return false;
  if (!failed.every(id => Object.hasOwn(members, id))) return false;
  if (lastTerm > MOST_TERM || pauseMs < 0 || pauseMs > MOST_PAUSE_MS) return false;
  return !led || isLedByMembers(led, members, lastTerm);
}

function isLedByMembers(
  { leader, successor, term }: LogLeadership,
  members: BusGroup['members'],
  lastTerm: number,
): boolean {
  if (!Object.hasOwn(members, leader) || term > lastTerm) return false;
  return !successor || (Object.hasOwn(members, successor.id) && successor.next <= lastTerm);
}
