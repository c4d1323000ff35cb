// What a member knows of its fleet: the worker that leads the group of this host sends it.

import type { FleetAccess, FleetView, FleetWatcher } from '../options/options.js';
import { Kind } from '../protocol/bundle.js';
import { nextNumber } from '../protocol/ids.js';
import { encodeArguments } from './arguments.js';
import { Call } from './call.js';
import type { Calls } from './calls.js';
import type { FleetKnowledge, MemberContext } from './member-context.js';
import { MemberSubscription, type SubscriptionOwner, type Subscriptions } from './subscriptions.js';

/** No method of a real client has this name. */
export const TRANSFER = '\u0000transfer';

/** How long a hand-over may take, including the wait for a leader of this host, in ms. */
const TRANSFER_MS = 60_000;

/** A subscription of this kind is never refused, and what it may have missed is followed by the newest. */
const ignore = (): void => {};

const UNKNOWN: FleetView = {
  term: 0,
  isHere: false,
  state: 'unknown',
  leaseMs: 0,
  failures: 0,
  connected: false,
  isDone: false,
};

export interface FleetWatchOptions {
  /** The fleet has a leader that is ready, as far as is known. */
  reached(): void;
  /** The real client could not be opened on the host that leads. */
  failed(error: unknown): void;
}

export interface FleetWatchMember extends Pick<MemberContext, 'name' | 'clock' | 'observe'> {
  readonly calls: Calls;
  readonly subscriptions: Subscriptions;
}

export class FleetWatch implements SubscriptionOwner, FleetKnowledge {
  readonly name: string;
  readonly handle = this;
  readonly isClosed = false;
  readonly #member: FleetWatchMember;
  readonly #options: FleetWatchOptions;
  readonly #watcher: FleetWatcher;
  #view: FleetView = UNKNOWN;
  /** The worker that leads this host has read the record. */
  #isCurrent = false;

  constructor(across: FleetAccess, member: FleetWatchMember, options: FleetWatchOptions) {
    this.name = across.name;
    this.#member = member;
    this.#options = options;
    this.#watcher = across.watch({ name: member.name, transfer: hostName => this.#transfer(hostName) });
    const payload = { text: '0', ext: false, parts: undefined };
    member.subscriptions.add(new MemberSubscription('view', 0, payload, 'view', this));
  }

  get view(): FleetView {
    return this.#view;
  }

  get isReady(): boolean {
    return this.#isCurrent && this.#view.state === 'ready' && this.#view.isReached === true;
  }

  close(): void {
    this.#watcher.left();
  }

  /** The worker that led this host does so no longer. The fleet may still have the same leader. */
  lost(): void {
    this.#isCurrent = false;
  }

  value(value: unknown): void {
    const before = this.#view;
    const view = value as FleetView;
    this.#isCurrent = view.state !== 'unknown';
    this.#view = this.#isCurrent ? view : { ...before, connected: view.connected };
    this.#watcher.viewed(this.#view);
    if (view.methods) this.#member.observe(observer => observer.methods(view.methods!));
    if (this.isReady) this.#options.reached();
    else if (view.error && view.failures > before.failures) this.#options.failed(view.error);
  }

  readonly ready = ignore;
  readonly refused = ignore;
  readonly failed = ignore;
  readonly resync = ignore;
  readonly error = ignore;

  #transfer(hostName: string | undefined): Promise<void> {
    const { calls, clock } = this.#member;
    const args = encodeArguments([hostName]);
    return new Promise<void>((resolve, reject) => {
      const end = resolve as (value: unknown) => void;
      const [id, now] = [nextNumber(), clock.now()];
      calls.make(new Call(Kind.CALL, id, TRANSFER, args, undefined, now, TRANSFER_MS, true, this, end, reject));
    });
  }
}
