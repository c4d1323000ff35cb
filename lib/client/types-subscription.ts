// What `subscribe()` returns, and what a listener is called with. Only types.

import type { ValueInfo } from '../member/subscriptions.js';

/** Called with each value, a copy of its own, and where it comes from. What it throws goes to the event `error`. */
export type Listener<V> = (value: V, info: ValueInfo) => void;

/** A subscription with a listener. */
export interface Subscription extends AsyncDisposable {
  /**
   * Resolves when the real client is subscribed for the first time; rejects with its refusal, which ends the
   * subscription. Never an unhandled rejection.
   */
  readonly ready: Promise<void>;
  /** Ends it: from now on the listener is not called. Resolves once the leader knows. Idempotent. */
  unsubscribe(): Promise<void>;
}

/**
 * A subscription without a listener, subscribed from the call on: `for await (const value of client.subscribe(topic))`.
 * Ends with `unsubscribe()`, a `break` or `return`, the client's `close()`, or a refusal, which `ready` tells.
 */
export interface SubscriptionIterator<V> extends Subscription {
  /** The values that were dropped, the oldest first, because more than `maxQueued` waited. */
  readonly dropped: number;
  next(): Promise<IteratorResult<V, undefined>>;
  return(): Promise<IteratorReturnResult<undefined>>;
  [Symbol.asyncIterator](): this;
}
