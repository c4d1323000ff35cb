// Puts packets of a test's own among those that one side of a channel sends, as a broken copy of the library would: over
// its link, with the next number. The side's own packets are numbered anew.

type Message = Readonly<Record<string, unknown>>;

export class Forger {
  readonly #direction: 'up' | 'down';
  #link: unknown;
  #count = 0;

  constructor(direction: 'up' | 'down') {
    this.#direction = direction;
  }

  /** What to send in place of a message of the side's own, or of a neighbour. */
  own(message: object): object {
    const { cmd, m } = message as Message;
    if (cmd === 'NODE_CSC') return { cmd, m: this.own(m as object) };
    const { link } = message as Message;
    if (!('$csc' in message) || !(this.#direction in message) || link === undefined) return message;
    if (link !== this.#link) this.#count = 0;
    this.#link = link;
    return this.#number(message);
  }

  /** What to send for a message of the test, which may be anything. */
  forged(message: unknown): unknown {
    const isOurs = typeof message === 'object' && message !== null && '$csc' in message;
    return isOurs && this.#link !== undefined ? { ...this.#number(message), link: this.#link } : message;
  }

  #number(message: object): object {
    return { ...message, [this.#direction]: ++this.#count };
  }
}
