// The types of `subscribe()`: its result and its listener. Only types.

import type { ValueInfo } from '../member/subscriptions.js';

/** Called with each value, as a copy of its own, and the value's origin. Errors that it throws are emitted as `error`. */
export type Listener<V> = (value: V, info: ValueInfo) => void;

/** A subscription with a listener. */
export interface Subscription extends AsyncDisposable {
  /**
   * Resolves when the real client is subscribed for the first time. Rejects with its refusal, which ends the subscription.
   * Never causes an unhandled rejection.
   */
  readonly ready: Promise<void>;
  /** Ends it: from now on the listener is not called. Notifies the leader, but does not wait for an answer. Idempotent. */
  unsubscribe(): Promise<void>;
}

/**
 * A subscription without a listener, which starts with the call: `for await (const value of client.subscribe(topic))`. Ends
 * with `unsubscribe()`, a `break` or `return`, the client's `close()`, or a refusal. `ready` rejects with the refusal.
 */
export interface SubscriptionIterator<V> extends Subscription {
  /** The number of values that were dropped, oldest first, because more than `maxQueued` waited. */
  readonly dropped: number;
  next(): Promise<IteratorResult<V, undefined>>;
  return(): Promise<IteratorReturnResult<undefined>>;
  [Symbol.asyncIterator](): this;
}
