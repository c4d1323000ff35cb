// Starts and ends terms, and pauses after failures.

import type { DeposedCause, GroupMember, GroupState, Successor } from '../protocol/group-state.js';
import type { PortablePayload } from '../protocol/payload.js';
import { backoffMs } from '../utils/backoff.js';
import { own } from '../utils/own.js';
import type { At, Draft, LedStage } from './draft.js';
import type { GroupOrder } from './events.js';
import { candidatesOf, mayLead, reachableIn, VACANT } from './queries.js';

/** The count of failures is reset once the group has been led for this long since the last one. */
const STABLE_MS = 10_000;

/** A claim of a failed member starts a new round of attempts. */
export function claimTerm(group: Draft, id: string): void {
  const { members } = group.state;
  const tried = own(members, id)?.hasFailed ? withoutFailures(members) : members;
  if (!candidatesOf({ members: tried }).includes(id)) return;
  group.set({ members: tried });
  appoint(group, id, group.nextTerm());
}

function appoint(group: Draft, id: string, term: number): void {
  const lastTerm = Math.max(group.state.lastTerm, term);
  group.set({ at: { stage: 'opening', term, leader: id }, lastTerm }, { do: 'emit', event: 'appointed', id, term });
}

export function becomeReady(group: Draft, id: string, term: number, methods: readonly string[]): void {
  const { at, members, transfer } = group.state;
  if (at.stage !== 'opening' || at.leader !== id || at.term !== term) return;
  group.set(
    {
      at: { stage: 'leading', term, leader: id, readyAt: group.now },
      members: withoutFailures(members),
      methods,
      avoided: undefined,
      transfer: undefined,
    },
    { do: 'emit', event: 'ready', id, term },
  );
  if (!transfer) return;
  const isDone = transfer.to === undefined ? id !== transfer.from : id === transfer.to;
  group.do({ do: 'transferred', request: transfer.request, ...(!isDone && { failed: 'failed' }) });
}

export function endTerm(group: Draft, at: LedStage, cause: DeposedCause, error?: PortablePayload): void {
  const { term, leader: id } = at;
  const { members } = group.state;
  // For a fenced leader the order was given when its channel closed, if it has.
  if (at.stage !== 'fenced' || own(members, id)) group.do({ do: 'end', id, term });
  group.set(
    { at: VACANT, cause, ...(error && { error }), ...heldUntil(group.state, group.now) },
    { do: 'emit', event: 'deposed', id, term, cause, ...(error && { error }) },
  );
  const { successor } = reachableIn(at);
  if (successor && !members[successor.id]!.isSilent) appointSuccessor(group, successor);
  // A leader that was stepping down anyway is succeeded at once, whatever ended its term.
  else if (cause === 'broken' && at.stage !== 'handing-over') pauseAfterBreak(group);
}

/** The successor has opened its real client for its own term, or is about to. */
function appointSuccessor(group: Draft, { id, term, methods }: Successor): void {
  appoint(group, id, term);
  if (methods) becomeReady(group, id, term, methods);
}

export function fence(group: Draft, at: LedStage, cause: DeposedCause, order: GroupOrder): void {
  const { term, leader } = at;
  const failures = heldUntil(group.state, group.now);
  group.set({ at: { stage: 'fenced', term, leader, cause, ...reachableIn(at) }, ...failures }, order);
}

/** The count of failures if the term ended now. */
export function heldUntil({ at, failures, heldMs }: GroupState, now: number): Pick<GroupState, 'failures' | 'heldMs'> {
  const ms = heldMs + ('readyAt' in at ? Math.max(0, now - at.readyAt) : 0);
  return ms >= STABLE_MS ? { failures: 0, heldMs: 0 } : { failures, heldMs: ms };
}

/** The first break is retried at once. A client that keeps breaking is reopened ever more slowly. */
function pauseAfterBreak(group: Draft): void {
  const { failures } = group.state;
  group.set({ failures: failures + 1, heldMs: 0 });
  if (failures === 0) return;
  group.failTransfer();
  pause(group, failures, 'broken');
}

/** After everyone has failed, the next round starts after a pause. Members that have not tried yet come first. */
export function settleVacant(group: Draft, at: At<'vacant'>, before: GroupState): void {
  const { members, failures } = group.state;
  const canLead = candidatesOf(group.state).length > 0;
  const hasFailed = Object.values(members).some(member => mayLead(member) && member.hasFailed);
  if (at.pause?.after === 'failed' && (canLead || !hasFailed)) group.set({ at: VACANT });
  if (canLead) return;
  group.failTransfer();
  if (hasFailed && !at.pause) {
    group.set({ failures: failures + 1, heldMs: 0 });
    pause(group, failures + 1, 'failed');
  }
  const isFirst = before.members !== members && Object.keys(before.members).length === 0;
  if (isFirst || before.at.stage !== 'vacant') group.do({ do: 'emit', event: 'vacant' });
}

/** Uses the backoff of any member: their options should be the same. */
function pause(group: Draft, failures: number, after: 'failed' | 'broken'): void {
  const [minMs, maxMs] = Object.values(group.state.members).find(({ backoff }) => backoff)?.backoff ?? [];
  const ms = backoffMs(failures, minMs, maxMs);
  group.set({ at: { stage: 'vacant', pause: { ms, after } } }, { do: 'pause', ms });
}

export function resume(group: Draft): void {
  const { at, members } = group.state;
  if (at.stage === 'vacant' && at.pause) group.set({ at: VACANT, members: withoutFailures(members) });
}

function withoutFailures(members: GroupState['members']): GroupState['members'] {
  const entries = Object.entries(members);
  if (!entries.some(([, { hasFailed }]) => hasFailed)) return members;
  return Object.fromEntries(entries.map(([id, { hasFailed: _, ...member }]): [string, GroupMember] => [id, member]));
}
