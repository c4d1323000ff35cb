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
  /** Frames put since the last bundle left. */
  readonly pending: number;
  /** Lets them leave before the end of the tick. */
  flush(): void;
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

  get pending(): number {
    return this.#open && !this.#open.sealed ? this.#open.frames : 0;
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

  flush(): void {
    this.outbox.flush();
  }
}
