// Checks that a packet is meant for this process: apps forward messages to other processes and back.

import type { Envelope } from './messages.js';

type Direction = 'up' | 'down';

/** Tracks what one side of a link has received. */
export class Received {
  readonly #direction: Direction;
  readonly #link: number;
  #last = 0;

  /** @param direction the direction of the received packets */
  constructor(direction: Direction, link: number) {
    this.#direction = direction;
    this.#link = link;
  }

  /** Whether this packet continues the sequence of this link. Each packet is accepted at most once. */
  accepts(envelope: Envelope): boolean {
    const number = envelope[this.#direction];
    if (envelope.link !== this.#link || number === undefined || number <= this.#last) return false;
    this.#last = number;
    return true;
  }
}

const LINKS = 2 ** 31;

/** A link number that differs from those of other workers and of other primaries that the same message may reach. */
export const newLink = (): number => Math.floor(Math.random() * LINKS);
