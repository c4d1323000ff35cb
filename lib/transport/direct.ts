// The transport of the direct route: byte streams between processes of one user on one machine. The control plane carries
// the addresses. The bytes are opaque here; authentication happens in the layer above.
//
// `Link` uses one `DirectServer` (lib/route/direct/direct-server.ts) for all groups that its process leads. The leader of a
// term sends the control frame `offer` ({ group, term, address, secret }). The control plane sends it to the other members
// of the group, each with its own key instead of the secret, and each member connects. If others can read the control plane
// (PM2's bus), the frame has no `secret`: the leader's side writes it to a file beside the socket (`keepSecrets`) before the
// frame is sent, and the member's side reads it there (`readSecrets`) and derives its key. `remove` deletes what a killed
// process left: it is called by the primary, without a primary by the other workers, or, if all were killed, by the next
// process that starts.

/** Bytes before the first part of each write that the connection may overwrite with its own header. */
export const HEAD_BYTES = 8;

/** One end of a connection. */
export interface Connection {
  /**
   * Writes bytes, in order. Never throws: on a closed connection they are dropped.
   * @param parts at least one; the first is preceded by {@link HEAD_BYTES} of the writer's memory
   * @param written called once the bytes may be changed, now or later; if they are dropped, perhaps never
   * @returns `false` if the caller should wait for {@link ConnectionHandlers.drained} before writing more
   */
  write(parts: readonly Uint8Array[], written?: () => void): boolean;
  /** Bytes that were written and have not left this process. */
  readonly waitingBytes: number;
  /** Bytes that leave before the next write; if connections share one, including those of the others. */
  readonly bytesAhead: number;
  /** Ends writing. `written` is called once, in a later turn: all data has left this process, or is lost. */
  end(written: () => void): void;
  /** Closes the connection immediately and stops reporting. Idempotent. */
  destroy(): void;
  /** Calls `done` in a later turn, after everything that the peer has written by now was reported. */
  settle(done: () => void): void;
}

/** The events of a connection. Handlers must not throw. */
export interface ConnectionHandlers {
  /** Received bytes in order, split anywhere. Valid only during the call: the memory may be reused afterwards. */
  data(chunk: Uint8Array): void;
  /** More can be written, after `write` returned `false`. */
  drained(): void;
  /** The connection closed or could not be opened. All data of the peer was reported. At most once, never synchronously. */
  closed(problem?: Error): void;
}

/** The events of a listener. */
export interface ListenerHandlers {
  /**
   * Called before anything is created in the file system, because the process that cleans up after a killed one must know
   * the address first. Call `proceed` to continue. @default continues at once
   */
  announce?(address: string, proceed: () => void): void;
  /** The announced address was removed or never created, so it can be forgotten. */
  removed?(address: string): void;
  /** Others can connect to this address from now on. */
  listening(address: string): void;
  /** Others cannot connect, or can no longer. */
  failed(problem: Error): void;
  /** Others can no longer connect, because the socket was removed by someone else. Open connections stay open. */
  lost?(problem: Error): void;
  /** Someone connected. @returns the handlers for the connection */
  accept(connection: Connection): ConnectionHandlers;
}

/** A listener for connections. */
export interface DirectListener {
  /** Stops accepting connections, removes its files, and stops reporting. Open connections stay open. Idempotent. */
  close(): void;
}

/** Tracks what other processes create in the file system, for a process that outlives them. */
export interface Leftovers {
  /** The address is about to be created. It is removed if this process exits before `forget`. */
  note(address: string): void;
  /** The process that created it has removed it, so it must not be touched again. */
  forget(address: string): void;
  /** See {@link DirectTransport.remove}. */
  remove(address: string): void;
}

/** Connects processes. */
export interface DirectTransport {
  listen(handlers: ListenerHandlers): DirectListener;
  connect(address: string, handlers: ConnectionHandlers): Connection;
  /** Removes what the listener of a dead process left. Touches nothing that this library did not create. Never throws. */
  remove(address: string): void;
}
