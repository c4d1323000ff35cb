// One of the streams of bytes that share a connection. To who uses it, it is a connection of its own.

import type { Connection, ConnectionHandlers } from '../../transport/direct.js';
import type { Clock } from '../../utils/clock.js';

/** What all channels of a connection share. */
export interface ChannelOwner {
  readonly clock: Clock;
  /** Writes them at once, where nothing waits and they aren't too many. @returns whether it did */
  writeNow(channel: Channel, parts: readonly Uint8Array[], bytes: number, written?: () => void): boolean;
  /** It has something to say: its turn comes. */
  wantsTurn(channel: Channel): void;
  /** @returns whether more can be written; else the channel's `drained` is called once it can */
  hasRoomFor(channel: Channel): boolean;
  /** Bytes of this channel that the connection has taken and hasn't handed on. */
  handedBytes(channel: Channel): number;
  /** Bytes of all channels that the connection hasn't handed on. */
  readonly bytesAhead: number;
  /** It is over here; `isAlone`: the peer is to know, too. */
  forget(channel: Channel, isAlone: boolean): void;
  settle(done: () => void): void;
}

/** Bytes that wait for their turn. */
interface Waiting {
  readonly bytes: Uint8Array;
  readonly written: (() => void) | undefined;
}

/** What a channel says in one turn. */
export interface Turn {
  readonly parts: Uint8Array[];
  bytes: number;
  /** For each write of which the last byte is among them. */
  readonly written: (() => void)[];
}

export class Channel implements Connection {
  /** Its number, from when it is first spoken of. */
  id: number | undefined;
  #handlers: ConnectionHandlers | undefined;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isOpen = true;
  #isEnding = false;
  #hasSaidEnd = false;
  #isPeerEnded = false;
  #whenEnded: (() => void)[] = [];

  constructor(private readonly host: ChannelOwner) {}

  /** Begins to report. */
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
    this.#sayEnd();
  }

  destroy(): void {
    this.#handlers = undefined;
    if (this.#isOpen) this.#leave(true);
  }

  settle(done: () => void): void {
    this.host.settle(done);
  }

  // ------------------------------------------------------------------------------------------ for the connection

  /** Something is said only once all that waits has been. */
  get isSilent(): boolean {
    return this.#waiting.length === 0;
  }

  /** It says END next. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Takes up to `most` bytes of what waits. */
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

  /** END was said. */
  ended(): void {
    this.#hasSaidEnd = true;
    if (this.#isPeerEnded) this.close();
  }

  /** All that was said before the end has left this process, or is lost. */
  left(): void {
    for (const done of this.#whenEnded.splice(0)) this.host.clock.yield(done);
  }

  /** The peer says nothing more, so this end says what it has to say, and then nothing more either. */
  peerEnded(): void {
    this.#isPeerEnded = true;
    if (this.#hasSaidEnd) this.close();
    else this.#sayEnd();
  }

  /** It is over at both ends. */
  close(problem?: Error): void {
    this.#leave(false);
    // Later, because another channel's write may have led here.
    this.host.clock.defer(() => {
      const handlers = this.#handlers;
      this.#handlers = undefined;
      handlers?.closed(problem);
    });
  }

  #sayEnd(): void {
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
