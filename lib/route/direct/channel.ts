// One of the byte streams that share a connection. To its user, a channel is a connection of its own.

import type { Connection, ConnectionHandlers } from '../../transport/direct.js';
import type { Clock } from '../../utils/clock.js';

/** What a channel needs of its connection. */
export interface ChannelOwner {
  readonly clock: Clock;
  /** Writes the parts at once if nothing waits and they are small enough. @returns whether it did */
  writeNow(channel: Channel, parts: readonly Uint8Array[], bytes: number, written?: () => void): boolean;
  /** The channel has something to send and waits for its turn. */
  wantsTurn(channel: Channel): void;
  /** @returns whether more can be written; if not, the channel's `drained` is called once it can */
  hasRoomFor(channel: Channel): boolean;
  /** Bytes of this channel that the connection has accepted but not passed on. */
  handedBytes(channel: Channel): number;
  /** Bytes of all channels that the connection has not passed on. */
  readonly bytesAhead: number;
  /** The channel is closed on this side. `isAlone`: the peer must be notified. */
  forget(channel: Channel, isAlone: boolean): void;
  settle(done: () => void): void;
}

/** Bytes that wait for a turn. */
interface Waiting {
  readonly bytes: Uint8Array;
  readonly written: (() => void) | undefined;
}

/** What a channel sends in one turn. */
export interface Turn {
  readonly parts: Uint8Array[];
  bytes: number;
  /** Callbacks of the writes whose last byte is included. */
  readonly written: (() => void)[];
}

export class Channel implements Connection {
  /** The channel's number, assigned with its first frame. */
  id: number | undefined;
  #handlers: ConnectionHandlers | undefined;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isOpen = true;
  #isEnding = false;
  #hasSentEnd = false;
  #isPeerEnded = false;
  #whenEnded: (() => void)[] = [];

  constructor(private readonly host: ChannelOwner) {}

  /** Starts reporting events. */
  report(handlers: ConnectionHandlers): void {
    if (this.#isOpen) this.#handlers = handlers;
  }

  get waitingBytes(): number {
    return this.#isOpen ? this.#waitingBytes + this.host.handedBytes(this) : 0;
  }

  get bytesAhead(): number {
    return this.#waitingBytes + this.host.bytesAhead;
  }

  write(parts: readonly Uint8Array[], written?: () => void): boolean {
    if (!this.#isOpen || this.#isEnding) return true;
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    if (!this.host.writeNow(this, parts, bytes, written)) {
      const last = parts.length - 1;
      for (let i = 0; i <= last; i++)
        this.#waiting.push({ bytes: parts[i]!, written: i === last ? written : undefined });
      this.#waitingBytes += bytes;
      this.host.wantsTurn(this);
    }
    return this.host.hasRoomFor(this);
  }

  end(written: () => void): void {
    if (!this.#isOpen) return this.host.clock.defer(written);
    this.#whenEnded.push(written);
    this.#sendEnd();
  }

  destroy(): void {
    this.#handlers = undefined;
    if (this.#isOpen) this.#leave(true);
  }

  settle(done: () => void): void {
    this.host.settle(done);
  }

  // ------------------------------------------------------------------------------------------ for the connection

  /** Nothing waits to be sent. */
  get isSilent(): boolean {
    return this.#waiting.length === 0;
  }

  /** END is the next frame. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Takes up to `most` of the waiting bytes. */
  takeTurn(most: number): Turn {
    const turn: Turn = { parts: [], bytes: 0, written: [] };
    while (this.#waiting.length > 0 && turn.bytes < most) {
      const { bytes, written } = this.#waiting[0]!;
      const part = bytes.subarray(0, most - turn.bytes);
      turn.parts.push(part);
      turn.bytes += part.length;
      if (part.length < bytes.length) this.#waiting[0] = { bytes: bytes.subarray(part.length), written };
      else {
        this.#waiting.shift();
        if (written) turn.written.push(written);
      }
    }
    this.#waitingBytes -= turn.bytes;
    return turn;
  }

  data(bytes: Uint8Array): void {
    this.#handlers?.data(bytes);
  }

  drained(): void {
    this.#handlers?.drained();
  }

  /** END was sent. */
  ended(): void {
    this.#hasSentEnd = true;
    if (this.#isPeerEnded) this.close();
  }

  /** All data before the end has left this process, or is lost. */
  left(): void {
    for (const done of this.#whenEnded.splice(0)) this.host.clock.yield(done);
  }

  /** The peer has sent END: this end sends its remaining data, then END. */
  peerEnded(): void {
    this.#isPeerEnded = true;
    if (this.#hasSentEnd) this.close();
    else this.#sendEnd();
  }

  /** The channel is closed on both sides. */
  close(problem?: Error): void {
    this.#leave(false);
    // Deferred, because this may run within a write of another channel.
    this.host.clock.defer(() => {
      const handlers = this.#handlers;
      this.#handlers = undefined;
      handlers?.closed(problem);
    });
  }

  #sendEnd(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.host.wantsTurn(this);
  }

  #leave(isAlone: boolean): void {
    this.#isOpen = false;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.host.forget(this, isAlone);
    this.left();
  }
}
