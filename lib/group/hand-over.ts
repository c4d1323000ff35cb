// A planned hand-over: who is prepared, when the leader must step down, and when it continues instead.

import type { At, Draft } from './draft.js';
import type { GroupEvent } from './events.js';
import { candidatesOf, leaderOf, reachableIn, successorIn } from './queries.js';
import { becomeReady } from './terms.js';

type EventOf<T> = Extract<GroupEvent, { type: T }>;

export function transfer(group: Draft, { request, to }: EventOf<'transfer'>): void {
  const { at } = group.state;
  if (at.stage !== 'leading') return group.do({ do: 'transferred', request, failed: 'vacant' });
  if (to === at.leader) return group.do({ do: 'transferred', request });
  const others = candidatesOf(group.state, at.leader);
  if (to === undefined ? others.length === 0 : !others.includes(to))
    return group.do({ do: 'transferred', request, failed: 'no candidate' });
  group.set({ transfer: { request, from: at.leader, ...(to !== undefined && { to }) } });
  prepare(group, at);
}

/** The leader wants to step down. */
export function yieldTerm(group: Draft, { id, term, now }: EventOf<'yield'>): void {
  const { at } = group.state;
  if ((at.stage !== 'leading' && at.stage !== 'preparing') || at.leader !== id || at.term !== term) return;
  group.set({ avoided: id });
  const next: At<'preparing'> = { ...at, stage: 'preparing', yields: true };
  if (now) handOver(group, next);
  else if (at.stage === 'leading') prepare(group, next);
  else group.set({ at: next });
}

/** With overlap, a successor must be prepared first. */
function prepare(group: Draft, { term, leader, readyAt, ...rest }: At<'leading' | 'preparing'>): void {
  const at: At<'preparing'> = { ...rest, stage: 'preparing', term, leader, readyAt };
  if (group.state.members[leader]!.handover === 'overlap') group.set({ at });
  else handOver(group, at);
}

/** A claim while the group waits for a successor. */
export function claimSuccession(group: Draft, at: At<'preparing'>, id: string): void {
  const to = group.state.transfer?.to ?? id;
  const isOther = candidatesOf(group.state, at.leader).includes(id);
  if (at.successor || !(isOther || id === at.leader)) return;
  // The expected successor did not make the claim.
  if (!at.yields && (id === at.leader || id !== to)) return leadOn(group, at);
  if (!isOther) return;
  const term = group.nextTerm();
  group.set({ at: { ...at, successor: { id, term } }, lastTerm: term }, { do: 'prepare', id, term });
}

export function prepared(group: Draft, { id, term, methods }: EventOf<'prepared'>): void {
  const { at } = group.state;
  const successor = successorIn(at);
  if (successor?.id === id && successor.term === term) {
    const next = { ...(at as At<'preparing' | 'handing-over'>), successor: { id, term, methods } };
    if (next.stage === 'preparing') handOver(group, next);
    else group.set({ at: next });
  } else if (id !== successor?.id && id !== leaderOf(group.state)) {
    // It was silent for too long and runs again: it must close what it opened.
    group.do({ do: 'handover', id, term });
  }
  becomeReady(group, id, term, methods);
}

/** The leader finishes its calls. The next term belongs to its successor, if there is one. */
function handOver(group: Draft, at: At<'preparing'>): void {
  const { term, leader, readyAt } = at;
  group.set(
    { at: { stage: 'handing-over', term, leader, readyAt, ...reachableIn(at) } },
    { do: 'handover', id: leader, term },
  );
}

/** Cancels the hand-over. The leader continues. */
function leadOn(group: Draft, { term, leader, readyAt }: At<'preparing'>): void {
  group.set({ at: { stage: 'leading', term, leader, readyAt } });
  group.failTransfer();
}

/** Every candidate may be gone. A leader that does not want to step down then continues. */
export function settlePreparing(group: Draft, at: At<'preparing'>): void {
  if (at.successor) return;
  const others = candidatesOf(group.state, at.leader);
  const to = at.yields ? undefined : group.state.transfer?.to;
  if (to === undefined ? others.length > 0 : others.includes(to)) return;
  if (at.yields) handOver(group, at);
  else leadOn(group, at);
}

/** A leader that is no longer eligible hands over to an eligible member. */
export function settleLeading(group: Draft, at: At<'leading'>): void {
  const { members } = group.state;
  if (members[at.leader]!.eligible) return;
  if (candidatesOf(group.state, at.leader).some(id => members[id]!.eligible)) prepare(group, at);
}
