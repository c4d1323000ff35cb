// The way from a member to the leader of one term. Frames arrive in order; each travels in a numbered bundle, so that at
// the end of the term it is known which of them arrived.

import { OpenBundle } from '../protocol/frames.js';
import type { Outbox } from '../protocol/outbox.js';
import type { Part } from '../protocol/payload.js';

export interface Road {
  readonly kind: 'local' | 'relay';
  readonly term: number;
  /** Puts a frame. @returns the number of the bundle it travels in */
  send(kind: number, id: number, text: string, parts?: readonly Part[]): number;
  /** Lets a batch leave before the end of the tick if it's worth a write, with `inFlight` calls under way. */
  flushEarly(inFlight: number): void;
  /** The next frame begins a bundle: often enough to look at {@link waitingBytes}. */
  readonly isNextBundle: boolean;
  /** Bytes put that haven't left this process. */
  readonly waitingBytes: number;
}

/** Through the primary. */
export class RelayRoad implements Road {
  readonly kind = 'relay';
  #open: OpenBundle | undefined;
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

  send(kind: number, id: number, text: string, parts?: readonly Part[]): number {
    if (!this.#open || this.#open.isFull) {
      this.#open = new OpenBundle(this.group, this.term, undefined, ++this.#number);
      this.outbox.open(this.#open);
    }
    this.#open.add(kind, id, text, parts);
    return this.#number;
  }

  flushEarly(inFlight: number): void {
    if (this.#open!.isWorthAWrite(inFlight)) this.outbox.flush();
  }
}
