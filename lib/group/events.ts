// The events that change a group's leadership, and the orders that follow from them.

import type { DeposedCause, GroupMember, GroupState, ResignCause } from '../protocol/group-state.js';
import type { PortablePayload } from '../protocol/payload.js';

export type GroupEvent =
  | { readonly type: 'join'; readonly id: string; readonly member: GroupMember }
  /** The member left by itself, so it no longer holds a lease. */
  | { readonly type: 'leave'; readonly id: string; readonly cause?: DeposedCause }
  /** The member chosen to lead, or to be prepared as the successor, out of those that `awaited()` returns. */
  | { readonly type: 'claim'; readonly id: string }
  | { readonly type: 'ready'; readonly id: string; readonly term: number; readonly methods: readonly string[] }
  | { readonly type: 'prepared'; readonly id: string; readonly term: number; readonly methods: readonly string[] }
  /** The leader wants to step down. `now`: even if no successor is prepared. */
  | { readonly type: 'yield'; readonly id: string; readonly term: number; readonly now?: boolean }
  | {
      readonly type: 'resign';
      readonly id: string;
      readonly term: number;
      readonly cause: ResignCause;
      readonly error?: PortablePayload;
    }
  /** Its channel closed and was read to the end. Its process may still run. */
  | { readonly type: 'closed'; readonly id: string }
  /**
   * Its process is dead, and everything that it sent was read. `inOrder`: it lives, but it has read a goodbye and closed what
   * it held.
   */
  | { readonly type: 'exited'; readonly id: string; readonly inOrder?: boolean }
  /** A leader, or a successor, was silent for `leaderTimeoutMs`: its leases have expired. `kills`: it must be killed. */
  | { readonly type: 'silent'; readonly id: string; readonly kills?: boolean }
  /** The first message after silence. */
  | { readonly type: 'alive'; readonly id: string }
  /** The pause is over. */
  | { readonly type: 'resume' }
  | { readonly type: 'transfer'; readonly request: string; readonly to?: string };

export type GroupOrder =
  /** The leader must finish its calls; any other member must close what it opened for this term. */
  | { readonly do: 'handover'; readonly id: string; readonly term: number }
  | { readonly do: 'prepare'; readonly id: string; readonly term: number }
  | { readonly do: 'kill'; readonly id: string }
  | { readonly do: 'pause'; readonly ms: number }
  /** Ends the data of this term; what waits for its leader is returned. */
  | { readonly do: 'end'; readonly id: string; readonly term: number }
  | {
      readonly do: 'transferred';
      readonly request: string;
      readonly failed?: 'vacant' | 'no candidate' | 'failed';
    }
  | { readonly do: 'emit'; readonly event: 'appointed' | 'ready'; readonly id: string; readonly term: number }
  | {
      readonly do: 'emit';
      readonly event: 'deposed';
      readonly id: string;
      readonly term: number;
      readonly cause: DeposedCause;
      readonly error?: PortablePayload;
    }
  | { readonly do: 'emit'; readonly event: 'vacant' };

export interface Step<S extends GroupState = GroupState> {
  readonly state: S;
  readonly orders: readonly GroupOrder[];
}
