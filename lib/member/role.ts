// The role of one member: a pure function of the messages that it received and of the state of its real client. Orders are
// carried out by the shell (role-player.ts).
//
//                 appointed, prepare                  opened
//   following ─────────────────────────► opening ─────────────────► leading
//      ▲                                    │                        │    │ handover, resign, leave
//      │                    failed, deposed │        broken, deposed │    ▼
//      │                                    ▼                        │  draining
//      │            closed                                           ▼    │ drained, broken, deposed
//      └──────────────────────────────── closing ◄────────────────────────┘
//
// A member holds at most one real client: an appointment that arrives while it closes one waits until that one is closed.

import type { GroupPhase, ResignCause } from '../protocol/messages.js';
import type { Payload } from '../protocol/payload.js';
import { assertNever } from '../utils/assert-never.js';

export type At =
  | { readonly at: 'following' }
  /** `isSuccessor`: it prepares for a term that may never begin. */
  | { readonly at: 'opening'; readonly term: number; readonly isSuccessor: boolean; readonly client: ClientOnItsWay }
  /** `isLate`: it asked to step down, and no longer waits for a successor to be prepared. */
  | { readonly at: 'leading'; readonly term: number; readonly isLate?: boolean }
  | { readonly at: 'draining'; readonly term: number }
  /** `cause`: reported to the primary afterwards; absent if the primary ended the term. */
  | { readonly at: 'closing'; readonly term: number; readonly cause?: ResignCause; readonly error?: Payload }
  /** It has left the group for good. */
  | { readonly at: 'gone' };

/**
 * A process that was frozen may read an appointment, or a request to prepare, that ended long ago. So it opens nothing
 * before the primary has acknowledged a heartbeat that it sent since, unless the appointment states when it was made and
 * that was not long ago.
 */
export type ClientOnItsWay = 'awaits lease' | 'opens' | 'is open';

export interface RoleState {
  readonly workerId: number;
  readonly now: At;
  readonly update: { readonly term: number; readonly phase: GroupPhase; readonly leader?: number };
  /** The last term that ended here. Updates about it that were in transit arrive too late and are ignored. */
  readonly endedTerm: number;
  /** The term that this member was asked to prepare for and has not begun to. */
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
  /** The primary's `handover` did not arrive in time. */
  | { readonly type: 'waited enough' }
  /** There is no primary any more. */
  | { readonly type: 'lost' };

export type RoleOrder =
  | { readonly do: 'open'; readonly term: number }
  | { readonly do: 'send prepared'; readonly term: number }
  /** Serve calls, and notify the primary. */
  | { readonly do: 'serve'; readonly term: number }
  /** Let the calls in progress end. */
  | { readonly do: 'drain'; readonly term: number }
  /** Start no further calls. */
  | { readonly do: 'stop' }
  | { readonly do: 'close'; readonly term: number }
  /** Ask to step down; `now`: without waiting for a prepared successor. */
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

/** The only way to change the role: returns the next state and the orders to carry out. */
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
 * The term that the primary considers this member to hold. That includes the time in which it closes its real client and has
 * not given the term back yet, or was appointed again. The primary takes missing heartbeats for a hang during all of it.
 */
export function heldTerm(state: RoleState): number | undefined {
  const { now } = state;
  if (now.at === 'closing') return appointedTerm(state) ?? (now.cause && now.term);
  return isLeading(state) && 'term' in now ? now.term : undefined;
}

/** It opens a real client ahead of its term. The primary takes missing heartbeats for a hang. */
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
  // Updates older than the current term were in transit before its appointment.
  return isMine || update.term < now.term ? same(state) : close(state);
}

/** The term that this member prepared for has begun. */
function appointed(state: RoleState): RoleStep {
  const { now } = state;
  return now.at === 'opening' && now.client === 'is open' ? serve(state, now.term) : same(state);
}

/** Without a real client: acts on the latest update, or on a request to prepare. */
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
  return { state: { ...state, now: { ...now, client: 'is open' } }, orders: [{ do: 'send prepared', term }] };
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

/**
 * The member wants to step down, but must not decide when: the primary first stops sending calls, or prepares a successor.
 */
function goOrYield(state: RoleState): RoleStep {
  const { now } = state;
  if (now.at !== 'leading') return stepDown(state);
  return { state, orders: [{ do: 'yield', term: now.term, now: now.isLate === true }] };
}

/** Calls arrive until the primary knows that this member steps down, so it asks a second time before it does so alone. */
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

/** Closes the real client. Without a cause, the primary has ended the term. */
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
  // The leave message implies that it resigned.
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
  // A close in progress goes on, but there is no primary to report it to.
  if (now.at === 'closing') return same({ ...forgotten, now: { at: 'closing', term: now.term } });
  return close(forgotten);
}

const isOpening = ({ now }: RoleState, term: number): boolean => now.at === 'opening' && now.term === term;
const same = (state: RoleState): RoleStep => ({ state, orders: [] });
