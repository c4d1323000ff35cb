// Publications that are republished to every new leader, the newest under each key.

import { SharedClientError, takenBack } from '../errors/errors.js';
import { Kind } from '../protocol/bundle.js';
import { nextNumber } from '../protocol/ids.js';
import { listenToAbort, stopListeningToAbort } from '../utils/abort-listeners.js';
import { type AsyncContext, captureContext } from '../utils/async-context.js';
import { backoffMs } from '../utils/backoff.js';
import type { Clock, Timer } from '../utils/clock.js';
import { type Arguments, Call, type CallOwner } from './call.js';
import type { Calls } from './calls.js';

export interface Sticky {
  readonly args: Arguments;
  readonly handle: CallOwner;
  /** Of the code that published it. */
  readonly context: AsyncContext;
  /** Published and not yet confirmed: meanwhile it isn't published a second time. */
  call: Call | undefined;
  /** What it replaced, where that was under way then, and may wait until this one is taken. */
  before: Sticky | undefined;
  /** Sayings in a row that failed, and when the next one is due. */
  failures: number;
  retry: Timer | undefined;
  /** Errors of a republication. */
  onError(error: unknown): void;
  /** Its end is no end of what replaces it. */
  stopListening(): void;
}

/** What is to be said, and who waits for it. */
export interface Saying {
  readonly args: Arguments;
  readonly timeoutMs: number;
  readonly handle: CallOwner;
  readonly succeed: Call['succeed'];
  readonly fail: Call['fail'];
  /** Errors of a republication. */
  onError(error: unknown): void;
  /** Ends it. */
  readonly signal: AbortSignal | undefined;
  /** Called when the signal has ended it, with what is to be taken back. */
  onAbort(key: string, sticky: Sticky): void;
}

export interface StickyPublicationsOptions {
  readonly calls: Calls;
  readonly clock: Clock;
}

export class StickyPublications {
  readonly #stickyPublications = new Map<string, Sticky>();
  /** Those that are over, of which the leader could not be told. */
  readonly #pendingWithdrawals = new Map<string, Sticky>();
  /** There is a leader to say them to. */
  #isOpen = false;

  constructor(private readonly options: StickyPublicationsOptions) {}

  get size(): number {
    return this.#stickyPublications.size;
  }

  /** Says it now and to every leader to come, in place of what was said under the key before. */
  publish(key: string, saying: Saying): void {
    const { args, handle, onError } = saying;
    const older = this.#end(key);
    const sticky: Sticky = {
      args,
      handle,
      context: captureContext(),
      call: undefined,
      before: older?.call && older,
      failures: 0,
      retry: undefined,
      onError,
      stopListening() {},
    };
    this.#pendingWithdrawals.delete(key);
    this.#stickyPublications.set(key, sticky);
    this.#listen(key, sticky, saying);
    this.#say(key, sticky, args, saying.timeoutMs, saying.succeed, error => {
      // Refused by the real client: there is nothing to repeat.
      if (this.#stickyPublications.get(key) === sticky && !(error instanceof SharedClientError)) this.#end(key);
      saying.fail(error);
    });
  }

  /** Ends it; `undefined` where nothing is said under the key, and nothing is left to be taken back. */
  unpublish(key: string): Sticky | undefined {
    const sticky = this.#end(key) ?? this.#pendingWithdrawals.get(key);
    this.#pendingWithdrawals.delete(key);
    return sticky;
  }

  /**
   * The leader could not be told of its end: if it wasn't said yet it never is, nor what it replaced, else it may be taken
   * back again.
   */
  keepWithdrawal(key: string, sticky: Sticky): void {
    for (let one: Sticky | undefined = sticky; one; one = one.before)
      if (one.call) this.options.calls.giveUp(one.call, takenBack);
    if (!this.#stickyPublications.has(key)) this.#pendingWithdrawals.set(key, sticky);
  }

  keysOf(handle: object): string[] {
    return [...this.#stickyPublications].filter(([, sticky]) => sticky.handle === handle).map(([key]) => key);
  }

  /** There is a new leader, and what waits is sent after this. */
  republish(): void {
    this.#isOpen = true;
    // It never heard of them.
    this.#pendingWithdrawals.clear();
    for (const [key, sticky] of this.#stickyPublications) {
      if (!sticky.call) this.#repeat(key, sticky);
    }
  }

  /** There is none any more; the next one hears them all. */
  shut(): void {
    this.#isOpen = false;
    for (const sticky of this.#stickyPublications.values()) sticky.retry?.clear();
  }

  clear(): void {
    for (const key of this.#stickyPublications.keys()) this.#end(key);
    this.#pendingWithdrawals.clear();
  }

  #listen(key: string, sticky: Sticky, { signal, onAbort }: Saying): void {
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
    // No caller waits for it, and its turn may come late where much is repeated: the leader limits it from when it begins.
    const args = { ...sticky.args, isRepeated: true };
    this.#say(key, sticky, args, Number.POSITIVE_INFINITY, () => {}, sticky.onError);
  }

  /** What this leader did not take, and still is to be said, it hears again after a pause. */
  #repeatLater(key: string, sticky: Sticky): void {
    if (!this.#isOpen || this.#stickyPublications.get(key) !== sticky) return;
    sticky.failures++;
    sticky.retry = this.options.clock.setTimer(() => this.#repeat(key, sticky), backoffMs(sticky.failures));
  }

  /** In flight when the leader is lost, it is sent to the next one: once, as any sticky publication. */
  #say(
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
      sticky.failures = 0;
      // It was sent before this one, and needn't be kept for as long as this one is in force.
      sticky.before = undefined;
      succeed(value);
    };
    const failed: Call['fail'] = error => {
      over();
      if (call.isGivenUp && this.#stickyPublications.get(key) === sticky) this.#end(key);
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
    try {
      this.options.calls.make(call);
      sticky.call = call;
    } catch (error) {
      call.fail(error);
    }
  }

  /** What is over must not be sent again after what replaced it, or took it back. */
  #end(key: string): Sticky | undefined {
    const sticky = this.#stickyPublications.get(key);
    if (!sticky) return undefined;
    this.#stickyPublications.delete(key);
    sticky.stopListening();
    sticky.retry?.clear();
    if (sticky.call) sticky.call.isIdempotent = false;
    return sticky;
  }
}
