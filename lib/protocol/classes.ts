// What may wait, and what happens beyond it: each kind of data frame has a class, and each class a bound. Control frames are
// never dropped; there are only as many as groups change, and a leader that doesn't read is deposed.
//
//   class         frames                                bound                      beyond it
//   call          CALL, ONEWAY, PUBLISH, UNPUBLISH      bytes of the receiver      refused: OVERLOADED, `'not-started'`
//   subscription  SUBSCRIBE                             bytes of the receiver      refused: OVERLOADED
//   withdrawal    CANCEL, UNSUBSCRIBE                   bytes of the receiver      one stays for each call and subscription,
//                                                                                  but for those that were refused; beyond
//                                                                                  a number of them they are dropped, with
//                                                                                  a `warning`
//   result        RESULT, ERROR                         bytes of the receiver      dropped: OVERLOADED, `'unknown'`
//   value         VALUE, VALUE_ONE, REPLAY, EVENT, and  bytes of the receiver      the newest of each topic stays, GAP tells
//                 what must not overtake them
//   signal        all others                            the number of members      never dropped: a few bytes each
//
// Bytes of the receiver: in the primary `maxQueuedBytes` for a worker and `maxQueuedTotalBytes` for all, in a leader on the
// direct route the same, in a member 64 MiB on its way out, in a leader 64 MiB that wait for its lease or
// their turn, and 2 MiB of values on their way to the primary.

import { Kind } from './bundle.js';

export type FrameClass = 'call' | 'subscription' | 'withdrawal' | 'result' | 'value' | 'signal';

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
  [Kind.VALUE, 'value'],
  [Kind.VALUE_ONE, 'value'],
  [Kind.REPLAY, 'value'],
  [Kind.EVENT, 'value'],
  // A subscription that is confirmed must not hear values from before, and what comes by another route comes after them.
  [Kind.SUBSCRIBED, 'value'],
  // Nor must what tells that values are missing come before those that aren't.
  [Kind.GAP, 'value'],
  [Kind.SWITCHED, 'value'],
  [Kind.RESUMED, 'value'],
]);

/** @param kind without what is added to it */
export const classOf = (kind: number): FrameClass => CLASSES.get(kind) ?? 'signal';

/** Whether a frame of this kind is answered. */
export const isCall = (kind: number): boolean => classOf(kind) === 'call';

/** Whether a frame of this kind ends a call, or gives it back. */
export const isAnswer = (kind: number): boolean =>
  classOf(kind) === 'result' || kind === Kind.RETURNED || kind === Kind.OVERLOADED;
