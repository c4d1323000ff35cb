// One topic's subscription in the fleet, on a host that passes subscriptions on. It ends and begins at once, so there is nothing
// to wait for.

import type { Delivery, ForwardedListener, Forwarder, GapReason } from './served-client.js';
import type { Upstream, UpstreamOwner } from './upstream-subscription.js';

/** What the subscription needs of its topic, beyond what a subscription to the real client needs. */
export interface ForwardedOwner extends UpstreamOwner {
  /** The last value from before the subscription, or from before an interruption. */
  replayed(value: unknown): void;
  missed(reason: GapReason): void;
}

export class ForwardedSubscription implements Upstream {
  isActive = false;
  #end: (() => void) | undefined;

  constructor(
    private readonly forwarder: Forwarder,
    private readonly delivery: Delivery,
    private readonly owner: ForwardedOwner,
  ) {}

  advance(): void {
    const { hasSubscribers } = this.owner;
    if (hasSubscribers) return this.#begin();
    this.stop();
    this.owner.unsubscribing();
    this.owner.idle();
  }

  stop(): void {
    this.#end?.();
    this.#end = undefined;
    this.isActive = false;
  }

  #begin(): void {
    if (this.#end) return;
    const { owner } = this;
    const listener: ForwardedListener = {
      ready: () => {
        this.isActive = true;
        owner.subscribed();
      },
      refused: error => {
        this.#end = undefined;
        owner.refused(error);
        owner.idle();
      },
      value: (value, isReplayed) => (isReplayed ? owner.replayed(value) : owner.called([value])),
      missed: reason => owner.missed(reason),
    };
    this.#end = this.forwarder.subscribe(owner.topic, this.delivery, listener);
  }
}
