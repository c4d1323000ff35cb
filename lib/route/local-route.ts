// The route of the leader's own member: the same frames and copies, without a channel.

import type { Bundle } from '../protocol/bundle.js';
import { type About, BundleBuilder } from '../protocol/frames.js';
import type { Part } from '../protocol/payload.js';
import type { Clock } from '../utils/clock.js';
import type { Route } from './route.js';

export class LocalRoute implements Route {
  readonly kind = 'local';
  #open: BundleBuilder | undefined;
  #number = 0;

  constructor(
    private readonly group: string,
    readonly term: number,
    private readonly workerId: number,
    private readonly clock: Clock,
    private readonly deliver: (bundle: Bundle) => void,
  ) {}

  get isNextBundle(): boolean {
    return !this.#open;
  }

  get waitingBytes(): number {
    return this.#open?.bytes ?? 0;
  }

  send(kind: number, id: number, text: string, parts?: readonly Part[], about?: About): number {
    if (!this.#open) {
      this.#open = new BundleBuilder(this.group, this.term, undefined, ++this.#number);
      this.clock.defer(() => this.#deliver());
    }
    this.#open.add(kind, id, text, parts, about);
    return this.#number;
  }

  /** An early flush gains nothing here. */
  flushEarly(): void {}

  isInHands(bundle: number, received: number): boolean {
    return bundle <= received;
  }

  #deliver(): void {
    const bundle = this.#open;
    this.#open = undefined;
    if (bundle) this.deliver({ ...bundle.seal(), f: this.workerId });
  }
}
