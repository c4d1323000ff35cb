// Who this member is just now: a pure function of what it was told and what became of its real client. The member
// carries the orders out.
//
//                 appointed, prepare                  opened
//   following ─────────────────────────► opening ─────────────────► leading
//      ▲                                    │                        │    │ handover, resign, leave
//      │                    failed, deposed │        broken, deposed │    ▼
//      │                                    ▼                        │  draining
//      │            closed                                           ▼    │ drained, broken, deposed
//      └──────────────────────────────── closing ◄────────────────────────┘
//
// A member holds at most one real client: what it is told while it closes one waits until that is closed.

import type { GroupPhase, ResignCause } from '../protocol/messages.js';
import type { Payload } from '../protocol/payload.js';
import { assertNever } from '../utils/assert-never.js';

export type At =
  | { readonly at: 'following' }
  /** `isSuccessor`: the term may never begin. */
  | { readonly at: 'opening'; readonly term: number; readonly isSuccessor: boolean; readonly client: ClientOnItsWay }
  /** `isLate`: it wants to go, and waits no longer for a successor to be prepared. */
  | { readonly at: 'leading'; readonly term: number; readonly isLate?: boolean }
  | { readonly at: 'draining'; readonly term: number }
  /** `cause`: what the primary is then told; nothing where it ended the term itself. */
  | { readonly at: 'closing'; readonly term: number; readonly cause?: ResignCause; readonly error?: Payload }
  /** It has left the group for good. */
  | { readonly at: 'gone' };

/**
 * A process that was frozen reads an appointment, or a request to prepare, that may have ended long ago: it opens nothing
 * before the primary has acknowledged a heartbeat that it sent since, or where the appointment says when it was made and
 * that was not long ago.
 */
export type ClientOnItsWay = 'awaits lease' | 'opens' | 'is open';

export interface RoleState {
  readonly workerId: number;
  readonly now: At;
  readonly update: { readonly term: number; readonly phase: GroupPhase; readonly leader?: number };
  /** The last term that ended here: news of it that was under way comes too late. */
  readonly endedTerm: number;
  /** The term that this member was asked to prepare for and hasn't begun to. */
  readonly prepareFor?: number;
  readonly isLeaving: boolean;
}

export type RoleEvent =
  | { readonly type: 'update'; readonly term: number; readonly phase: GroupPhase; readonly leader?: number }
  | { readonly type: 'prepare'; readonly term: number }
  | { readonly type: 'handover'; readonly term: number }
  /** The real client may open: the appointment, or the request to prepare, is known not to be over. */
  | { readonly type: 'leased' }
  | { readonly type: 'opened'; readonly term: number }
  | { readonly type: 'open failed'; readonly term: number; readonly error: Payload }
  | { readonly type: 'broken'; readonly term: number; readonly error: Payload }
  | { readonly type: 'drained'; readonly term: number }
  | { readonly type: 'closed'; readonly term: number }
  | { readonly type: 'resign' }
  | { readonly type: 'leave' }
  /** The primary's `handover` didn't come in time. */
  | { readonly type: 'waited enough' }
  /** There is no primary any more. */
  | { readonly type: 'lost' };

export type RoleOrder =
  | { readonly do: 'open'; readonly term: number }
  | { readonly do: 'tell prepared'; readonly term: number }
  /** Serve calls, and tell the primary. */
  | { readonly do: 'serve'; readonly term: number }
  /** Let the calls in progress end. */
  | { readonly do: 'drain'; readonly term: number }
  /** Start nothing any more. */
  | { readonly do: 'stop' }
  | { readonly do: 'close'; readonly term: number }
  /** Ask to go; `now`: whether a successor is prepared or not. */
  | { readonly do: 'yield'; readonly term: number; readonly now: boolean }
  | { readonly do: 'resign'; readonly term: number; readonly cause: ResignCause; readonly error?: Payload }
  | { readonly do: 'leave' };

export interface RoleStep {
  readonly state: RoleState;
  readonly orders: readonly RoleOrder[];
}

export function newRole(workerId: number): RoleState {
  return {
    workerId,
    now: { at: 'following' },
    update: { term: 0, phase: 'vacant' },
    endedTerm: 0,
    isLeaving: false,
  };
}

/** The one door: what a member becomes by an event, and what is to be done about it. */
export function play(state: RoleState, event: RoleEvent): RoleStep {
  switch (event.type) {
    case 'update':
      return applyUpdate({ ...state, update: { term: event.term, phase: event.phase, leader: event.leader } });
    case 'prepare':
      return settle({ ...state, prepareFor: event.term });
    case 'handover':
      return 'term' in state.now && state.now.term === event.term ? stepDown(state) : same(state);
    case 'leased':
      return leased(state);
    case 'opened':
      return opened(state, event.term);
    case 'open failed':
      return isOpening(state, event.term) ? close(state, 'failed', event.error) : same(state);
    case 'broken':
      return broken(state, event.term, event.error);
    case 'drained':
      return state.now.at === 'draining' && state.now.term === event.term ? close(state, 'resigned') : same(state);
    case 'closed':
      return closed(state, event.term);
    case 'resign':
      return goOrYield(state);
    case 'leave':
      return leave({ ...state, isLeaving: true });
    case 'waited enough':
      return waitedEnough(state);
    case 'lost':
      return lost(state);
    default:
      return assertNever(event);
  }
}

/** Whether the real client that this member has, or will have, is the group's. */
export const isLeading = ({ now }: RoleState): boolean =>
  now.at === 'leading' || now.at === 'draining' || (now.at === 'opening' && !now.isSuccessor);

/**
 * The term that the primary takes this member to hold: also while it closes its real client and hasn't given the term
 * back yet, or was appointed anew meanwhile. So long its silence would mean that it hangs.
 */
export function heldTerm(state: RoleState): number | undefined {
  const { now } = state;
  if (now.at === 'closing') return appointedTerm(state) ?? (now.cause && now.term);
  return isLeading(state) && 'term' in now ? now.term : undefined;
}

/** It opens a real client ahead of its term. Its silence would mean that it hangs. */
export const isPreparing = ({ now }: RoleState): boolean => now.at === 'opening' && now.isSuccessor;

/** The term of an appointment that this member has read and not yet ended. */
function appointedTerm({ update, workerId, endedTerm }: RoleState): number | undefined {
  return update.leader === workerId && update.term > endedTerm && update.phase !== 'vacant' ? update.term : undefined;
}

function applyUpdate(state: RoleState): RoleStep {
  const { now, update, workerId } = state;
  if (!('term' in now) || now.at === 'closing') return settle(state);
  const isMine = update.term === now.term && update.leader === workerId;
  if (now.at === 'opening' && now.isSuccessor) {
    if (isMine) return appointed({ ...state, now: { ...now, isSuccessor: false } });
    return update.term < now.term ? same(state) : close(state);
  }
  // News older than the term at hand was under way before its appointment.
  return isMine || update.term < now.term ? same(state) : close(state);
}

/** The term that was prepared for has begun. */
function appointed(state: RoleState): RoleStep {
  const { now } = state;
  return now.at === 'opening' && now.client === 'is open' ? serve(state, now.term) : same(state);
}

/** Free of a real client: does what the latest news, or a request to prepare, ask for. */
function settle(state: RoleState): RoleStep {
  const { now, update, endedTerm, prepareFor } = state;
  if (now.at !== 'following') return same(state);
  const appointed = appointedTerm(state);
  if (appointed !== undefined) return open(state, appointed, false);
  if (prepareFor !== undefined && prepareFor > Math.max(update.term, endedTerm)) return open(state, prepareFor, true);
  return same(state);
}

function open(state: RoleState, term: number, isSuccessor: boolean): RoleStep {
  const now: At = { at: 'opening', term, isSuccessor, client: 'awaits lease' };
  return { state: { ...state, now, prepareFor: undefined }, orders: [] };
}

function leased(state: RoleState): RoleStep {
  const { now } = state;
  if (now.at !== 'opening' || now.client !== 'awaits lease') return same(state);
  return { state: { ...state, now: { ...now, client: 'opens' } }, orders: [{ do: 'open', term: now.term }] };
}

function opened(state: RoleState, term: number): RoleStep {
  const { now } = state;
  if (now.at !== 'opening' || now.term !== term) return same(state);
  if (!now.isSuccessor) return serve(state, term);
  return { state: { ...state, now: { ...now, client: 'is open' } }, orders: [{ do: 'tell prepared', term }] };
}

function serve(state: RoleState, term: number): RoleStep {
  return { state: { ...state, now: { at: 'leading', term } }, orders: [{ do: 'serve', term }] };
}

function broken(state: RoleState, term: number, error: Payload): RoleStep {
  const { now } = state;
  if (isOpening(state, term)) return close(state, 'failed', error);
  const isOurs = (now.at === 'leading' || now.at === 'draining') && now.term === term;
  return isOurs ? close(state, 'broken', error) : same(state);
}

/** By its own wish, but not by its own clock: the primary must send it no more calls, or have a successor ready first. */
function goOrYield(state: RoleState): RoleStep {
  const { now } = state;
  if (now.at !== 'leading') return stepDown(state);
  return { state, orders: [{ do: 'yield', term: now.term, now: now.isLate === true }] };
}

/** Calls are on their way here until the primary knows that it goes, so it asks again before it goes without its word. */
function waitedEnough(state: RoleState): RoleStep {
  const { now } = state;
  if (now.at !== 'leading' || now.isLate) return stepDown(state);
  return goOrYield({ ...state, now: { ...now, isLate: true } });
}

function leave(state: RoleState): RoleStep {
  if (state.now.at === 'following') return { state: { ...state, now: { at: 'gone' } }, orders: [{ do: 'leave' }] };
  return goOrYield(state);
}

function stepDown(state: RoleState): RoleStep {
  const { now } = state;
  if (now.at === 'opening') return close(state, 'resigned');
  if (now.at !== 'leading') return same(state);
  return { state: { ...state, now: { at: 'draining', term: now.term } }, orders: [{ do: 'drain', term: now.term }] };
}

/** Lets go of the real client; without a cause because another leads. */
function close(state: RoleState, cause?: ResignCause, error?: Payload): RoleStep {
  const { now } = state;
  if (!('term' in now)) return same(state);
  const { term } = now;
  const orders: RoleOrder[] = [];
  if (now.at !== 'opening') orders.push({ do: 'stop' });
  orders.push({ do: 'close', term });
  return {
    state: { ...state, now: { at: 'closing', term, cause, error }, endedTerm: Math.max(state.endedTerm, term) },
    orders,
  };
}

function closed(state: RoleState, term: number): RoleStep {
  const { now, isLeaving } = state;
  if (now.at !== 'closing' || now.term !== term) return same(state);
  const { cause, error } = now;
  const next: RoleStep = isLeaving
    ? { state: { ...state, now: { at: 'gone' } }, orders: [{ do: 'leave' }] }
    : settle({ ...state, now: { at: 'following' } });
  // That it leaves says that it resigns, and no more.
  if (!cause || (isLeaving && cause === 'resigned')) return next;
  return { ...next, orders: [{ do: 'resign', term, cause, error }, ...next.orders] };
}

function lost(state: RoleState): RoleStep {
  const forgotten: RoleState = {
    ...state,
    update: { term: state.update.term, phase: 'vacant' },
    prepareFor: undefined,
  };
  const { now } = state;
  // What closes already goes on to do so, and there is nobody to tell of it.
  if (now.at === 'closing') return same({ ...forgotten, now: { at: 'closing', term: now.term } });
  return close(forgotten);
}

const isOpening = ({ now }: RoleState, term: number): boolean => now.at === 'opening' && now.term === term;
const same = (state: RoleState): RoleStep => ({ state, orders: [] });
