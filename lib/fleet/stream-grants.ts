// How much the peers of one process may send before it has read more. What was granted and has not arrived may wait in a
// server or in a socket buffer, so it is limited for all connections together.

/** How much may be granted to one connection. */
export const WINDOW_BYTES = 256 * 1024;
/** How much is always granted, so that each connection makes progress. */
const LEAST_WINDOW_BYTES = 16 * 1024;
/** How much may be granted to all connections, apart from the least of each, and from what they start with. */
const MOST_GRANTED_BYTES = 32 * 1024 * 1024;

export class StreamGrants {
  #connections = 0;
  /** Granted to all connections, and not received. */
  #openBytes = 0;

  /** There is one more connection, which may start with that. */
  join(bytes: number): void {
    this.#connections++;
    this.#openBytes += bytes;
  }

  /** A connection is over. */
  leave(openBytes: number): void {
    this.#connections--;
    this.#openBytes -= openBytes;
  }

  granted(bytes: number): void {
    this.#openBytes += bytes;
  }

  received(bytes: number): void {
    this.#openBytes -= bytes;
  }

  /** How much a connection may be granted by now, of which it has `openBytes`. */
  windowOf(openBytes: number): number {
    const share = Math.floor(MOST_GRANTED_BYTES / this.#connections);
    const left = MOST_GRANTED_BYTES - this.#openBytes + openBytes;
    return Math.max(Math.min(WINDOW_BYTES, share, left), LEAST_WINDOW_BYTES);
  }
}
