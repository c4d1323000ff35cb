// What the direct route travels on: streams of bytes between processes of one user and machine, found by an address that
// the control plane carries. It never looks into the bytes; who is behind a connection is asked above.
//
// Who uses it: `Link` has one `DirectServer` (lib/route/direct/server.ts) for all groups that its process leads. The
// leader of a term tells the control frame `offer` ({ group, term, address, secret }), the control plane hands it to the
// other members of the group, to each with its own key in place of the secret, and each of them connects. A control plane
// that others can read (PM2's bus) carries the frame without its `secret`: the leader's side puts it in a file beside the
// socket (`keepSecrets`) before the frame is told, and the member's side reads it there (`readSecrets`) and makes its key.
// What a killed process left is removed with `remove`: by the primary, by the others where there is none, or by the next
// process that begins, where all were killed.

/** Bytes of memory in front of the first part of each write that are the connection's, to write its own there. */
export const HEAD_BYTES = 8;

/** One end of a connection. */
export interface Connection {
  /**
   * Hands bytes over, in order. Never throws: on a closed connection they are dropped.
   * @param parts at least one, the first with {@link HEAD_BYTES} of the writer's memory in front
   * @param written called once the bytes may change, now or later; where they are dropped, perhaps never
   * @returns `false` where more should wait for {@link ConnectionHandlers.drained}
   */
  write(parts: readonly Uint8Array[], written?: () => void): boolean;
  /** Bytes that were handed over and haven't left this process. */
  readonly waitingBytes: number;
  /** Bytes that leave before what is written next: where connections share one, those of the others too. */
  readonly bytesAhead: number;
  /** Nothing more will be written. `written` is called once, in a later turn: all has left this process, or is lost. */
  end(written: () => void): void;
  /** Closes it now; nothing is reported any more. Idempotent. */
  destroy(): void;
  /** Calls `done` in a later turn, once all was reported that the peer had written by now. */
  settle(done: () => void): void;
}

/** What a connection reports. None of it may throw. */
export interface ConnectionHandlers {
  /** Bytes, cut anywhere; in the order written. They hold until it returns: then others may take their place. */
  data(chunk: Uint8Array): void;
  /** There is room again, after `write` returned `false`. */
  drained(): void;
  /** It closed, or was never made; what the peer wrote before was reported. At most once, and never synchronously. */
  closed(problem?: Error): void;
}

/** What a listener reports. */
export interface ListenerHandlers {
  /**
   * Called before anything is made in the file system: whoever is to remove what is left of a killed process has to know
   * the address first. Goes on with `proceed`. @default at once
   */
  announce?(address: string, proceed: () => void): void;
  /** What was announced is removed, or was never made: whoever knows of it forgets it. */
  removed?(address: string): void;
  /** Others can connect to this address from now on. */
  listening(address: string): void;
  /** They can't, or can't any more. */
  failed(problem: Error): void;
  /** They can't any more, because somebody removed it. Connections that are open stay. */
  lost?(problem: Error): void;
  /** Somebody connected. @returns who hears of the connection */
  accept(connection: Connection): ConnectionHandlers;
}

/** What others connect to. */
export interface DirectListener {
  /**
   * Takes no more connections, removes what is left in the file system, and reports nothing any more.
   * Connections that are open stay. Idempotent.
   */
  close(): void;
}

/** What processes leave in the file system, for one that lives longer. */
export interface Leftovers {
  /** It is about to be made. Where this process ends first it is removed then. */
  note(address: string): void;
  /** Who made it has removed it: it isn't touched again. */
  forget(address: string): void;
  /** As {@link DirectTransport.remove}. */
  remove(address: string): void;
}

/** The way to other processes. */
export interface DirectTransport {
  listen(handlers: ListenerHandlers): DirectListener;
  connect(address: string, handlers: ConnectionHandlers): Connection;
  /** Removes what the listener of a process that is dead left behind; touches nothing that isn't ours. Never throws. */
  remove(address: string): void;
}
