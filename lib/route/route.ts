// The way from a member to the leader of one term. Frames arrive in order; each travels in a numbered bundle, so that at
// the end of the term it is known which of them arrived.

import { type About, BundleBuilder } from '../protocol/frames.js';
import type { Outbox } from '../protocol/outbox.js';
import type { Part } from '../protocol/payload.js';

export interface Route {
  readonly kind: 'local' | 'relay' | 'direct';
  readonly term: number;
  /** Puts a frame; `about` is for calls. @returns the number of the bundle it travels in */
  send(kind: number, id: number, text: string, parts?: readonly Part[], about?: About): number;
  /** Lets a batch leave before the end of the tick if it's worth a write, with `inFlight` calls under way. */
  flushEarly(inFlight: number): void;
  /** The next frame begins a bundle: often enough to look at {@link waitingBytes}. */
  readonly isNextBundle: boolean;
  /** Bytes put that haven't left this process. */
  readonly waitingBytes: number;
  /**
   * Asked at the end of the term: whether a bundle may be in the leader's hands.
   * @param received the number of the last bundle of ours that the primary received
   */
  isInHands(bundle: number, received: number): boolean;
}

/** Through the primary. */
export class RelayRoute implements Route {
  readonly kind = 'relay';
  #open: BundleBuilder | undefined;
  #number = 0;

  constructor(
    readonly group: string,
    readonly term: number,
    private readonly outbox: Outbox,
  ) {}

  get isNextBundle(): boolean {
    return !this.#open || this.#open.isFull;
  }

  get waitingBytes(): number {
    return this.outbox.waitingBytes;
  }

  send(kind: number, id: number, text: string, parts?: readonly Part[], about?: About): number {
    if (!this.#open || this.#open.isFull) {
      this.#open = new BundleBuilder(this.group, this.term, undefined, ++this.#number);
      this.outbox.open(this.#open);
    }
    this.#open.add(kind, id, text, parts, about);
    return this.#number;
  }

  flushEarly(inFlight: number): void {
    if (this.#open!.isWorthAWrite(inFlight)) this.outbox.flush();
  }

  isInHands(bundle: number, received: number): boolean {
    return bundle <= received;
  }
}
