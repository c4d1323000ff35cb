// The leadership state of one group: plain data, because under PM2 it is sent to new workers unchanged. group/reduce.ts
// defines the transitions.

import type { PortablePayload } from './payload.js';

/** Why a leader gave up its term. */
export type ResignCause =
  /** `resign()`, `close()`, or a hand-over requested by the primary. */
  | 'resigned'
  /** The real client could not be opened. */
  | 'failed'
  /** The real client was lost: `fail(error)` or an event of `failOn`. */
  | 'broken';

/** Why a term ended. */
export type DeposedCause =
  /** The leader gave it up: it stepped down, could not open the real client, or lost it. */
  | ResignCause
  /** Its process died. */
  | 'exited'
  /** Its channel closed, its process lived on, and its lease expired. */
  | 'disconnected'
  /** It was silent for `leaderTimeoutMs`. */
  | 'silent'
  /** It was silent, so it was killed. */
  | 'killed';

/** The leader was lost, together with what it had in its hands. Causes of later releases count too. */
export const isLoss = (cause: DeposedCause): boolean =>
  cause !== 'resigned' && cause !== 'failed' && cause !== 'broken';

export type Backoff = readonly [minMs: number, maxMs: number];

export interface GroupMember {
  /** When it joined, in ms since 1970. */
  readonly joinedAt: number;
  readonly eligible: boolean;
  /** Its process is about to end: it leads only while no member is eligible. */
  readonly lastResort?: boolean;
  readonly priority: number;
  readonly handover: 'exclusive' | 'overlap';
  /** Minimum and maximum pause in ms between attempts to open the real client, if not the default. */
  readonly backoff?: Backoff;
  /** It could not open the real client in this round of attempts. */
  readonly hasFailed?: true;
  /** It was silent for `leaderTimeoutMs`, and nothing has been received from it since. */
  readonly isSilent?: true;
}

/** The member that opens, or has opened, its real client before its term begins. */
export interface Successor {
  readonly id: string;
  readonly term: number;
  /** Set once its real client is open. */
  readonly methods?: readonly string[];
  /**
   * Its channel has closed, but its real client may still be open. No other successor is prepared until its process or its
   * lease has ended.
   */
  readonly isLost?: true;
}

interface Lead {
  readonly term: number;
  readonly leader: string;
}

interface ReadyLead extends Lead {
  /** In ms since 1970. */
  readonly readyAt: number;
}

export type Stage =
  /** `pause`: how long the failed members (after a break: all members) wait before the next attempt. */
  | { readonly stage: 'vacant'; readonly pause?: { readonly ms: number; readonly after: 'failed' | 'broken' } }
  | (Lead & { readonly stage: 'opening' })
  | (ReadyLead & { readonly stage: 'leading' })
  /** The leader still leads while a successor is chosen or opens. `yields`: the leader itself wants to step down. */
  | (ReadyLead & { readonly stage: 'preparing'; readonly successor?: Successor; readonly yields?: true })
  /** The leader finishes its calls. */
  | (ReadyLead & { readonly stage: 'handing-over'; readonly successor?: Successor })
  /** The leader cannot be reached. Its lease or its process must end first. */
  | (Lead & { readonly stage: 'fenced'; readonly cause: DeposedCause; readonly successor?: Successor });

export interface GroupState {
  /** The last assigned term. */
  readonly lastTerm: number;
  readonly members: Readonly<Record<string, GroupMember>>;
  readonly at: Stage;
  /** Methods of the last ready leader. */
  readonly methods: readonly string[];
  /** Consecutive failed rounds of attempts and terms that broke early, since the last stable term. */
  readonly failures: number;
  /** How long, in ms, the group has had a leader since the last failure, over all terms. */
  readonly heldMs: number;
  /** How the last term ended. */
  readonly cause?: DeposedCause;
  /** Error of the last leader that could not open its real client, or lost it. */
  readonly error?: PortablePayload;
  /** The member that stepped down voluntarily: it leads only if there is no other. */
  readonly avoided?: string;
  /** The requested hand-over. `request` identifies it, `from` is the leader, `to` the requested member. */
  readonly transfer?: { readonly request: string; readonly from: string; readonly to?: string };
}
