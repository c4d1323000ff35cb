// What a primary would have told a worker, had it seen the same log: the difference between two states, for one worker.
// A pure function.

import { signal } from '../protocol/frames.js';
import {
  type Bundle,
  type BusGroup,
  type FromPrimary,
  type GroupPhase,
  Kind,
  type LogLeadership,
  type LogState,
  type StateUpdate,
} from '../protocol/messages.js';
import { own } from '../utils/own.js';
import type { Reach } from './offers.js';
import { EMPTY_LOG, hasFailedOnAll } from './read-log.js';

export interface StateDiff {
  readonly control: readonly FromPrimary[];
  /** Leaders that can be reached past the bus from now on, or why they can't. */
  readonly addresses: readonly Reach[];
  /** Groups and terms that are over for this worker. */
  readonly ended: readonly { readonly group: string; readonly term: number }[];
  /** Members that are gone from groups that this worker leads, as their leader hears of it. */
  readonly gone: readonly Bundle[];
}

/** What `me` hears of a step from one state to the next; `before` is `undefined` where nothing was told yet. */
export function diffState(before: LogState | undefined, after: LogState, me: string): StateDiff {
  const told: MutableDiff = { control: [], addresses: [], ended: [], gone: [] };
  const old = before ?? EMPTY_LOG;
  for (const name of new Set([...Object.keys(old.groups), ...Object.keys(after.groups)])) {
    const [was, is] = [own(old.groups, name), own(after.groups, name)];
    if (was === is || !(was?.members[me] || is?.members[me])) continue;
    diffGroup(name, { group: was, log: old }, { group: is, log: after }, me, told);
  }
  return told;
}

interface Seen {
  readonly group: BusGroup | undefined;
  readonly log: LogState;
}

type MutableDiff = { -readonly [K in keyof StateDiff]: StateDiff[K][number][] };

function diffGroup(name: string, was: Seen, is: Seen, me: string, told: MutableDiff): void {
  const [before, after] = [was.group?.led, is.group?.led];
  if (before && before.term !== after?.term) told.ended.push({ group: name, term: before.term });
  if (!is.group?.members[me]) return;
  const news = stateUpdateOf(name, is.group, is.log);
  const isNew = !was.group?.members[me] || !isSameUpdate(news, stateUpdateOf(name, was.group, was.log));
  if (isNew) told.control.push(news);
  const handsOver = (led: LogLeadership | undefined) =>
    led?.at === 'handing-over' && led.leader === me ? led.term : undefined;
  const term = handsOver(after);
  if (term !== undefined && handsOver(before) !== term) told.control.push({ k: 'handover', group: name, term });
  const [last, next] = [before?.successor, after?.successor];
  // What it has open, or opens, is for a term that won't begin.
  if (last?.id === me && next?.next !== last.next && after?.term !== last.next)
    told.control.push({ k: 'handover', group: name, term: last.next });
  if (next?.id === me && last?.next !== next.next) {
    told.control.push({ k: 'prepare', group: name, term: next.next });
  }
  const [lastReach, reach] = [reachOf(name, before), reachOf(name, after)];
  const isOther = lastReach?.address !== reach?.address || lastReach?.problem !== reach?.problem;
  if (reach && after!.leader !== me && (isNew || isOther)) told.addresses.push(reach);
  diffMembers(name, was, is, me, told);
}

function reachOf(group: string, led: LogLeadership | undefined): Reach | undefined {
  const { term, address, problem } = led ?? {};
  if (term === undefined || (address === undefined && problem === undefined)) return undefined;
  return { group, term, ...(problem === undefined ? { address } : { problem }) };
}

/** A member that left, or died: who leads now, and did then, takes back what it left. */
function diffMembers(name: string, was: Seen, { group }: Seen, me: string, told: MutableDiff): void {
  const led = group?.led;
  if (!was.group || led?.leader !== me) return;
  for (const id of Object.keys(was.group.members)) {
    if (group!.members[id]) continue;
    told.gone.push(signal(name, led.term, Kind.MEMBER_LEFT, was.log.peers[id]!.workerId));
  }
}

/** Where a group stands. */
export function stateUpdateOf(name: string, group: BusGroup, { peers }: LogState): StateUpdate {
  const { led, lastTerm, error, cause } = group;
  const phase = phaseOf(group);
  const { workerId = 0, pid = 0 } = (led && peers[led.leader]) ?? {};
  return {
    k: 'update',
    group: name,
    term: led?.term ?? lastTerm,
    phase,
    ...(led && { leader: { workerId, pid } }),
    ...(phase === 'ready' && { methods: led!.methods }),
    ...((phase === 'failed' || cause === 'failed' || cause === 'broken') && error && { error }),
    ...(cause && { cause }),
  };
}

function phaseOf(group: BusGroup): GroupPhase {
  if (!group.led) return hasFailedOnAll(group) ? 'failed' : 'vacant';
  return group.led.at === 'opening' ? 'opening' : 'ready';
}

/** Of the rest, nothing changes while these stay. */
function isSameUpdate(a: StateUpdate, b: StateUpdate): boolean {
  return a.term === b.term && a.phase === b.phase && a.error === b.error && a.leader?.workerId === b.leader?.workerId;
}
