// Decides who leads one group: a pure function of its state, the next event and the time. The primary's router and PM2's log
// call it. The callers choose candidates, detect deaths and read the clock, and pass the results as events.
//
//   event              vacant    opening   leading      preparing       handing-over  fenced
//   ─────────────────  ────────  ────────  ───────────  ──────────────  ────────────  ──────────
//   claim              opening   ·         ·            successor ¹     ·             ·
//   ready              ·         leading   ·            ·               ·             ·
//   prepared ²         ·         leading   ·            handing-over    successor     successor
//   yield              ·         ·         preparing ³  yields ⁴        ·             ·
//   transfer           refused   refused   preparing ³  refused         refused       refused
//   resign             ·         vacant    vacant       vacant ⁵        vacant ⁵      vacant ⁵
//   leave              ·         vacant    vacant       vacant ⁵        vacant ⁵      ·
//   closed             ·         fenced    fenced       fenced          fenced        ·
//   exited             ·         vacant    vacant       vacant ⁵        vacant ⁵      vacant ⁵
//   silent             ·         vacant ⁶  vacant ⁶     vacant ⁵ ⁶      vacant ⁵ ⁶    vacant ⁵ ⁷
//   of a successor:
//   resign, leave,
//   exited             ·         ·         ·            no successor    no successor  no successor
//   closed             ·         ·         ·            it is lost      no successor  no successor
//   silent             ·         ·         ·            no successor    it is silent  it is silent
//
//   After each event:
//   vacant     no candidate: a transfer has failed. If all members have failed: a pause. `resume` ends a pause
//   leading    the leader is not eligible and another member is: preparing ³
//   preparing  no candidate is left: leading, and a transfer has failed. If the leader yields: handing-over
//
//   ¹ if it is the requested one. A claim of another member, or of the leader, cancels the hand-over: leading
//   ² a member that is not expected must close what it opened
//   ³ handing-over if the group does not overlap
//   ⁴ `now`: handing-over
//   ⁵ opening, or leading if it is prepared, if there is a successor that can be reached
//   ⁶ `kills`: fenced
//   ⁷ not if it is to be killed

import type { DeposedCause, GroupMember, GroupState } from '../protocol/group-state.js';
import { assertNever } from '../utils/assert-never.js';
import { own } from '../utils/own.js';
import { Draft } from './draft.js';
import type { GroupEvent, Step } from './events.js';
import { claimSuccession, prepared, settleLeading, settlePreparing, transfer, yieldTerm } from './hand-over.js';
import { mayLead, successorIn } from './queries.js';
import { becomeReady, claimTerm, endTerm, fence, resume, settleVacant } from './terms.js';

/**
 * The only entry point: returns the state after an event, and the orders to carry out. Returns the same state object if
 * nothing changed. `now`: in ms since 1970.
 */
export function reduce<S extends GroupState>(state: S, event: GroupEvent, now: number): Step<S> {
  const group = new Draft(state, now);
  apply(group, event);
  settle(group, state);
  return { state: group.state as S, orders: group.orders };
}

function apply(group: Draft, event: GroupEvent): void {
  switch (event.type) {
    case 'join':
      return join(group, event.id, event.member);
    case 'leave':
      return leave(group, event.id, event.cause ?? 'resigned');
    case 'claim':
      return claim(group, event.id);
    case 'ready':
      return becomeReady(group, event.id, event.term, event.methods);
    case 'prepared':
      return prepared(group, event);
    case 'yield':
      return yieldTerm(group, event);
    case 'resign':
      return resign(group, event);
    case 'closed':
      return closed(group, event.id);
    case 'exited':
      return exited(group, event.id, event.inOrder === true);
    case 'silent':
      return silent(group, event.id, event.kills === true);
    case 'alive':
      return noLongerSilent(group, event.id);
    case 'resume':
      return resume(group);
    case 'transfer':
      return transfer(group, event);
    default:
      return assertNever(event);
  }
}

/** Transitions that follow from the current stage, regardless of the event. */
function settle(group: Draft, before: GroupState): void {
  if (group.state.at.stage === 'preparing') settlePreparing(group, group.state.at);
  if (group.state.at.stage === 'leading') settleLeading(group, group.state.at);
  if (group.state.at.stage === 'vacant') settleVacant(group, group.state.at, before);
}

function join(group: Draft, id: string, member: GroupMember): void {
  const known = own(group.state.members, id);
  group.setMember(id, {
    ...member,
    joinedAt: known?.joinedAt ?? member.joinedAt,
    // A member that becomes able to lead has not failed in this round, whatever happened before.
    ...(known?.hasFailed && mayLead(known) && { hasFailed: true }),
    ...(known?.isSilent && { isSilent: true }),
  });
}

function leave(group: Draft, id: string, cause: DeposedCause): void {
  const { at } = group.state;
  group.removeMember(id);
  if (at.stage !== 'vacant' && at.stage !== 'fenced' && at.leader === id) endTerm(group, at, cause);
  else group.dropSuccessor(id);
}

function claim(group: Draft, id: string): void {
  const { at } = group.state;
  if (at.stage === 'vacant') claimTerm(group, id);
  else if (at.stage === 'preparing') claimSuccession(group, at, id);
}

function resign(group: Draft, { id, term, cause, error }: Extract<GroupEvent, { type: 'resign' }>): void {
  const { at } = group.state;
  const successor = successorIn(at);
  if (successor?.id === id && successor.term === term) {
    group.markFailed(id);
    return group.dropSuccessor(id);
  }
  if (at.stage === 'vacant' || at.leader !== id || at.term !== term) return;
  if (cause === 'failed') group.markFailed(id);
  if (cause === 'resigned') group.set({ avoided: id });
  endTerm(group, at, cause, error);
}

function closed(group: Draft, id: string): void {
  const { at } = group.state;
  group.removeMember(id);
  if (at.stage === 'preparing' && at.successor?.id === id)
    return group.set({ at: { ...at, successor: { ...at.successor, isLost: true } } });
  if (at.stage === 'vacant' || at.leader !== id) return group.dropSuccessor(id);
  const end = { do: 'end', id, term: at.term } as const;
  if (at.stage === 'fenced') group.do(end);
  else fence(group, at, 'disconnected', end);
}

function exited(group: Draft, id: string, inOrder: boolean): void {
  const { at } = group.state;
  const cause = inOrder ? 'resigned' : 'exited';
  if (at.stage !== 'fenced' || at.leader !== id) return leave(group, id, cause);
  endTerm(group, at, at.cause === 'killed' ? 'killed' : cause);
}

function silent(group: Draft, id: string, kills: boolean): void {
  const { at, members } = group.state;
  const member = own(members, id);
  if (member && !member.isSilent) group.setMember(id, { ...member, isSilent: true });
  if (at.stage === 'preparing' && at.successor?.id === id) {
    // It reads this right after `prepare`, as soon as it runs again.
    if (member) group.do({ do: 'handover', id, term: at.successor.term });
    return group.dropSuccessor(id);
  }
  if (at.stage === 'vacant' || at.leader !== id) return;
  if (at.stage === 'fenced') {
    if (at.cause === 'disconnected') endTerm(group, at, 'disconnected');
  } else if (kills) {
    fence(group, at, 'killed', { do: 'kill', id });
  } else {
    endTerm(group, at, 'silent');
  }
}

function noLongerSilent(group: Draft, id: string): void {
  const member = own(group.state.members, id);
  if (!member?.isSilent) return;
  const { isSilent: _, ...rest } = member;
  group.setMember(id, rest);
}
