// Forwards the events of the real client to every member. Outside the lease they wait.

import { encodeData } from '../codec/encode-value.js';
import { Kind } from '../protocol/bundle.js';
import type { Payload } from '../protocol/payload.js';
import type { ServiceOptions } from './service-options.js';

/** Events that may wait for the lease. Beyond that, the oldest are dropped. */
const MOST_HELD = 1000;

export class UpstreamEvents {
  #held: { readonly index: number; readonly payload: Payload }[] = [];

  constructor(private readonly options: ServiceOptions) {}

  add(event: string, args: unknown[]): void {
    const { options, client, sender, clock, hasLease, report } = this.options;
    const index = options.events.indexOf(event);
    try {
      const payload = encodeData([event, ...args], 'event', client.own);
      if (hasLease(clock.now())) return sender.payloadToAll(Kind.EVENT, index, payload);
      this.#held.push({ index, payload });
      if (this.#held.length > MOST_HELD) this.#held.shift();
    } catch (error) {
      report(error);
    }
  }

  /** The lease is valid again. */
  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const { index, payload } of held) this.options.sender.payloadToAll(Kind.EVENT, index, payload);
  }
}
