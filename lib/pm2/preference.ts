// How long each candidate waits before its claim, so that the best one claims first. Not part of the protocol, because the
// first valid claim counts.

import { byPreference, type Choose } from '../group/choose.js';
import { candidatesOf, leaderOf, preferredOf } from '../group/queries.js';
import type { Candidate } from '../options/options.js';
import type { BusGroup, LogState } from '../protocol/log-state.js';
import { own } from '../utils/own.js';

/** The delay for each better candidate: a few round trips over the bus. */
export const STEP_MS = 25;

/** The delay of a member that should lead only if no other one claims. The others may be busy or blocked. */
const LAST_RESORT_MS = 1000;

/** How long `me` waits before it claims a vacant group; `undefined` if it does not claim. */
export function claimDelay(log: LogState, name: string, me: string, choose?: Choose): number | undefined {
  const group = own(log.groups, name);
  const { at } = group ?? {};
  if (at?.stage === 'preparing' && !at.successor) return successorDelay(log, name, me, choose);
  if (at?.stage !== 'vacant' || !group?.members[me]?.eligible) return undefined;
  const { pause } = at;
  const untried = candidatesOf(group);
  const pauseMs = pause?.ms ?? 0;
  if (untried.includes(me)) return turnAmong(log, name, untried, me, choose) + pauseMs;
  const all = Object.keys(group.members).filter(id => group.members[id]!.eligible);
  return (untried.length > 0 ? LAST_RESORT_MS : pauseMs) + rank(log, name, all, me, choose) * STEP_MS;
}

/** During a transfer, the claim of a leader that continues to lead ends the wait for a successor that does not claim. */
function successorDelay(log: LogState, name: string, me: string, choose: Choose | undefined): number | undefined {
  const group = log.groups[name]!;
  const leader = leaderOf(group);
  // A leader that wants to step down decides itself how long it waits.
  if (me === leader) return group.transfer && group.avoided !== me ? LAST_RESORT_MS : undefined;
  const candidates = candidatesOf(group, leader);
  return candidates.includes(me) ? turnAmong(log, name, candidates, me, choose) : undefined;
}

function turnAmong(log: LogState, name: string, ids: readonly string[], me: string, choose?: Choose): number {
  const lastMs = isLastResort(log.groups[name]!, ids, me) ? LAST_RESORT_MS : 0;
  return rank(log, name, ids, me, choose) * STEP_MS + lastMs;
}

/**
 * Whether another member was requested, or `me` has just stepped down. One step would be too short for a busy candidate.
 */
function isLastResort(group: BusGroup, ids: readonly string[], me: string): boolean {
  const preferred = preferredOf(group, ids);
  if (preferred !== undefined) return me !== preferred;
  return me === group.avoided && ids.length > 1;
}

/**
 * The rank of `me`, 0 for the best. Order: the requested member, then members that are not avoided, among these the app's
 * choice, then {@link byPreference}.
 */
export function rank(log: LogState, name: string, ids: readonly string[], me: string, choose?: Choose): number {
  const group = log.groups[name]!;
  const preferred = preferredOf(group, ids);
  const candidates = ids.map(id => toCandidate(log, name, id));
  const chosen = choose?.(candidates, name);
  const sorted = ids
    .map((id, i) => {
      const candidate = candidates[i]!;
      const turn = id === preferred ? 0 : (id === group.avoided ? 3 : 1) + (candidate === chosen ? 0 : 1);
      return { id, candidate, turn };
    })
    .sort((a, b) => a.turn - b.turn || byPreference(a.candidate, b.candidate));
  return sorted.findIndex(({ id }) => id === me);
}

function toCandidate({ groups, peers }: LogState, name: string, id: string): Candidate {
  const { joinedAt, priority } = groups[name]!.members[id]!;
  const { workerId, pid } = peers[id]!;
  const leads = Object.values(groups).filter(group => leaderOf(group) === id).length;
  return { workerId, pid, joinedAt, leads, priority };
}
