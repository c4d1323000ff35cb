// What one host knows of a fleet group, and the events and orders of its election. Plain data.

import type { DeposedCause, GroupState, ResignCause } from '../protocol/group-state.js';
import type { PortablePayload } from '../protocol/payload.js';
import type { Candidate, FleetRecord, UnreadableRecord } from './record.js';

export interface ElectionOptions extends Candidate {
  /** How long a leader may act after it has sent a write that was done, in ms. Less than `leaseMs`. */
  readonly actMs: number;
  readonly renewMs: number;
}

/** The last version of the record that this host knows. */
export interface Seen {
  readonly revision: number;
  /** Undefined if there is none. */
  readonly record: FleetRecord | UnreadableRecord | undefined;
  /** When this version was first seen, on this host's clock. */
  readonly since: number;
  /** When the register last confirmed it. */
  readonly readAt: number;
  /** Why it must not be claimed before it was unchanged for a lease, even if nobody seems to hold it. */
  readonly doubt?: 'went back' | 'deleted';
  /** 0 to 1: spreads the claims of all hosts. */
  readonly random: number;
}

/** The term that this host holds. */
export interface Lead {
  readonly term: number;
  /** When the last write that was done was sent, on this host's clock. The lease runs from then. */
  readonly sentAt: number;
  readonly until: number;
  /** Its record has to be written, because it has changed or is to be renewed. */
  readonly isDue: boolean;
  /** Heartbeats that the next write acknowledges. */
  readonly beats: readonly number[];
  /** The first write of which it is not known whether it was done. */
  readonly unanswered?: Pick<WriteFlight, 'expected' | 'sentAt' | 'beats'>;
  /** The register has lost the record, which has to be written again. */
  readonly isLost?: true;
  /** Where members of other hosts connect. */
  readonly offer?: Offered;
}

export interface Offered {
  readonly address: string;
  readonly secret: string;
}

/** The one operation on the register that has not ended. */
export type Flight =
  /** `known`: the revision that was known when it was sent. */
  { readonly op: 'read'; readonly known: number | undefined } | WriteFlight;

export interface WriteFlight {
  readonly op: 'write';
  readonly what: 'claim' | 'renewal' | 'release' | 'request';
  readonly record: FleetRecord;
  /** The revision that it replaces. */
  readonly expected: number;
  readonly sentAt: number;
  readonly beats: readonly number[];
  /** The state of the group if it is done. */
  readonly group: GroupState;
}

export interface Election {
  readonly options: ElectionOptions;
  /** Absent while no member has joined. */
  readonly member?: { readonly eligible: boolean; readonly priority: number };
  /** How many other groups this process leads in the fleet. */
  readonly leads: number;
  /** The wall clock less the monotonic one, at the last event. */
  readonly offset?: number;
  readonly isUp: boolean;
  /** Whether leaders announce what they write. */
  readonly announces: boolean;
  /** When the connection was last restored. */
  readonly upAt: number;
  readonly seen?: Seen;
  /** The highest term ever seen. */
  readonly highest: number;
  /** The state that the member on this host is sent, once the record is known. */
  readonly group?: GroupState;
  readonly lead?: Lead;
  /** A term that was given up. `until`: how long to try to write that. */
  readonly release?: { readonly record: FleetRecord; readonly until: number };
  /** A hand-over that this host asks the leader of `term` for. */
  readonly request?: { readonly term: number; readonly to: string };
  /** The host that is asked to lead next; `''`: any other one. */
  readonly next?: string;
  readonly flight?: Flight;
  /** The record has to be read, not before this time. */
  readonly readFrom?: number;
  readonly done: boolean;
}

export type ElectionEvent =
  | ({ readonly type: 'join' } & NonNullable<Election['member']>)
  | { readonly type: 'leave' }
  /** A heartbeat of the member. */
  | { readonly type: 'beat'; readonly n: number }
  | { readonly type: 'ready'; readonly term: number; readonly methods: readonly string[] }
  /** Members of other hosts can connect to the leader. */
  | ({ readonly type: 'offer'; readonly term: number } & Offered)
  | { readonly type: 'yield'; readonly term: number }
  | {
      readonly type: 'resign';
      readonly term: number;
      readonly cause: ResignCause;
      readonly error?: PortablePayload;
    }
  /** The leader, on whatever host, is to hand over. `to`: the name of a host, or `''`. */
  | { readonly type: 'transfer'; readonly to: string }
  /** The task is done and must never run again. */
  | { readonly type: 'done' }
  | { readonly type: 'down' }
  /** `announces`: whether leaders announce what they write. Otherwise the record is read periodically. */
  | { readonly type: 'up'; readonly announces: boolean }
  /** The answer to a `read`. */
  | ({ readonly type: 'read' } & Observed)
  /** The answers to a `write`. */
  | { readonly type: 'written'; readonly revision: number }
  | { readonly type: 'conflict' }
  /** The operation has ended without an answer. */
  | { readonly type: 'unanswered' }
  /** A leader has announced what it has written. */
  | ({ readonly type: 'announced' } & Observed)
  | { readonly type: 'tick' };

export interface Observed {
  readonly revision: number;
  readonly record: FleetRecord | UnreadableRecord | undefined;
}

/** Taken from the environment with each event. */
export interface Moment {
  /** Monotonic, in ms. Compared on this host only. */
  readonly now: number;
  /** In ms since 1970. */
  readonly wall: number;
  /** 0 to 1. */
  readonly random: number;
  /** How many other groups this process leads in the fleet. */
  readonly leads: number;
  /** A leader without the lease of its host does not write its record: another worker of the host may lead by now. */
  readonly hasHostLease: boolean;
}

export type ElectionOrder =
  | { readonly do: 'read' }
  | { readonly do: 'write'; readonly record: FleetRecord; readonly expected: number }
  | { readonly do: 'announce'; readonly revision: number; readonly record: FleetRecord }
  /** The member leads in `term`. Its lease runs from `leasedAt`. */
  | { readonly do: 'lead'; readonly term: number; readonly leasedAt: number }
  /** Its term has ended before it gave it up. */
  | { readonly do: 'step down'; readonly term: number; readonly cause: DeposedCause }
  /** The member must finish its calls and give up its term. */
  | { readonly do: 'hand over'; readonly term: number }
  /** The lease is renewed by these heartbeats. */
  | { readonly do: 'acknowledge'; readonly beats: readonly number[] }
  | { readonly do: 'warn'; readonly about: 'went back' | 'lost' | 'unreadable' | 'clock' };

export interface ElectionStep {
  readonly state: Election;
  readonly orders: readonly ElectionOrder[];
}
