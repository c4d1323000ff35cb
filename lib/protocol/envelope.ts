// Whether a packet is meant for who reads it: apps pass messages on, to other processes and back.

import type { Envelope } from './messages.js';

type Direction = 'up' | 'down';

/** What one side of a link has received. */
export class Received {
  readonly #direction: Direction;
  readonly #link: number;
  #last = 0;

  /** @param direction of the packets that it receives */
  constructor(direction: Direction, link: number) {
    this.#direction = direction;
    this.#link = link;
  }

  /** Whether this is the next packet of the other side; each is at most once. */
  accepts(envelope: Envelope): boolean {
    const number = envelope[this.#direction];
    if (envelope.link !== this.#link || number === undefined || number <= this.#last) return false;
    this.#last = number;
    return true;
  }
}

const LINKS = 2 ** 31;

/** Names a link apart from those of other workers, and of other primaries that one and the same message may reach. */
export const newLink = (): number => Math.floor(Math.random() * LINKS);
