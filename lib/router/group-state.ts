// What is known of one group, what may happen to it, and what is then to be done. How one follows from the other is
// appointment.ts.

import type { GroupPhase, ResignCause } from '../protocol/messages.js';
import type { PortablePayload } from '../protocol/payload.js';
import { assertNever } from '../utils/assert-never.js';
import type { DeposedCause } from './primary-types.js';

export interface GroupMember {
  readonly workerId: number;
  readonly pid: number;
  readonly joinedAt: number;
  readonly eligible: boolean;
  /** It is about to end: it leads only as long as nobody is eligible. */
  readonly lastResort?: boolean;
  readonly priority: number;
  readonly handover: 'exclusive' | 'overlap';
  /** It could not open the real client in this round of attempts. */
  readonly hasFailed: boolean;
  /** It was deposed for its silence and hasn't been heard since. */
  readonly isSilent: boolean;
}

export type Stage =
  /** `isPaused`: an attempt comes after a pause. `isHeldOpen`: it comes sooner where somebody joins who leads nothing yet. */
  | { readonly stage: 'vacant'; readonly isPaused: boolean; readonly hasFailed: boolean; readonly isHeldOpen?: boolean }
  | { readonly stage: 'opening'; readonly term: number; readonly leader: number }
  | { readonly stage: 'leading'; readonly term: number; readonly leader: number; readonly readyAt: number }
  /**
   * The leader goes on while the successor opens its own real client for the term `next`. `isLost`: its channel has closed.
   * No other successor is prepared before its process or its lease has ended, since its real client may still be open.
   */
  | {
      readonly stage: 'preparing';
      readonly term: number;
      readonly leader: number;
      readonly readyAt: number;
      readonly successor: number;
      readonly next: number;
      readonly isLost?: true;
    }
  /** The leader lets its calls end. `prepared`: who opens, or has opened where its methods are known, for the term `next`. */
  | {
      readonly stage: 'handing-over';
      readonly term: number;
      readonly leader: number;
      readonly readyAt: number;
      readonly prepared?: { readonly successor: number; readonly next: number; readonly methods?: readonly string[] };
    }
  /** The leader can't be reached. Its lease, or its process, must end first. */
  | { readonly stage: 'fenced'; readonly term: number; readonly leader: number; readonly cause: DeposedCause };

export type LedStage = Exclude<Stage, { stage: 'vacant' }>;

export interface GroupState {
  readonly name: string;
  /** The last term given out. */
  readonly lastTerm: number;
  /** Nobody was appointed yet. */
  readonly isNew: boolean;
  readonly members: ReadonlyMap<number, GroupMember>;
  readonly at: Stage;
  /** Rounds of attempts that failed in a row, and terms that broke soon, since one held. */
  readonly failures: number;
  /** For how long, in ms, somebody led since the last of them, in whatever terms. */
  readonly heldMs: number;
  readonly error?: PortablePayload;
  readonly methods: readonly string[];
  /** Who shall be tried first, in this order. */
  readonly preferred: readonly number[];
  /** Who stepped down by its own wish: only if there's nobody else. */
  readonly avoided?: number;
  /** The hand-over that somebody waits for. */
  readonly transfer?: { readonly id: number; readonly to: number };
}

export type GroupEvent =
  | { readonly type: 'join'; readonly member: Omit<GroupMember, 'hasFailed' | 'isSilent'> }
  | { readonly type: 'leave'; readonly workerId: number }
  | { readonly type: 'ready'; readonly workerId: number; readonly term: number; readonly methods: readonly string[] }
  | { readonly type: 'prepared'; readonly workerId: number; readonly term: number; readonly methods: readonly string[] }
  /** `now`: whether its successor is prepared or not. */
  | { readonly type: 'yield'; readonly workerId: number; readonly term: number; readonly now?: boolean }
  | {
      readonly type: 'resign';
      readonly workerId: number;
      readonly term: number;
      readonly cause: ResignCause;
      readonly error?: PortablePayload;
    }
  /** The worker's channel closed and was read to its end. */
  | { readonly type: 'closed'; readonly workerId: number }
  /** Its process is dead. */
  | { readonly type: 'exited'; readonly workerId: number }
  /** No sign of life of a worker that leads, or prepares to, for `leaderTimeoutMs`: the leases it had have run out. */
  | { readonly type: 'silent'; readonly workerId: number }
  /** A sign of life after silence. */
  | { readonly type: 'heard'; readonly workerId: number }
  /** The pause is over. */
  | { readonly type: 'resume' }
  | { readonly type: 'transfer'; readonly id: number; readonly to?: number };

export type GroupOrder =
  /** Tell every member where the group stands. */
  | { readonly do: 'tell' }
  | { readonly do: 'handover'; readonly to: number; readonly term: number }
  | { readonly do: 'prepare'; readonly to: number; readonly term: number }
  | { readonly do: 'kill'; readonly workerId: number }
  | { readonly do: 'pause'; readonly ms: number }
  /** Resume in a moment, unless it is led by then. */
  | { readonly do: 'hold open' }
  /** No data of this term passes any more; what waits for its leader goes back. */
  | { readonly do: 'end'; readonly term: number; readonly leader: number }
  | { readonly do: 'emit'; readonly event: 'appointed' | 'ready'; readonly term: number; readonly workerId: number }
  | {
      readonly do: 'emit';
      readonly event: 'deposed';
      readonly term: number;
      readonly workerId: number;
      readonly cause: DeposedCause;
      readonly error?: PortablePayload;
    }
  | { readonly do: 'emit'; readonly event: 'vacant' }
  | { readonly do: 'transferred'; readonly id: number; readonly failed?: 'vacant' | 'no candidate' | 'failed' };

export interface Rules {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly hungLeader: 'depose' | 'kill';
  /** Workers that exist, whether they have joined or not. */
  readonly expected: number;
  /** How many groups a member leads. */
  leads(workerId: number): number;
  /** One of the candidates, of which there is at least one. */
  choose(candidates: readonly GroupMember[]): number;
}

export interface Step {
  readonly state: GroupState;
  readonly orders: readonly GroupOrder[];
}

/** Whether it can come to lead at all. */
export const mayLead = ({ eligible, lastResort }: GroupMember): boolean => eligible || lastResort === true;

export const VACANT: Stage = { stage: 'vacant', isPaused: false, hasFailed: false };

export function newGroup(name: string, lastTerm: number): GroupState {
  return {
    name,
    lastTerm,
    isNew: true,
    members: new Map(),
    at: VACANT,
    failures: 0,
    heldMs: 0,
    methods: [],
    preferred: [],
  };
}

/** The worker that leads or is to lead, if any. */
export function leaderOf({ at }: GroupState): number | undefined {
  return at.stage === 'vacant' ? undefined : at.leader;
}

/** The worker that opens its real client ahead of its term, if any: its silence counts as a leader's does. */
export function successorOf({ at }: GroupState): number | undefined {
  if (at.stage === 'preparing') return at.successor;
  return at.stage === 'handing-over' && !at.prepared?.methods ? at.prepared?.successor : undefined;
}

/** The term in force, or the last one. */
export function termOf({ at, lastTerm }: GroupState): number {
  return at.stage === 'vacant' ? lastTerm : at.term;
}

/** What the members are told. */
export function phaseOf({ at }: GroupState): GroupPhase {
  switch (at.stage) {
    case 'vacant':
      return at.hasFailed ? 'failed' : 'vacant';
    case 'fenced':
      return 'vacant';
    case 'opening':
      return 'opening';
    case 'leading':
    case 'preparing':
    case 'handing-over':
      return 'ready';
    default:
      return assertNever(at);
  }
}
