// Who had better lead: how long each candidate waits before its claim. No part of the protocol, because the first valid
// claim counts, whoever makes it.

import type { BusGroup, LogState } from '../protocol/messages.js';
import { own } from '../utils/own.js';
import { candidatesOf } from './read-log.js';

/** What each better candidate is given to come first: a few round trips over the bus. */
export const STEP_MS = 25;

/** For who had better not lead, while there are others who may be busy, or stuck. */
const LAST_RESORT_MS = 1000;

/** The app's own choice among these, if it makes one. */
export type Choose = (log: LogState, name: string, ids: readonly string[]) => string | undefined;

/** How long `me` waits before it claims what is vacant; `undefined`: it doesn't. */
export function claimDelay(log: LogState, name: string, me: string, choose?: Choose): number | undefined {
  const group = own(log.groups, name);
  if (!group?.members[me]?.eligible) return undefined;
  if (group.led) return successorDelay(log, name, group, me, choose);
  const untried = candidatesOf(group);
  // Who comes new, or hasn't tried yet, need not wait for the pause of the others.
  if (untried.includes(me)) return turnAmong(log, name, untried, me, choose) + pauseOf(group);
  const all = eligible(group);
  return (untried.length > 0 ? LAST_RESORT_MS : group.pauseMs) + rank(log, name, all, me, choose) * STEP_MS;
}

const eligible = ({ members }: BusGroup): string[] => Object.keys(members).filter(id => members[id]!.eligible);

const pauseOf = ({ failed, pauseMs }: BusGroup): number => (failed.length > 0 ? 0 : pauseMs);

function successorDelay(
  log: LogState,
  name: string,
  group: BusGroup,
  me: string,
  choose: Choose | undefined,
): number | undefined {
  const { led } = group;
  if (led?.at !== 'preparing' || led.successor) return undefined;
  const candidates = candidatesOf(group, led.leader);
  return candidates.includes(me) ? turnAmong(log, name, candidates, me, choose) : undefined;
}

function turnAmong(log: LogState, name: string, ids: readonly string[], me: string, choose?: Choose): number {
  const lastMs = isLastResort(log.groups[name]!, ids, me) ? LAST_RESORT_MS : 0;
  return rank(log, name, ids, me, choose) * STEP_MS + lastMs;
}

/** Another was asked for, or it has just stepped down; a step is too short for who is busy. */
function isLastResort({ wanted, avoided }: BusGroup, ids: readonly string[], me: string): boolean {
  if (wanted !== undefined && ids.includes(wanted)) return me !== wanted;
  return me === avoided && ids.length > 1;
}

/** 0 for the best of the candidates. */
export function rank(log: LogState, name: string, ids: readonly string[], me: string, choose?: Choose): number {
  const group = log.groups[name]!;
  const chosen = choose?.(log, name, ids);
  const sorted = [...ids].sort((a, b) => compare(weigh(log, group, a, chosen), weigh(log, group, b, chosen)));
  return sorted.indexOf(me);
}

/** The smaller the better, the first number first: asked for, not avoided, chosen, priority, fewest groups, youngest. */
function weigh(
  { groups, peers }: LogState,
  group: BusGroup,
  id: string,
  chosen: string | undefined,
): readonly number[] {
  const { wanted, avoided, members } = group;
  const { priority, joinedAt } = members[id]!;
  const leads = Object.values(groups).filter(({ led }) => led?.leader === id).length;
  return [
    wanted === id ? 0 : 1,
    avoided === id ? 1 : 0,
    chosen === id ? 0 : 1,
    -priority,
    leads,
    -joinedAt,
    -peers[id]!.workerId,
  ];
}

/** No two weigh the same: each has a worker of its own. */
function compare(a: readonly number[], b: readonly number[]): number {
  const i = a.findIndex((weight, i) => weight !== b[i]);
  return a[i]! - b[i]!;
}
