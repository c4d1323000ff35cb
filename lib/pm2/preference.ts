// Who had better lead: how long each candidate waits before its claim. No part of the protocol, because the first valid
// claim counts, whoever makes it.

import { byPreference, type Choose } from '../group/choose.js';
import { candidatesOf, leaderOf, preferredOf } from '../group/queries.js';
import type { Candidate } from '../options/options.js';
import type { BusGroup, LogState } from '../protocol/log-state.js';
import { own } from '../utils/own.js';

/** What each better candidate is given to come first: a few round trips over the bus. */
export const STEP_MS = 25;

/** For who had better not lead, while there are others who may be busy, or stuck. */
const LAST_RESORT_MS = 1000;

/** How long `me` waits before it claims what is vacant; `undefined`: it doesn't. */
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

/** The claim of a leader that doesn't want to step down ends a transfer to who doesn't come. */
function successorDelay(log: LogState, name: string, me: string, choose: Choose | undefined): number | undefined {
  const group = log.groups[name]!;
  const leader = leaderOf(group);
  // One that wants to step down says itself when it waits no longer.
  if (me === leader) return group.transfer && group.avoided !== me ? LAST_RESORT_MS : undefined;
  const candidates = candidatesOf(group, leader);
  return candidates.includes(me) ? turnAmong(log, name, candidates, me, choose) : undefined;
}

function turnAmong(log: LogState, name: string, ids: readonly string[], me: string, choose?: Choose): number {
  const lastMs = isLastResort(log.groups[name]!, ids, me) ? LAST_RESORT_MS : 0;
  return rank(log, name, ids, me, choose) * STEP_MS + lastMs;
}

/** Another was asked for, or it has just stepped down; a step is too short for who is busy. */
function isLastResort(group: BusGroup, ids: readonly string[], me: string): boolean {
  const preferred = preferredOf(group, ids);
  if (preferred !== undefined) return me !== preferred;
  return me === group.avoided && ids.length > 1;
}

/** 0 for the best: asked for, then who is not avoided, of those the app's choice, and then as {@link byPreference} says. */
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
