// The state of one group's leadership: plain data, because under PM2 it travels to new workers as it is. What happens to
// it is group/reduce.ts.

import type { PortablePayload } from './payload.js';

/** Why a term ended by the leader's own word. */
export type ResignCause =
  /** `resign()`, `close()` or a hand-over asked for by the primary. */
  | 'resigned'
  /** The real client could not be opened. */
  | 'failed'
  /** The real client was lost: `fail(error)` or an event of `failOn`. */
  | 'broken';

/** Why a term ended. */
export type DeposedCause =
  /** By the leader's own word: it stepped down, could not open the real client, or lost it. */
  | ResignCause
  /** Its process died. */
  | 'exited'
  /** Its channel closed, its process lived on, its lease ran out. */
  | 'disconnected'
  /** It was silent for `leaderTimeoutMs`. */
  | 'silent'
  /** It was silent, and killed for it. */
  | 'killed';

export type Backoff = readonly [minMs: number, maxMs: number];

export interface GroupMember {
  /** When it joined, in ms since 1970. */
  readonly joinedAt: number;
  readonly eligible: boolean;
  /** It is about to end: it leads only as long as nobody is eligible. */
  readonly lastResort?: boolean;
  readonly priority: number;
  readonly handover: 'exclusive' | 'overlap';
  /** Between attempts to open the real client, the shortest and the longest pause in ms, where they aren't the usual ones. */
  readonly backoff?: Backoff;
  /** It could not open the real client in this round of attempts. */
  readonly hasFailed?: true;
  /** It was silent for `leaderTimeoutMs` and hasn't been heard since. */
  readonly isSilent?: true;
}

/** The member that opens, or has opened, its real client ahead of its term. */
export interface Successor {
  readonly id: string;
  readonly term: number;
  /** Known once its real client is open. */
  readonly methods?: readonly string[];
  /**
   * Its channel has closed. No other successor is prepared before its process or its lease has ended, since its real client
   * may still be open.
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
  /** `pause`: how long those who failed, or after a break all, wait before the next attempt. */
  | { readonly stage: 'vacant'; readonly pause?: { readonly ms: number; readonly after: 'failed' | 'broken' } }
  | (Lead & { readonly stage: 'opening' })
  | (ReadyLead & { readonly stage: 'leading' })
  /** The leader leads on while a successor is awaited, or opens. `yields`: the leader itself wants to step down. */
  | (ReadyLead & { readonly stage: 'preparing'; readonly successor?: Successor; readonly yields?: true })
  /** The leader lets its calls end. */
  | (ReadyLead & { readonly stage: 'handing-over'; readonly successor?: Successor })
  /** The leader can't be reached. Its lease, or its process, must end first. */
  | (Lead & { readonly stage: 'fenced'; readonly cause: DeposedCause; readonly successor?: Successor });

export interface GroupState {
  /** The last term given out. */
  readonly lastTerm: number;
  readonly members: Readonly<Record<string, GroupMember>>;
  readonly at: Stage;
  /** Of the last leader that was ready. */
  readonly methods: readonly string[];
  /** Rounds of attempts that failed in a row, and terms that broke soon, since one held. */
  readonly failures: number;
  /** For how long, in ms, somebody led since the last of them, in whatever terms. */
  readonly heldMs: number;
  /** How the last term ended. */
  readonly cause?: DeposedCause;
  /** Of the last leader that could not open its real client, or lost it. */
  readonly error?: PortablePayload;
  /** Who stepped down by its own wish: leads only if there is nobody else. */
  readonly avoided?: string;
  /** The hand-over that somebody waits for. `request` names it, `from` leads, `to` is the member asked for. */
  readonly transfer?: { readonly request: string; readonly from: string; readonly to?: string };
}
