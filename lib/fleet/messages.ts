// What streams of bytes between hosts need of an engine: small messages to an address, each to at most one process.

/** The messages of one connection to the engine. */
export interface Messages {
  /** The longest content, in bytes. */
  readonly maxBytes: number;
  /**
   * Sends to an address. Messages from one process to one address arrive in order; any may be lost if the connection is
   * interrupted. Never throws, and keeps nothing for later: while the connection is interrupted, messages are dropped.
   * @param content is copied, or has left, when this returns
   * @param unheard an address of this process: it receives a message with `content` undefined if nobody receives at `to`
   */
  send(to: string, content: Uint8Array, unheard?: string): void;
  /**
   * Receives what is sent to the addresses `<place>.<anything without a dot>`.
   * @param received never throws. `content` is undefined if nobody received a message that named `to` as `unheard`
   * @returns a function that ends this
   */
  receive(place: string, received: (to: string, content: Uint8Array | undefined) => void): () => void;
  /** Sends to all processes that {@link hear}. May be lost, as with {@link send}. */
  broadcast(text: string): void;
  /** @returns a function that ends this */
  hear(heard: (text: string) => void): () => void;
  /** Calls `done` once everything that had reached the server for this process was received; within a second at most. */
  flush(done: () => void): void;
}
