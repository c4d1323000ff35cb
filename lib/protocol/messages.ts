// Defines every message that crosses a channel: packets and their control frames. bundle.ts defines the data plane,
// bus-frames.ts what only PM2's bus carries. Only parse.ts reads messages.
//
// Protocol versions
//   1  initial version

import type { Bundle, BytesBundle, SlicedBundle } from './bundle.js';
import type { FromBus } from './bus-frames.js';
import type { Backoff, DeposedCause, ResignCause } from './group-state.js';
import type { PortablePayload } from './payload.js';

export type { DeposedCause, ResignCause } from './group-state.js';

/** The supported protocol versions, newest first. A release supports its own version and the previous one. */
export const PROTOCOL_VERSIONS: readonly number[] = [1];

/** The key that marks a message of this library; its value is the protocol version. */
export const MARKER = '$csc';

/**
 * Identifies sender and receiver of a packet. Apps may forward messages, and another process must not accept them: it would
 * receive, for example, the results of another worker.
 */
export interface Envelope {
  /** Identifies one incarnation of a worker as known to one primary. Absent in a hello and in its rejection. */
  readonly link?: number | undefined;
  /** worker -> primary: number of the packet on this link, from 1; 0 before the link exists. */
  readonly up?: number | undefined;
  /** primary -> worker: the same. */
  readonly down?: number | undefined;
}

/** One `process.send`: everything that one tick produced for a channel. Control frames come first. */
export interface Packet extends Envelope {
  readonly [MARKER]: number;
  readonly c?: readonly ControlFrame[];
  readonly d?: readonly (Bundle | BytesBundle)[];
  /** Instead of `d`: a slice of one bundle that is too large for one message. */
  readonly s?: Slice;
}

/** A parsed packet. */
export interface ReadPacket extends Packet {
  readonly c: readonly ControlFrame[];
  readonly d: readonly Bundle[];
}

/** Slices of a bundle are sent in order. No other data is sent between them. */
export interface Slice {
  /** With the first slice: the bundle without its bytes. */
  readonly head?: SlicedBundle;
  /** The next bytes; base64 on a JSON channel. */
  readonly piece: string | Uint8Array;
}

// ------------------------------------------------------------------------------------------------ control plane

export type ControlFrame = FromWorker | FromPrimary | FromBus;

/** worker -> primary */
export type FromWorker =
  | Hello
  | Join
  | Leave
  | Heartbeat
  | Ready
  | Prepared
  | Yield
  | Resign
  | Address
  | Offer
  | OnRoute
  | Transfer;

/** primary -> worker */
export type FromPrimary =
  | Welcome
  | Rejected
  | Goodbye
  | Ack
  | StateUpdate
  | Handover
  | Prepare
  | Offer
  | Transferred
  | Warning;

/** The first frame of a worker, repeated until the welcome arrives. The primary sends nothing before it. */
export interface Hello {
  readonly k: 'hello';
  readonly versions: readonly number[];
  /** Identifies one incarnation of the library in one process. */
  readonly id: string;
  readonly workerId: number;
  readonly pid: number;
  /** Arrives as bytes only on a channel with 'advanced' serialization. */
  readonly probe: unknown;
  /** The worker has received a goodbye and is still closing real clients. Only shows that it is alive. */
  readonly closing?: boolean;
}

export interface Welcome {
  readonly k: 'welcome';
  readonly version: number;
  /** The id of the answered hello. */
  readonly id: string;
  readonly workerId: number;
  readonly heartbeatMs: number;
  readonly leaderTimeoutMs: number;
  /** `'direct-only'`: this channel carries no data of members, only control frames. */
  readonly route: 'relay' | 'direct' | 'direct-only';
  /** Limits for what may wait in a leader: per member that does not read, and in total. Absent: unlimited. */
  readonly maxQueuedBytes?: number;
  readonly maxQueuedTotalBytes?: number;
  /** Identifies this life of the primary among those of all hosts. Under PM2, this life of the log. Absent from older releases. */
  readonly life?: string;
  readonly probe: unknown;
}

/** There is no common protocol version. */
export interface Rejected {
  readonly k: 'rejected';
  /** The id of the answered hello. */
  readonly id: string;
  readonly versions: readonly number[];
}

/** The primary closed. It may be set up again, so the worker repeats its hello. */
export interface Goodbye {
  readonly k: 'goodbye';
}

/** A later join with other values replaces it. */
export interface Join {
  readonly k: 'join';
  readonly group: string;
  readonly eligible: boolean;
  /** For a member that is not eligible: it leads anyway while no member is eligible. */
  readonly lastResort?: boolean;
  readonly priority: number;
  readonly handover: 'exclusive' | 'overlap';
  readonly backoff?: Backoff;
  /** The member's options as text, to compare them between members. */
  readonly digest: string;
}

export interface Leave extends Partial<ReadUpTo> {
  readonly k: 'leave';
  readonly group: string;
}

/** Shows that the event loop of a leading worker runs. One per worker, regardless of the number of its groups. */
export interface Heartbeat {
  readonly k: 'heartbeat';
  readonly n: number;
}

/** Renews the lease of every term that the worker had received when it sent heartbeat `n`. */
export interface Ack {
  readonly k: 'ack';
  readonly n: number;
}

/** The leader's real client is open. */
export interface Ready {
  readonly k: 'ready';
  readonly group: string;
  readonly term: number;
  readonly methods: readonly string[];
}

/** The successor of an overlapping hand-over has opened its real client. */
export interface Prepared {
  readonly k: 'prepared';
  readonly group: string;
  readonly term: number;
  readonly methods: readonly string[];
}

/**
 * The leader wants to step down. `handover` is the answer: in an overlapping group after a successor is prepared, or at once
 * if the leader no longer waits for that (`now`).
 */
export interface Yield {
  readonly k: 'yield';
  readonly group: string;
  readonly term: number;
  readonly now?: boolean;
}

/** What a leader has read in its term. Calls that the primary forwarded after that never started. */
export interface ReadUpTo {
  readonly term: number;
  /** Alternating worker ids and numbers: the last bundle that was read from each worker's member. */
  readonly read?: readonly number[];
}

/** The leader, or the successor that was asked to prepare, gives up the term. Its real client is closed. */
export interface Resign extends ReadUpTo {
  readonly k: 'resign';
  readonly group: string;
  readonly cause: ResignCause;
  readonly error?: PortablePayload;
}

export type GroupPhase =
  /** No leader: there is no candidate, or the group pauses before the next attempt. */
  | 'vacant'
  /** A leader is appointed, its real client is not yet open. */
  | 'opening'
  | 'ready'
  /** Like `vacant`, after the attempt of every eligible member failed; `error` is the last error. */
  | 'failed';

/** The state of a group. Sent to every member at each change; the newest replaces all earlier ones. */
export interface StateUpdate {
  readonly k: 'update';
  readonly group: string;
  readonly term: number;
  readonly phase: GroupPhase;
  readonly leader?: { readonly workerId: number; readonly pid: number };
  readonly methods?: readonly string[];
  readonly error?: PortablePayload;
  /** Why the last term ended. Absent if none has ended, or while it is unknown whether the previous one has. */
  readonly cause?: DeposedCause;
  /**
   * The appointment starts a lease at this time, on the monotonic clock of the receiving worker. If the worker claimed the
   * group itself, it is the time when it sent the claim.
   */
  readonly leasedAt?: number;
  /**
   * While it opens: when the leader was appointed, on the machine's monotonic clock. Present only if its silence counts from
   * then on, so no other is appointed within `leaderTimeoutMs` unless the leader gives up the term or dies.
   */
  readonly appointedAt?: number;
  /** To a member that joins: the last terms whose leaders were lost. It may have had a route to one of them. */
  readonly lost?: readonly number[];
}

/** To the leader, after its last call: finish the calls in progress, close the real client, resign. */
export interface Handover {
  readonly k: 'handover';
  readonly group: string;
  readonly term: number;
}

/** To the successor of an overlapping hand-over: open the real client for `term`, which may never begin. */
export interface Prepare {
  readonly k: 'prepare';
  readonly group: string;
  readonly term: number;
}

/** A path that this process is about to create in the file system. It is removed if the process is killed. */
export interface Address {
  readonly k: 'address';
  readonly address: string;
  /** The process has removed it itself: a later file of that name belongs to someone else. */
  readonly gone?: boolean;
}

/**
 * The address of a term's leader for the direct route, and the secret for the handshake. The leader sends the secret of the
 * term to the primary, which sends each other member that member's key.
 */
export interface Offer {
  readonly k: 'offer';
  readonly group: string;
  readonly term: number;
  readonly address: string;
  readonly secret: string;
  /** Under PM2: why there is no address or no secret. */
  readonly problem?: string | undefined;
}

/**
 * A member, or the leader itself, reports which route its data uses in this term, and why if it is not the requested one.
 */
export interface OnRoute {
  readonly k: 'route';
  readonly group: string;
  readonly term: number;
  readonly route: 'relay' | 'direct';
  readonly problem?: string;
}

export interface Warning {
  readonly k: 'warning';
  readonly group: string;
  readonly text: string;
}

/** A member requests a hand-over to the worker `to`, or to the best candidate. `transferred` is the answer. */
export interface Transfer {
  readonly k: 'transfer';
  readonly group: string;
  /** Identifies this request among those of its member. */
  readonly id: number;
  readonly to?: number;
}

/** The result of a {@link Transfer}; `failed` is the reason if it did not happen. */
export interface Transferred {
  readonly k: 'transferred';
  readonly group: string;
  readonly id: number;
  readonly failed?: TransferFailure;
}

/** `lost`: under PM2, the result is unknown. */
export type TransferFailure = 'vacant' | 'no candidate' | 'failed' | 'no group' | 'lost';

/** One `process.send` to the daemon. */
export interface BusPacket extends Packet {
  /** The sender: one incarnation of the library in one process. */
  readonly i: string;
  /** The number of this packet, per sender. */
  readonly n: number;
  /** 1: the sender knows the shared state. */
  readonly y: 0 | 1;
}
