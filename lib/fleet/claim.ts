// When a host may claim the leadership, and what it claims. No clock of another host and no time in a record is trusted: a
// lease is over if the record did not change for that long, measured here.

import type { GroupEvent } from '../group/events.js';
import { newGroup } from '../group/queries.js';
import { reduce } from '../group/reduce.js';
import type { GroupState } from '../protocol/group-state.js';
import type { Election, Seen } from './election-state.js';
import { type FleetRecord, groupOf, isReadable, readableIn } from './record.js';

/** Hosts spread their claims over this time, in ms. */
const JITTER_MS = 500;
/** Added for each group that the host leads already, so that the first host of a fleet does not end with all groups. */
const PER_GROUP_MS = 20;
/**
 * How long a host leaves a released record to others: one that gave it up itself, since otherwise its workers would lead one
 * after the other while the host stops; and all but the one that was named.
 */
const OTHERS_FIRST_MS = 300;
/** The same after a hand-over that somebody asked for: it has failed if the host that gave up the record leads again. */
const ASKED_FIRST_MS = 2000;
/** A released record is claimed within a part of the jitter, so that the others have claimed before that. */
const RELEASED_PART = 0.5;
/** Without announcements: how often the record is read, in ms and as a part of `renewMs`. */
const POLL_MS = 500;
const POLL_PART = 0.25;

/**
 * With announcements: a host that has learnt of no renewal for this long reads the record, in parts of `renewMs`. The last
 * announcement may be lost with the leader, and the wait for its lease would begin only when the lease seems to be over.
 */
const QUIET_PART = 1.5;
const QUIET_JITTER_PART = 0.5;

/** Without announcements: the time between two reads. */
const pollMs = ({ renewMs }: Election['options']): number => Math.min(renewMs * POLL_PART, POLL_MS);

/** When a host that does not lead reads the record, although nothing else requires it. */
export function pollAt({ options, announces, seen, lead, release }: Election): number | undefined {
  if (!seen || lead || release) return undefined;
  if (!announces) return seen.readAt + pollMs(options);
  if (!seen.record || readableIn(seen)?.state === 'released') return undefined;
  return Math.max(seen.since, seen.readAt) + options.renewMs * (QUIET_PART + QUIET_JITTER_PART * seen.random);
}

/** The time from which this host may claim, on its own clock; undefined if only a change of the record can make that so. */
export function claimAt(state: Election): number | undefined {
  const { member, seen } = state;
  if (!member?.eligible || !seen || state.lead || state.release) return undefined;
  const { waitMs, isFirst } = waitOf(state, seen);
  return Math.max(seen.since + waitMs, state.upAt) + (isFirst ? 0 : jitterMs(state, seen));
}

function jitterMs({ member, leads }: Election, seen: Seen): number {
  const { priority } = member!;
  const { random } = seen;
  const isReleased = readableIn(seen)?.state === 'released';
  const spread =
    (priority >= 0 ? random / 2 ** priority : random + 1 - 2 ** priority) * (isReleased ? RELEASED_PART : 1);
  return spread * JITTER_MS + leads * PER_GROUP_MS;
}

interface Wait {
  /** How long the record must have been unchanged. */
  readonly waitMs: number;
  /** No other host has the same right, so no jitter is needed. */
  readonly isFirst?: true;
}

function waitOf({ options, announces }: Election, { record, doubt }: Seen): Wait {
  if (doubt || (record && !isReadable(record))) return { waitMs: Math.max(options.leaseMs, record?.leaseMs ?? 0) };
  if (!record) return { waitMs: 0 };
  if (record.state === 'released') return releasedWait(options, record, announces);
  // This candidate's own record, though it does not lead: nobody else does.
  if (record.nonce === options.nonce) return { waitMs: 0, isFirst: true };
  if (isPredecessor(options, record)) return { waitMs: 0, isFirst: true };
  return { waitMs: record.leaseMs };
}

function releasedWait(options: Election['options'], record: FleetRecord, announces: boolean): Wait {
  const { next, pauseMs = 0 } = record;
  const isOwn = record.host === options.host;
  if (next === options.hostName) return { waitMs: pauseMs, isFirst: true };
  const lateMs = announces ? 0 : pollMs(options);
  const ownMs = isOwn ? (next === undefined ? OTHERS_FIRST_MS : ASKED_FIRST_MS) + lateMs : 0;
  return { waitMs: pauseMs + ownMs + (next ? OTHERS_FIRST_MS + lateMs : 0) };
}

/**
 * The leader was the earlier leader of this host's own group. The primary has made sure that it is dead, or may not act,
 * before it appointed this one.
 */
const isPredecessor = ({ host, hostTerm }: Election['options'], record: FleetRecord): boolean =>
  record.host === host && record.hostTerm < hostTerm;

/** The state of the group in which this host leads, after the one that was seen. */
export function claimedGroup({ options, member, seen, highest }: Election, wall: number): GroupState {
  const { nonce } = options;
  const record = readableIn(seen);
  const before = record ? groupOf(record, wall) : newGroup(highest);
  const events: GroupEvent[] = [{ type: 'resume' }];
  if (record && before.at.stage !== 'vacant') {
    events.push({ type: isPredecessor(options, record) ? 'exited' : 'silent', id: record.nonce });
    events.push({ type: 'leave', id: record.nonce });
  }
  events.push({ type: 'join', id: nonce, member: { ...member!, joinedAt: wall, handover: 'exclusive' } });
  events.push({ type: 'claim', id: nonce });
  const start: GroupState = { ...before, lastTerm: Math.max(highest, before.lastTerm) };
  return events.reduce((group, event) => reduce(group, event, wall).state, start);
}
