// What a leader's service needs of the client that it serves: the real client or, on a host that is part of a fleet, the way to
// the leader of the fleet.

import type { OwnTypes } from '../codec/own-types.js';
import type { MethodRole } from '../options/options.js';
import type { Method } from './client-methods.js';
import type { RunningCall } from './running-call.js';

interface Served {
  /** The application's own types. */
  readonly own: OwnTypes | undefined;
  /** The names that can be called. */
  readonly methods: string[];
  /** Releases the handles in a result that nobody receives. */
  release(value: unknown, report: (error: unknown) => void): void;
  /** Runs code that calls the client on behalf of the library, not of a caller. */
  runInContext<R>(fn: () => R): R;
  /** Closes it, starting synchronously. Idempotent. */
  close(): Promise<void>;
}

export interface ServedRealClient extends Served {
  readonly forwarder?: undefined;
  /** The application's function that extracts the value of a subscription. */
  readonly valueFrom: Method | undefined;
  /** @throws `ERR_UNKNOWN_METHOD` for the one that would close the client of all workers */
  method(name: string): Method | undefined;
  /** The method for a role, if there is one. */
  role(role: MethodRole): Method | undefined;
  isSame(value: unknown): boolean;
}

export interface ServedByFleet extends Served {
  /** Calls, publications and subscriptions go to it. */
  readonly forwarder: Forwarder;
}

export type ServedClient = ServedRealClient | ServedByFleet;

/** Passes on what the members of this host ask for. */
export interface Forwarder {
  /**
   * Passes a call, a publication or a withdrawal on. Errors have their `outcome`.
   * @param sticky the key of a sticky publication
   */
  run(call: RunningCall, kind: number, sticky: string | undefined, args: readonly unknown[]): Promise<unknown>;
  /** The publisher of a sticky publication has left, or no longer waits for it. */
  withdraw(workerId: number, sticky: string, args: readonly unknown[]): Promise<unknown>;
  /** @returns a function that ends it */
  subscribe(topic: unknown, delivery: Delivery, listener: ForwardedListener): () => void;
  /** No further calls are accepted here: those that no leader of the fleet has yet reject with {@link RETURNED}. */
  returnWaiting(): void;
}

/** `view`: what this host knows of the fleet, instead of the values of a topic. */
export type Delivery = 'all' | 'one' | 'view';

export type GapReason = 'overload' | 'reconnected' | 'failover';

/** What comes of a subscription that was passed on. */
export interface ForwardedListener {
  /** Values follow. */
  ready(): void;
  /** It was refused, and is over. */
  refused(error: unknown): void;
  /** @param isReplayed it is the last value from before the subscription, or from before an interruption */
  value(value: unknown, isReplayed: boolean): void;
  /** Values may have been missed. */
  missed(reason: GapReason): void;
}

/** A call was not passed on, and the next leader of this host may have it. */
export const RETURNED: unique symbol = Symbol('returned');
