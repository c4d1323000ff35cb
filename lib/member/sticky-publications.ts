// Publications that are republished to every new leader: the newest one under each key.

import { costLeaders, takenBack } from '../errors/call-errors.js';
import { SharedClientError } from '../errors/shared-client-error.js';
import { Kind } from '../protocol/bundle.js';
import { nextNumber } from '../protocol/ids.js';
import { listenToAbort, stopListeningToAbort } from '../utils/abort-listeners.js';
import { type AsyncContext, captureContext } from '../utils/async-context.js';
import { backoffMs } from '../utils/backoff.js';
import type { Clock, Timer } from '../utils/clock.js';
import type { Arguments } from './arguments.js';
import { Call, type CallOwner } from './call.js';
import type { Calls } from './calls.js';

export interface Sticky {
  readonly args: Arguments;
  readonly handle: CallOwner;
  /** The async context of the code that published it. */
  readonly context: AsyncContext;
  /** The publication in progress. It is not published a second time meanwhile. */
  call: Call | undefined;
  /** The last publication, if it failed. The leader that had it may be lost later, and that loss counts too. */
  failed: Call | undefined;
  /** The publication that it replaced, if that was in progress then. It may wait until this one is confirmed. */
  before: Sticky | undefined;
  /** Failed attempts in a row, and the timer of the next one. */
  failures: number;
  retry: Timer | undefined;
  /** Receives the errors of a republication. */
  onError(error: unknown): void;
  /** Removes the abort listener: the signal must not end a publication that replaces this one. */
  stopListening(): void;
}

/** What to publish, and the callbacks of the caller that waits for it. */
export interface Publication {
  readonly args: Arguments;
  readonly timeoutMs: number;
  readonly handle: CallOwner;
  readonly succeed: Call['succeed'];
  readonly fail: Call['fail'];
  /** Receives the errors of a republication. */
  onError(error: unknown): void;
  /** Ends the publication. */
  readonly signal: AbortSignal | undefined;
  /** Called when the signal has ended the publication, which then has to be withdrawn. */
  onAbort(key: string, sticky: Sticky): void;
}

export interface StickyPublicationsOptions {
  readonly calls: Calls;
  readonly clock: Clock;
}

export class StickyPublications {
  readonly #stickyPublications = new Map<string, Sticky>();
  /** Publications that have ended while the leader could not be notified. */
  readonly #pendingWithdrawals = new Map<string, Sticky>();
  /** Those whose last publication failed, by the number of its call. */
  readonly #failed = new Map<number, Sticky>();
  /** Whether there is a leader to publish to. */
  #isOpen = false;

  constructor(private readonly options: StickyPublicationsOptions) {}

  get size(): number {
    return this.#stickyPublications.size;
  }

  /** Publishes now and to every later leader, in place of what was published under the key before. */
  publish(key: string, publication: Publication): void {
    const { args, handle, onError } = publication;
    const older = this.#end(key);
    const sticky: Sticky = {
      args,
      handle,
      context: captureContext(),
      call: undefined,
      failed: undefined,
      before: older?.call && older,
      failures: 0,
      retry: undefined,
      onError,
      stopListening() {},
    };
    this.#pendingWithdrawals.delete(key);
    this.#stickyPublications.set(key, sticky);
    this.#listen(key, sticky, publication);
    this.#send(key, sticky, args, publication.timeoutMs, publication.succeed, error => {
      // The real client refused it, so there is nothing to republish.
      if (this.#stickyPublications.get(key) === sticky && !(error instanceof SharedClientError)) this.#end(key);
      publication.fail(error);
    });
  }

  /** Ends it. Returns `undefined` if nothing is published under the key and no withdrawal is pending. */
  unpublish(key: string): Sticky | undefined {
    const sticky = this.#end(key) ?? this.#pendingWithdrawals.get(key);
    this.#pendingWithdrawals.delete(key);
    return sticky;
  }

  /**
   * The leader could not be notified that it ended. If it, or what it replaced, was not sent yet, it never will be.
   * Otherwise the `unpublish()` can be repeated.
   */
  keepWithdrawal(key: string, sticky: Sticky): void {
    for (let one: Sticky | undefined = sticky; one; one = one.before)
      if (one.call) this.options.calls.giveUp(one.call, takenBack);
    if (!this.#stickyPublications.has(key)) this.#pendingWithdrawals.set(key, sticky);
  }

  keysOf(handle: object): string[] {
    return [...this.#stickyPublications].filter(([, sticky]) => sticky.handle === handle).map(([key]) => key);
  }

  /** A leader confirms that it begins a publication whose call has ended. */
  begun(id: number, term: number): void {
    const { call, failed } = this.#failed.get(id) ?? {};
    for (const each of [call, failed]) if (each) each.begunIn = term;
  }

  /**
   * There is a new leader. Waiting calls are sent after this.
   * @param lostTerm the last term that a route led to, if its leader was lost
   */
  republish(lostTerm?: number): void {
    this.#isOpen = true;
    // The new leader never received these publications.
    this.#pendingWithdrawals.clear();
    for (const [key, sticky] of this.#stickyPublications) {
      if (sticky.call) continue;
      const { failed } = sticky;
      if (failed && lostTerm !== undefined && this.options.calls.isTooCostly(failed, lostTerm)) {
        this.#end(key);
        sticky.onError(costLeaders('publish', failed.losses));
      } else this.#repeat(key, sticky);
    }
  }

  /** There is no leader any more. The next one receives all publications. */
  shut(): void {
    this.#isOpen = false;
    for (const sticky of this.#stickyPublications.values()) sticky.retry?.clear();
  }

  clear(): void {
    for (const key of this.#stickyPublications.keys()) this.#end(key);
    this.#pendingWithdrawals.clear();
  }

  #listen(key: string, sticky: Sticky, { signal, onAbort }: Publication): void {
    if (!signal) return;
    const listener = () => {
      const { call } = sticky;
      this.#end(key);
      if (call) this.options.calls.cancel(call, signal.reason);
      onAbort(key, sticky);
    };
    listenToAbort(signal, listener);
    sticky.stopListening = () => stopListeningToAbort(signal, listener);
  }

  #repeat(key: string, sticky: Sticky): void {
    // No caller waits for it, and it may start late if many are repeated. So the leader limits its time from when it begins.
    const args = { ...sticky.args, isRepeated: true };
    this.#send(key, sticky, args, Number.POSITIVE_INFINITY, () => {}, sticky.onError);
  }

  /** Repeats a publication that this leader did not accept after a pause, if it is still in force. */
  #repeatLater(key: string, sticky: Sticky): void {
    if (!this.#isOpen || this.#stickyPublications.get(key) !== sticky) return;
    sticky.failures++;
    sticky.retry = this.options.clock.setTimer(() => this.#repeat(key, sticky), backoffMs(sticky.failures));
  }

  /**
   * If it is in flight when the leader is lost, the call itself is sent to the next leader, so it is not repeated as well.
   */
  #send(
    key: string,
    sticky: Sticky,
    args: Arguments,
    timeoutMs: number,
    succeed: Call['succeed'],
    fail: Call['fail'],
  ): void {
    sticky.retry?.clear();
    const id = nextNumber();
    const over = () => {
      if (sticky.call?.id === id) sticky.call = undefined;
    };
    const done: Call['succeed'] = value => {
      over();
      this.#setFailed(sticky, undefined);
      sticky.failures = 0;
      // The older one was sent before this one, and need not be kept while this one is in force.
      sticky.before = undefined;
      succeed(value);
    };
    const failed: Call['fail'] = error => {
      over();
      if (this.#stickyPublications.get(key) === sticky) {
        if (call.isGivenUp) this.#end(key);
        else this.#setFailed(sticky, call.hasRun ? undefined : call);
      }
      fail(error);
      if (!call.hasRun) this.#repeatLater(key, sticky);
    };
    const call = new Call(
      Kind.PUBLISH,
      id,
      'publish',
      args,
      key,
      this.options.clock.now(),
      timeoutMs,
      true,
      sticky.handle,
      done,
      failed,
    );
    call.context = sticky.context;
    if (sticky.failed) call.suspectAs(sticky.failed);
    try {
      this.options.calls.make(call);
      sticky.call = call;
    } catch (error) {
      call.fail(error);
    }
  }

  #setFailed(sticky: Sticky, call: Call | undefined): void {
    if (sticky.failed) this.#failed.delete(sticky.failed.id);
    if (call) this.#failed.set(call.id, sticky);
    sticky.failed = call;
  }

  /** A publication that has ended must not be sent again after the one that replaced or withdrew it. */
  #end(key: string): Sticky | undefined {
    const sticky = this.#stickyPublications.get(key);
    if (!sticky) return undefined;
    this.#stickyPublications.delete(key);
    sticky.stopListening();
    sticky.retry?.clear();
    this.#setFailed(sticky, undefined);
    if (sticky.call) sticky.call.isIdempotent = false;
    return sticky;
  }
}
