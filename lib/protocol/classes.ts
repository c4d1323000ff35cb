// Each kind of data frame has a class, and each class limits how much may wait. Control frames are never dropped: their
// number is bounded by the changes of the groups, and a leader that does not read is deposed.
//
//   class         frames                                limit                      beyond the limit
//   call          CALL, ONEWAY, PUBLISH, UNPUBLISH      bytes of the receiver      refused: OVERLOADED, `'not-started'`
//   subscription  SUBSCRIBE                             bytes of the receiver      refused: OVERLOADED
//   withdrawal    CANCEL, UNSUBSCRIBE                   bytes of the receiver      one is kept per call and subscription,
//                                                                                  except for refused ones; beyond a
//                                                                                  maximum number they are dropped, with
//                                                                                  a `warning`
//   result        RESULT, ERROR                         bytes of the receiver      dropped: OVERLOADED, `'unknown'`
//   value         VALUE, VALUE_ONE, REPLAY, EVENT, and  bytes of the receiver      the newest per topic is kept, with GAP
//                 frames that must not overtake them
//   item          ITEM                                  16 items or 1 MiB per stream, dropped: OVERLOADED ends the stream
//                                                       and bytes of the receiver
//   signal        all others                            number of members          never dropped: a few bytes each
//
// Bytes of the receiver: in the primary `maxQueuedBytes` per worker and `maxQueuedTotalBytes` for all; in a leader on the
// direct route the same; in a member 64 MiB of outgoing data; in a leader 64 MiB that wait for its lease or their turn, and
// 2 MiB of values that wait to be sent to the primary, or to one member on the direct route.

import { Kind } from './bundle.js';

export type FrameClass = 'call' | 'subscription' | 'withdrawal' | 'result' | 'item' | 'value' | 'signal';

const CLASSES: ReadonlyMap<number, FrameClass> = new Map<number, FrameClass>([
  [Kind.CALL, 'call'],
  [Kind.ONEWAY, 'call'],
  [Kind.PUBLISH, 'call'],
  [Kind.UNPUBLISH, 'call'],
  [Kind.SUBSCRIBE, 'subscription'],
  [Kind.CANCEL, 'withdrawal'],
  [Kind.UNSUBSCRIBE, 'withdrawal'],
  [Kind.RESULT, 'result'],
  [Kind.ERROR, 'result'],
  [Kind.ITEM, 'item'],
  [Kind.VALUE, 'value'],
  [Kind.VALUE_ONE, 'value'],
  [Kind.REPLAY, 'value'],
  [Kind.EVENT, 'value'],
  // A confirmed subscription must not receive older values, and data on the other route follows these values.
  [Kind.SUBSCRIBED, 'value'],
  // GAP must not overtake the values before the gap.
  [Kind.GAP, 'value'],
  [Kind.SWITCHED, 'value'],
  [Kind.RESUMED, 'value'],
]);

/** @param kind without flags */
export const classOf = (kind: number): FrameClass => CLASSES.get(kind) ?? 'signal';

/** Whether a frame of this kind gets an answer. */
export const isCall = (kind: number): boolean => classOf(kind) === 'call';

/** Whether a frame of this kind is refused where there is no space for it. */
export const isRefusable = (kind: number): boolean => {
  const what = classOf(kind);
  return what === 'call' || what === 'subscription' || what === 'item';
};

/** Whether a frame of this kind is dropped where there is no space for it, and `OVERLOADED` sent in its place. */
export const isDroppable = (kind: number): boolean => classOf(kind) === 'result' || classOf(kind) === 'item';

/** Whether a frame of this kind is part of the answer to a call, ends it or returns it. */
export const isAnswer = (kind: number): boolean =>
  isDroppable(kind) || kind === Kind.RETURNED || kind === Kind.OVERLOADED || kind === Kind.STREAM;

/** Whether a frame of this kind belongs to a call that the leader already runs. */
export const isOfRunningCall = (kind: number): boolean =>
  kind === Kind.CANCEL || kind === Kind.ITEM || kind === Kind.ITEMS_END || kind === Kind.PULL;
