// The data plane: frames, each of one kind, in bundles. messages.ts says what carries them.

import type { TravellingPart } from './payload.js';

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
