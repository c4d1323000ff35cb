// Every message that crosses a channel. Nothing else defines one, and parse.ts is the only door in.
//
// Protocol versions
//   1  the first.

import type { Backoff, DeposedCause, GroupMember, GroupState, ResignCause } from './group-state.js';
import type { PortablePayload, TravellingPart } from './payload.js';

export type { DeposedCause, ResignCause } from './group-state.js';

/** What this release speaks, newest first. A release speaks its own version and the one before. */
export const PROTOCOL_VERSIONS: readonly number[] = [1];

/** The key by which a message is known as ours; its value is the protocol version. */
export const MARKER = '$csc';

/**
 * Who sent a packet to whom. Apps pass messages on, and the wrong process would take one for its own: another worker's
 * results, for example.
 */
export interface Envelope {
  /** Names one incarnation of a worker as one primary knows it. Absent in a hello, and in what refuses one. */
  readonly link?: number | undefined;
  /** worker -> primary: counts the packets over this link, from 1; 0 for what goes before it. */
  readonly up?: number | undefined;
  /** primary -> worker: likewise. */
  readonly down?: number | undefined;
}

/** One `process.send`: all that a tick produced for one channel. Control frames come first. */
export interface Packet extends Envelope {
  readonly [MARKER]: number;
  readonly c?: readonly ControlFrame[];
  readonly d?: readonly (Bundle | BytesBundle)[];
  /** In place of `d`: a part of one bundle that is too large to be sent whole. */
  readonly s?: Slice;
}

/** A packet once it was read. */
export interface ReadPacket extends Packet {
  readonly c: readonly ControlFrame[];
  readonly d: readonly Bundle[];
}

/** Slices follow each other in the order of the data; no other data comes between them. */
export interface Slice {
  /** With the first: the bundle without its bytes. */
  readonly head?: SlicedBundle;
  /** The next of its bytes; in base64 where the channel carries JSON. */
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

/** The first frame of a worker, said again until the welcome. The primary sends nothing before it. */
export interface Hello {
  readonly k: 'hello';
  readonly versions: readonly number[];
  /** One incarnation of the library in one process. */
  readonly id: string;
  readonly workerId: number;
  readonly pid: number;
  /** Arrives as bytes only on a channel with 'advanced' serialization. */
  readonly probe: unknown;
  /** It has read a goodbye, and closes real clients yet: a sign of life, and no more. */
  readonly closing?: boolean;
}

export interface Welcome {
  readonly k: 'welcome';
  readonly version: number;
  /** The hello that is answered. */
  readonly id: string;
  readonly workerId: number;
  readonly heartbeatMs: number;
  readonly leaderTimeoutMs: number;
  /** `'direct-only'`: no data of members goes over this channel, only what the control plane itself says. */
  readonly route: 'relay' | 'direct' | 'direct-only';
  /** What may wait in a leader for one member that doesn't read, and for all; absent: as much as there is. */
  readonly maxQueuedBytes?: number;
  readonly maxQueuedTotalBytes?: number;
  readonly probe: unknown;
}

/** There is no common protocol version. */
export interface Rejected {
  readonly k: 'rejected';
  /** The hello that is answered. */
  readonly id: string;
  readonly versions: readonly number[];
}

/** The primary closed; it may be set up again, so the worker says hello again. */
export interface Goodbye {
  readonly k: 'goodbye';
}

/** Said again with other values, it replaces the first. */
export interface Join {
  readonly k: 'join';
  readonly group: string;
  readonly eligible: boolean;
  /** Where it isn't eligible: it leads all the same as long as nobody is. */
  readonly lastResort?: boolean;
  readonly priority: number;
  readonly handover: 'exclusive' | 'overlap';
  readonly backoff?: Backoff;
  /** The member's options as text, to compare those of two members. */
  readonly digest: string;
}

export interface Leave extends Partial<ReadUpTo> {
  readonly k: 'leave';
  readonly group: string;
}

/** The event loop of a worker that leads turns. One a worker, whatever the number of its groups. */
export interface Heartbeat {
  readonly k: 'heartbeat';
  readonly n: number;
}

/** Renews the lease of every term that the worker had read when it sent heartbeat `n`. */
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

/** The successor of an overlapping hand-over has its real client open. */
export interface Prepared {
  readonly k: 'prepared';
  readonly group: string;
  readonly term: number;
  readonly methods: readonly string[];
}

/**
 * The leader wants to step down. `handover` is the answer: where the group overlaps once a successor is prepared, or now
 * where the leader waits no longer for that.
 */
export interface Yield {
  readonly k: 'yield';
  readonly group: string;
  readonly term: number;
  readonly now?: boolean;
}

/** What a leader read in its term. What the primary passed on to it after that never began. */
export interface ReadUpTo {
  readonly term: number;
  /** Worker ids and numbers in turn: of the last bundle that came of the worker's member. */
  readonly read?: readonly number[];
}

/** The leader, or the successor that was asked to prepare, gives the term back. Its real client is closed. */
export interface Resign extends ReadUpTo {
  readonly k: 'resign';
  readonly group: string;
  readonly cause: ResignCause;
  readonly error?: PortablePayload;
}

export type GroupPhase =
  /** No leader, and no candidate or a pause before the next attempt. */
  | 'vacant'
  /** Appointed, the real client not yet open. */
  | 'opening'
  | 'ready'
  /** As vacant, after a failed attempt on every eligible member; `error` is the last. */
  | 'failed';

/** Where a group stands. Said to every member at each change; the newest replaces all before it. */
export interface StateUpdate {
  readonly k: 'update';
  readonly group: string;
  readonly term: number;
  readonly phase: GroupPhase;
  readonly leader?: { readonly workerId: number; readonly pid: number };
  readonly methods?: readonly string[];
  readonly error?: PortablePayload;
  /** Why the last term ended, if one has; not while it isn't known of the one before whether it has. */
  readonly cause?: DeposedCause;
  /**
   * Its appointment is a lease that runs from then on, by the monotonic clock of the worker that is told: where it
   * claimed the group itself, from when it sent the claim.
   */
  readonly leasedAt?: number;
  /**
   * While it opens: when the leader was appointed, by the machine's monotonic clock. Only where its silence counts from
   * then on, so that no other is appointed within `leaderTimeoutMs` unless it gives the term back or dies.
   */
  readonly appointedAt?: number;
}

/** To the leader, after the last call for it: let those in progress end, close the real client, resign. */
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

/** What this process is about to make in the file system, to be removed when it was killed. */
export interface Address {
  readonly k: 'address';
  readonly address: string;
  /** It has removed that itself: whatever has that name from now on is somebody else's. */
  readonly gone?: boolean;
}

/**
 * Where the leader of a term can be reached past the primary, and by what both show who they are: from the leader to the
 * primary with the secret of the term, and from there to each other member with that member's key.
 */
export interface Offer {
  readonly k: 'offer';
  readonly group: string;
  readonly term: number;
  readonly address: string;
  readonly secret: string;
  /** Under PM2: why there is no address, or no secret of it. */
  readonly problem?: string | undefined;
}

/** A member, or the leader itself, tells which route its data takes in this term, and why if it isn't the one asked for. */
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

/** A member asks for a hand-over, to the worker `to` or to whoever fits best; `transferred` is the answer. */
export interface Transfer {
  readonly k: 'transfer';
  readonly group: string;
  /** Names this request among those of its member. */
  readonly id: number;
  readonly to?: number;
}

/** What became of a {@link Transfer}; `failed` says why it didn't come about. */
export interface Transferred {
  readonly k: 'transferred';
  readonly group: string;
  readonly id: number;
  readonly failed?: TransferFailure;
}

/** `lost`: under PM2, it isn't known what became of it. */
export type TransferFailure = 'vacant' | 'no candidate' | 'failed' | 'no group' | 'lost';

// ------------------------------------------------------------------------------------------------- over PM2's bus

/**
 * Under PM2 there is no primary of ours. What workers say goes to all of them, in one order, as a log; these frames are
 * only said there, beside `join`, `leave`, `heartbeat`, `ready`, `prepared`, `yield`, `resign`, `transfer` and `offer`, without its secret.
 */
export type FromBus = Ask | NoState | Found | State | Enter | Part | Claim | Differs;

/** A member was given another option than the leader, which its digest doesn't tell. */
export interface Differs {
  readonly k: 'differs';
  readonly group: string;
  readonly option: 'args';
}

/** One `process.send` to the daemon. */
export interface BusPacket extends Packet {
  /** The sender: one incarnation of the library in one process. */
  readonly i: string;
  /** Counts the packets of this sender. */
  readonly n: number;
  /** 1: the sender knows the common state. */
  readonly y: 0 | 1;
}

/** The first word on each connection to the bus: which state do you have? Whoever says it has none. */
export interface Ask {
  readonly k: 'ask';
  /** Counts the questions of this sender. */
  readonly n: number;
  /** The sender's process. */
  readonly process: string;
}

/** An answer: neither do I. */
export interface NoState {
  readonly k: 'none';
  readonly process: string;
}

/** Begins an empty state, if nobody who has one spoke since the sender asked its question `n`, its last one. */
export interface Found {
  readonly k: 'bootstrap';
  readonly n: number;
}

/** An answer: the state as it was when the question was read. */
export interface State {
  readonly k: 'state';
  /** Who asked. */
  readonly to: string;
  /** The number of the question. */
  readonly n: number;
  readonly log: LogState;
  /** Who had asked by then, since somebody last spoke who has a state: the number of the last question of each. */
  readonly quiet: Readonly<Record<string, number>>;
}

/** The sender takes part from now on. */
export interface Enter {
  readonly k: 'enter';
  readonly process: string;
  readonly workerId: number;
  readonly pid: number;
  readonly heartbeatMs: number;
  readonly leaderTimeoutMs: number;
}

/** The sender takes no part any more. */
export interface Part {
  readonly k: 'part';
}

/**
 * The sender wants to lead, or to be the successor of a hand-over that waits for one. It counts if the term in force, or
 * the last one, is still `after`. With `seen` it says that a member is silent: the leader of the term `after`, or the
 * successor that prepares for it. That counts if nothing of this member was read after its packet number `seen`.
 */
export interface Claim {
  readonly k: 'claim';
  readonly group: string;
  readonly after: number;
  readonly seen?: number;
}

/** What all who have read the log to the same place agree on: plain data, so that it travels to new workers as it is. */
export interface LogState {
  /** By incarnation. */
  readonly peers: Readonly<Record<string, BusPeer>>;
  readonly groups: Readonly<Record<string, BusGroup>>;
  /** The highest term of groups that are gone: a group that comes again goes on from there. */
  readonly lastTerm: number;
}

/** A worker that takes part. */
export interface BusPeer {
  readonly process: string;
  readonly workerId: number;
  readonly pid: number;
  readonly heartbeatMs: number;
  readonly leaderTimeoutMs: number;
  /** The number of its last packet. */
  readonly seen: number;
  /** What it last listened on, or was about to: removed by the others when it dies. */
  readonly address?: string;
}

export interface BusMember extends GroupMember {
  readonly digest: string;
}

/** Its times are those of the daemon's clock. */
export interface BusGroup extends GroupState {
  /** By incarnation. */
  readonly members: Readonly<Record<string, BusMember>>;
  /** Where the leader of this term can be reached past the bus, or why it can't. */
  readonly offer?: { readonly term: number; readonly address?: string; readonly problem?: string };
}

// --------------------------------------------------------------------------------------------------- data plane

/**
 * What a data frame is. A frame is four numbers in `Bundle.h` (kind, id, characters of text, number of parts)
 * and its text in `Bundle.x`. Added to the kind are `EXT` and, to that of a call, `ONE`, `MORE` and `ABOUT`.
 */
export const Kind = {
  // member -> leader; the id is the call's, or the subscription's
  // `args`, or what `MORE` says; the method and the deadline are in `Bundle.m`
  CALL: 1,
  PUBLISH: 2,
  UNPUBLISH: 3,
  /** `[signal, reason]`: 0 is the call's own signal, n the nth in its arguments */
  CANCEL: 4,
  /** `[delivery, topic]` */
  SUBSCRIBE: 5,
  /** `0` */
  UNSUBSCRIBE: 6,
  /** the number of the first bundle by the stream with this id: what follows this frame comes by the direct route */
  SWITCH: 7,
  /** the number of the last bundle that came by the stream with this id: it broke, and goes on by the relay */
  RESUME: 8,
  /** as `CALL`; only whether it failed is of interest */
  ONEWAY: 9,
  /** `0`; the call or subscription with this id, which follows, was in the hands of a leader that was lost */
  SUSPECT: 19,

  // leader -> member
  /** the value; the id is the call's */
  RESULT: 10,
  /** the error; the id is the call's */
  ERROR: 11,
  /** the topic's number in this term; the id is the subscription's */
  SUBSCRIBED: 12,
  /** the error; the id is the subscription's */
  REFUSED: 13,
  /** a value for all subscriptions of a topic; the id is the topic's number */
  VALUE: 14,
  /** a value for one subscription alone */
  VALUE_ONE: 15,
  /** the last value, for one late subscription */
  REPLAY: 16,
  /** `[event, args]` of the real client */
  EVENT: 17,
  /**
   * `0`: values of the topic with this number were dropped before the next one; `1`: the last value for a subscription was;
   * `2`: the real client reconnected, so values of the topic may be missing
   */
  GAP: 18,
  /** `0`; a call or subscription that a leader may have been lost by begins now */
  BEGUN: 24,

  // whoever holds the call last before the leader, the leader included -> member; the id is the call's
  /** the call never began; the next leader gets it */
  RETURNED: 20,
  /** the call was refused, or its result was dropped; see `Overload` */
  OVERLOADED: 21,

  // leader -> member, about routes
  /** `0`; the id is a stream's: what follows this frame comes by the direct route */
  SWITCHED: 22,
  /**
   * the number of the last bundle that came by the stream with this id; what follows comes by the relay. Unasked, at the
   * end of a term: nothing more is taken
   */
  RESUMED: 23,

  // primary -> member, in the order of the data
  /** nothing comes any more of this term; the id is the number of the last bundle that was received of the member */
  END: 30,
  /** to the leader: the member with this worker id left or died */
  MEMBER_LEFT: 31,
} as const;

/** The texts of an `OVERLOADED` frame. */
export const Overload = {
  /** the call was refused for lack of room */
  CALL: '0',
  /** its result was dropped for lack of room */
  RESULT: '1',
  /** its result could not be encoded for the channel */
  RESULT_UNSENDABLE: '2',
} as const;

/** What was encoded in the text is in the codec's tagged form. */
export const EXT = 64;

/** The arguments of this call are one, and it is encoded by itself, without the list around it. */
export const ONE = 128;

/**
 * The text of this call is `[args, stickyKey | null]`, and, where the caller's `context` gave something to come along,
 * that as a third: JSON, never tagged. A fourth, `1`, says that a sticky publication is repeated.
 */
export const MORE = 256;

/** As often as this is in it the call is about the nth pair of `Bundle.m`, from 1. */
export const ABOUT = 512;

/** A kind without what is added to it. */
export const kindOf = (kind: number): number => kind & (EXT - 1);

/** What a bundle says of calls: methods and deadlines in turn. Infinite is `null` where the channel carries JSON. */
export type Abouts = readonly (string | number | null)[];

/** A bundle of many frames on a channel that carries bytes as they are: its head is bytes too, see head.ts. */
export interface BytesBundle extends Omit<Bundle, 'h'> {
  readonly h: Uint8Array;
}

/** Frames of one group and term with one origin and one destination. Opaque to the primary but for its envelope. */
export interface Bundle {
  /** group */
  readonly g: string;
  /** term */
  readonly t: number;
  /** number: counts the bundles of one member to the leader in one term, from 1; absent the other way */
  readonly n?: number;
  /** from: the worker id, put in by the primary; absent on the way up, and where the primary itself speaks */
  readonly f?: number;
  /** to: worker ids, or all other members; absent: the leader */
  readonly to?: readonly number[] | '*';
  /** but: worker ids that `'*'` leaves out */
  readonly but?: readonly number[];
  /** the head: four numbers a frame */
  readonly h: readonly number[];
  /** the texts of all frames as one JSON array */
  readonly x: string;
  /** the methods and deadlines of its calls: beside the texts because many calls share a pair */
  readonly m?: Abouts;
  /** the parts of all frames, in order */
  readonly p?: readonly TravellingPart[];
  /** the block of those that don't travel by themselves, one after the other */
  readonly q?: Uint8Array;
  /** of a bundle in slices: how many bytes at the start of the block are the text; `x` is empty, and the block holds all parts */
  readonly y?: number;
}

/** A bundle in slices; see body.ts. */
export type SlicedBundle = Bundle & { readonly y: number };
