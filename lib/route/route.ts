// A member's route to the leader of one term. Frames arrive in order, in numbered bundles, so at the end of the term the
// member knows which of them arrived.

import { type About, BundleBuilder } from '../protocol/frames.js';
import type { Outbox } from '../protocol/outbox.js';
import type { Part } from '../protocol/payload.js';

export interface Route {
  readonly kind: 'local' | 'relay' | 'direct';
  readonly term: number;
  /** Adds a frame; `about` is for calls. @returns the number of its bundle */
  send(kind: number, id: number, text: string, parts?: readonly Part[], about?: About): number;
  /** Sends before the end of the tick if the open bundle is large enough, given `inFlight` calls in progress. */
  flushEarly(inFlight: number): void;
  /** Whether the next frame starts a new bundle. Checking {@link waitingBytes} then is often enough. */
  readonly isNextBundle: boolean;
  /** Bytes that have not left this process. */
  readonly waitingBytes: number;
  /**
   * At the end of the term: whether the leader may have a bundle.
   * @param received the number of the last bundle of this member that the primary received
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
