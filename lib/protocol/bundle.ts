// The data plane: frames, grouped into bundles. messages.ts defines the packets that carry bundles.

import type { TravellingPart } from './payload.js';

/**
 * The kinds of data frames. A frame is four numbers in `Bundle.h` (kind, id, characters of text, number of parts) and its
 * text in `Bundle.x`. The kind number can include the flag `EXT` and, for calls, `ONE`, `MORE` and a multiple of `ABOUT`.
 */
export const Kind = {
  // member -> leader; the id is that of the call or of the subscription
  // `args`, or the list described at `MORE`; the method and the deadline are in `Bundle.m`
  CALL: 1,
  PUBLISH: 2,
  UNPUBLISH: 3,
  /** `[signal, reason]`: signal 0 is the signal of the call itself, n the nth signal in its arguments */
  CANCEL: 4,
  /** `[delivery, topic]` */
  SUBSCRIBE: 5,
  /** `0` */
  UNSUBSCRIBE: 6,
  /** the number of the first bundle on the stream with this id: everything after this frame uses the direct route */
  SWITCH: 7,
  /** the number of the last bundle received on the stream with this id: it broke, and data continues over the relay */
  RESUME: 8,
  /** like `CALL`, but the caller only needs to know whether it failed */
  ONEWAY: 9,
  /** `[count]`, or `[count, error]`: a stream in the arguments ended after so many items; the id is that of the stream */
  ITEMS_END: 25,
  /** `0`; a previous leader was lost while it may have held the call or subscription with this id, which follows */
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
  /** `[event, args]` emitted by the real client */
  EVENT: 17,
  /**
   * `0`: values of the topic with this number were dropped before the next one; `1`: the last value for a subscription was
   * dropped; `2`: the real client reconnected, so values of the topic may be missing; `3`: the same, because the fleet has
   * another leader
   */
  GAP: 18,
  /** `0`; a call or subscription that was announced with `SUSPECT` starts now */
  BEGUN: 24,
  /** `0`; the result of the call is a stream. Its items follow, and then `RESULT` with their number, or `ERROR` */
  STREAM: 26,
  /** `0`; a stream in the arguments is not read any more; the id is that of the stream */
  STOP: 27,

  // both directions; the id is that of the stream: a result has the id of its call
  /** `[number, item]`, numbered from 1 */
  ITEM: 28,
  /** `[taken, window]`: the reader took so many items in all, and has room for `window` that it has not taken */
  PULL: 29,

  // sent to the member by the last process that holds the call, possibly the leader; the id is that of the call
  /** the call never started; the next leader receives it */
  RETURNED: 20,
  /** the call was refused, or its result was dropped; see `Overload` */
  OVERLOADED: 21,

  // leader -> member, about routes
  /** `0`; the id is that of a stream: everything after this frame uses the direct route */
  SWITCHED: 22,
  /**
   * the number of the last bundle received on the stream with this id; what follows is sent over the relay. Without a
   * preceding `RESUME`, at the end of a term: the leader accepts no more data
   */
  RESUMED: 23,

  // primary -> member, in order with the data
  /** no more data of this term follows; the id is the number of the last bundle that was received from the member */
  END: 30,
  /**
   * to the leader: the member with this worker id left or died. The text is `0` or, in a fleet, the number of the member that takes
   * its place
   */
  MEMBER_LEFT: 31,
} as const;

/** The texts of an `OVERLOADED` frame. */
export const Overload = {
  /** the call was refused for lack of space */
  CALL: '0',
  /** its result was dropped for lack of space */
  RESULT: '1',
  /** its result could not be encoded for the channel */
  RESULT_UNSENDABLE: '2',
} as const;

/** Flag: the text uses the codec's tagged form. */
export const EXT = 64;

/** Flag: the call has exactly one argument, which is encoded alone, without the surrounding list. */
export const ONE = 128;

/**
 * Flag: the text of the call is `[args, stickyKey | null]`. If the caller's `context` returned a value, that is the third
 * element: JSON, never tagged; otherwise it is missing or `null`. A fourth element marks a repeated sticky publication (`1`), or
 * a call that may run twice (`2`), which is said only to a leader that passes calls on.
 */
export const MORE = 256;

/** The kind contains n times this number: the call uses the nth pair of `Bundle.m`, counted from 1. */
export const ABOUT = 512;

/** The kind without its flags. */
export const kindOf = (kind: number): number => kind & (EXT - 1);

/** Methods and deadlines of a bundle's calls, alternating. Infinity becomes `null` on a channel that carries JSON. */
export type Abouts = readonly (string | number | null)[];

/** A bundle of many frames on a channel that carries binary data: its head is encoded as bytes, see head.ts. */
export interface BytesBundle extends Omit<Bundle, 'h'> {
  readonly h: Uint8Array;
}

/** Frames of one group and term with one origin and one destination. The primary reads only the envelope. */
export interface Bundle {
  /** group */
  readonly g: string;
  /** term */
  readonly t: number;
  /** number of the bundle, counted from 1 per member and term; only in bundles to the leader */
  readonly n?: number;
  /** from: worker id, set by the primary; absent on the way to the primary and in frames of the primary itself */
  readonly f?: number;
  /** to: worker ids, or `'*'` for all other members; absent: the leader */
  readonly to?: readonly number[] | '*';
  /** but: worker ids that `'*'` excludes */
  readonly but?: readonly number[];
  /** the head: four numbers per frame */
  readonly h: readonly number[];
  /** the texts of all frames as one JSON array */
  readonly x: string;
  /** methods and deadlines of the calls, separate from the texts because many calls share a pair */
  readonly m?: Abouts;
  /** the parts of all frames, in order */
  readonly p?: readonly TravellingPart[];
  /** the block: the parts that are not sent separately, concatenated */
  readonly q?: Uint8Array;
  /** only in a sliced bundle: byte length of the text at the start of the block; `x` is empty, the block holds all parts */
  readonly y?: number;
}

/** A sliced bundle; see body.ts. */
export type SlicedBundle = Bundle & { readonly y: number };
