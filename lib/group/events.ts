// What may happen to a group's leadership, and what is then to be done.

import type { DeposedCause, GroupMember, GroupState, ResignCause } from '../protocol/group-state.js';
import type { PortablePayload } from '../protocol/payload.js';

export type GroupEvent =
  | { readonly type: 'join'; readonly id: string; readonly member: GroupMember }
  /** By its own word, so it holds no lease any more. */
  | { readonly type: 'leave'; readonly id: string; readonly cause?: DeposedCause }
  /** The one chosen to lead, or to be prepared as the successor, of those that `awaited()` names. */
  | { readonly type: 'claim'; readonly id: string }
  | { readonly type: 'ready'; readonly id: string; readonly term: number; readonly methods: readonly string[] }
  | { readonly type: 'prepared'; readonly id: string; readonly term: number; readonly methods: readonly string[] }
  /** The leader wants to step down. `now`: whether a successor is prepared or not. */
  | { readonly type: 'yield'; readonly id: string; readonly term: number; readonly now?: boolean }
  | {
      readonly type: 'resign';
      readonly id: string;
      readonly term: number;
      readonly cause: ResignCause;
      readonly error?: PortablePayload;
    }
  /** Its channel closed and was read to its end. Its process may live on. */
  | { readonly type: 'closed'; readonly id: string }
  /** Its process is dead, and all that it said was read. */
  | { readonly type: 'exited'; readonly id: string }
  /** A leader, or a successor, was silent for `leaderTimeoutMs`: its leases have run out. `kills`: and is to be killed. */
  | { readonly type: 'silent'; readonly id: string; readonly kills?: boolean }
  /** A sign of life after silence. */
  | { readonly type: 'heard'; readonly id: string }
  /** The pause is over. */
  | { readonly type: 'resume' }
  | { readonly type: 'transfer'; readonly request: string; readonly to?: string };

export type GroupOrder =
  /** The leader is to let its calls end; anybody else is to close what it opened for this term. */
  | { readonly do: 'handover'; readonly id: string; readonly term: number }
  | { readonly do: 'prepare'; readonly id: string; readonly term: number }
  | { readonly do: 'kill'; readonly id: string }
  | { readonly do: 'pause'; readonly ms: number }
  /** No data of this term passes any more; what waits for its leader goes back. */
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
