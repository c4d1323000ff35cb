// Computes the messages that a primary would have sent to one worker: the difference between two states of the log. A pure
// function.

import { isSameUpdate, leaderOf, successorIn, termOf, updateOf, VACANT } from '../group/queries.js';
import { type Bundle, Kind } from '../protocol/bundle.js';
import { signal } from '../protocol/frames.js';
import type { BusGroup, LogState } from '../protocol/log-state.js';
import type { FromPrimary, StateUpdate } from '../protocol/messages.js';
import { own } from '../utils/own.js';
import type { Reach } from './offers.js';
import { EMPTY_LOG } from './read-log.js';

export interface StateDiff {
  readonly control: readonly FromPrimary[];
  /** Leaders with a new address outside the bus, or the reason why they have none. */
  readonly addresses: readonly Reach[];
  /** Groups and terms that have ended for this worker. */
  readonly ended: readonly { readonly group: string; readonly term: number }[];
  /** Members that left groups that this worker leads. */
  readonly gone: readonly Bundle[];
}

/** The control messages for `me` about a step from one state to the next. `before` is undefined for the first state. */
export function diffState(before: LogState | undefined, after: LogState, me: string): StateDiff {
  const diff: MutableDiff = { control: [], addresses: [], ended: [], gone: [] };
  const old = before ?? EMPTY_LOG;
  for (const name of new Set([...Object.keys(old.groups), ...Object.keys(after.groups)])) {
    const [was, is] = [own(old.groups, name), own(after.groups, name)];
    if (was === is || !(was?.members[me] || is?.members[me])) continue;
    diffGroup(name, { group: was, log: old }, { group: is, log: after }, me, diff);
  }
  return diff;
}

interface Seen {
  readonly group: BusGroup | undefined;
  readonly log: LogState;
}

type MutableDiff = { -readonly [K in keyof StateDiff]: StateDiff[K][number][] };

function diffGroup(name: string, was: Seen, is: Seen, me: string, diff: MutableDiff): void {
  const [before, after] = [was.group?.at ?? VACANT, is.group?.at ?? VACANT];
  const term = after.stage === 'vacant' ? undefined : after.term;
  if (before.stage !== 'vacant' && before.term !== term) diff.ended.push({ group: name, term: before.term });
  if (!is.group?.members[me]) return;
  const update = stateUpdateOf(name, is.group, is.log);
  const isNew = !was.group?.members[me] || !isSameUpdate(update, stateUpdateOf(name, was.group, was.log));
  if (isNew) diff.control.push(update);
  const handsOver = after.stage === 'handing-over' && after.leader === me;
  if (handsOver && (before.stage !== after.stage || before.term !== term))
    diff.control.push({ k: 'handover', group: name, term: after.term });
  const [last, next] = [successorIn(before), successorIn(after)];
  // The real client that this worker has prepared is for a term that will not begin.
  if (last?.id === me && next?.term !== last.term && term !== last.term)
    diff.control.push({ k: 'handover', group: name, term: last.term });
  if (next?.id === me && last?.term !== next.term) diff.control.push({ k: 'prepare', group: name, term: next.term });
  const [lastReach, reach] = [reachOf(name, was.group), reachOf(name, is.group)];
  const isOther = lastReach?.address !== reach?.address || lastReach?.problem !== reach?.problem;
  if (reach && leaderOf(is.group) !== me && (isNew || isOther)) diff.addresses.push(reach);
  diffMembers(name, was, is, me, diff);
}

function reachOf(group: string, state: BusGroup | undefined): Reach | undefined {
  const isInForce = state && leaderOf(state) !== undefined && state.offer?.term === termOf(state);
  return isInForce ? { group, ...state.offer! } : undefined;
}

/**
 * Members that left or exited. A worker that led before and still leads must remove their subscriptions and publications.
 */
function diffMembers(name: string, was: Seen, { group }: Seen, me: string, diff: MutableDiff): void {
  if (!was.group || !group || leaderOf(group) !== me) return;
  for (const id of Object.keys(was.group.members)) {
    if (group.members[id]) continue;
    diff.gone.push(signal(name, termOf(group), Kind.MEMBER_LEFT, was.log.peers[id]!.workerId));
  }
}

/** The state of a group, as it is sent to members. */
const stateUpdateOf = (name: string, group: BusGroup, { peers }: LogState): StateUpdate =>
  updateOf(name, group, id => ({ workerId: peers[id]!.workerId, pid: peers[id]!.pid }));
