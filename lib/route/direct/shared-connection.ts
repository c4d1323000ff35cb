// One end of a connection that carries many channels, each a byte stream of its own.
//
// Writing: while the connection has space, each channel writes at once. Otherwise channels wait for their turn, and in each
// turn one of them writes a frame. Only a few frames are written at a time, so a small channel never waits for all data of a
// large one.
//
// Reading: a channel cannot be paused alone, so there is no slow reader of a single channel, and channels need no window. A
// process that stops reading stops all its channels, as it would with separate connections.

import { brokenFrame } from '../../errors/value-errors.js';
import type { Connection, ConnectionHandlers } from '../../transport/direct.js';
import type { Clock, Timer } from '../../utils/clock.js';
import { Channel, type ChannelOwner } from './channel.js';
import { encodeHeader, FrameKind, FrameReader, HEADER_BYTES, MOST_DATA, writeHeader } from './channel-frames.js';

/**
 * Bytes written at a time while other channels may have data soon: takes less than a millisecond. A single channel writes
 * more, because each write costs as much as about 100 kB.
 */
const GO_BYTES = 1024 * 1024;

/** Bytes of one channel per turn, while others wait. */
const TURN_BYTES = 64 * 1024;

/** Close frames that wait for a peer that does not read. A valid peer does not cause more. */
const MOST_UNREAD_ENDS = 10_000;

export interface SharedConnectionOptions {
  readonly clock: Clock;
  /** How long a connection of the peer may have no channel. Without it: closes with the last channel. */
  readonly unusedMs?: number;
  /** The peer opened a channel. @returns its handlers; `undefined` rejects it. Without this the peer may open none */
  accept?(channel: Channel): ConnectionHandlers | undefined;
  /** No more channels can be opened on the connection. */
  closed(): void;
}

export class SharedConnection implements ChannelOwner {
  readonly clock: Clock;
  /** For the transport. */
  readonly events: ConnectionHandlers;
  #connection!: Connection;
  readonly #options: SharedConnectionOptions;
  readonly #reader: FrameReader;
  readonly #channels = new Map<number, Channel>();
  /** Channels that have sent nothing yet, so they have no number. */
  readonly #unnamed = new Set<Channel>();
  #lastId = 0;
  #isOpen = true;
  #hasRoom = true;
  /** Channels with data to send, in order; empty while there is space. */
  readonly #turns = new Set<Channel>();
  /** Channels to notify when there is space again. */
  readonly #full = new Set<Channel>();
  /** Bytes that the connection has accepted. */
  #taken = 0;
  /** Which channel the bytes belong to that the connection has not passed on, in order. */
  readonly #handed: Handed[] = [];
  /** Close frames sent since the connection had space. */
  #unreadEnds = 0;
  #leaving: Channel[] = [];
  #unused: Timer | undefined;

  constructor(options: SharedConnectionOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.#reader = new FrameReader({
      data: (id, bytes) => this.#channelOf(id)?.data(bytes),
      over: (id, kind) => this.#over(id, kind),
    });
    this.events = {
      data: chunk => this.#read(chunk),
      drained: () => this.#drained(),
      closed: problem => this.#close(problem),
    };
  }

  /** Sets the underlying connection. */
  use(connection: Connection): this {
    this.#connection = connection;
    this.#watchUse();
    return this;
  }

  open(handlers: ConnectionHandlers): Channel {
    const channel = new Channel(this);
    this.#unnamed.add(channel);
    channel.report(handlers);
    this.#watchUse();
    return channel;
  }

  get hasChannels(): boolean {
    return this.#channels.size + this.#unnamed.size > 0;
  }

  destroy(problem?: Error): void {
    this.#connection.destroy();
    this.#close(problem);
  }

  // -------------------------------------------------------------------------------------------- for the channels

  writeNow(channel: Channel, parts: readonly Uint8Array[], bytes: number, written?: () => void): boolean {
    if (!this.#hasRoom || bytes > this.#goBytes) return false;
    const [first, ...rest] = parts;
    const { buffer, byteOffset, length } = first!;
    const whole = Buffer.from(buffer, byteOffset - HEADER_BYTES, HEADER_BYTES + length);
    this.#write([writeHeader(whole, this.#idOf(channel), FrameKind.DATA, bytes), ...rest], written);
    this.#note(channel, HEADER_BYTES + bytes);
    return true;
  }

  wantsTurn(channel: Channel): void {
    this.#turns.add(channel);
    this.#takeTurns();
  }

  hasRoomFor(channel: Channel): boolean {
    if (!this.#hasRoom) this.#full.add(channel);
    return this.#hasRoom;
  }

  get bytesAhead(): number {
    return this.#connection.bytesAhead;
  }

  handedBytes(channel: Channel): number {
    const left = this.#taken - this.#connection.waitingBytes;
    let sum = 0;
    for (const { channel: whose, bytes, end } of this.#handed)
      if (whose === channel) sum += Math.min(bytes, Math.max(0, end - left));
    return sum;
  }

  forget(channel: Channel, isAlone: boolean): void {
    this.#turns.delete(channel);
    this.#full.delete(channel);
    this.#unnamed.delete(channel);
    const { id } = channel;
    if (id !== undefined) {
      this.#channels.delete(id);
      if (isAlone) this.#sendClose(id);
    }
    this.#watchUse();
  }

  settle(done: () => void): void {
    this.#connection.settle(done);
  }

  // ------------------------------------------------------------------------------------------------------ writing

  #idOf(channel: Channel): number {
    if (channel.id === undefined) {
      channel.id = ++this.#lastId;
      this.#unnamed.delete(channel);
      this.#channels.set(channel.id, channel);
    }
    return channel.id;
  }

  #write(parts: readonly Uint8Array[], written?: () => void): void {
    if (!this.#connection.write(parts, written)) this.#hasRoom = false;
  }

  /** Records which channel the written bytes belong to, until the connection has passed them on. */
  #note(channel: Channel | undefined, bytes: number): void {
    this.#taken += bytes;
    const { waitingBytes } = this.#connection;
    if (waitingBytes === 0) {
      this.#handed.length = 0;
      return;
    }
    this.#handed.push({ channel, bytes, end: this.#taken });
    while (this.#handed[0]!.end <= this.#taken - waitingBytes) this.#handed.shift();
  }

  get #goBytes(): number {
    return this.#channels.size + this.#unnamed.size > 1 ? GO_BYTES : MOST_DATA;
  }

  #takeTurns(): void {
    while (this.#hasRoom && this.#turns.size > 0) {
      const parts: Uint8Array[] = [];
      const written: (() => void)[] = [];
      const turns: { readonly channel: Channel; readonly bytes: number }[] = [];
      const ended: Channel[] = [];
      const goBytes = this.#goBytes;
      const most = this.#turns.size > 1 ? TURN_BYTES : goBytes;
      let bytes = 0;
      for (const channel of this.#turns) {
        if (bytes >= goBytes) break;
        this.#turns.delete(channel);
        const id = this.#idOf(channel);
        const turn = channel.takeTurn(most);
        let size = 0;
        if (turn.bytes > 0) {
          parts.push(encodeHeader(id, FrameKind.DATA, turn.bytes), ...turn.parts);
          written.push(...turn.written);
          size = HEADER_BYTES + turn.bytes;
        }
        if (!channel.isSilent) this.#turns.add(channel);
        else if (channel.isEnding) {
          parts.push(encodeHeader(id, FrameKind.END));
          size += HEADER_BYTES;
          ended.push(channel);
        }
        turns.push({ channel, bytes: size });
        bytes += size;
      }
      this.#write(parts, () => {
        for (const done of written) done();
        for (const channel of ended) this.clock.yield(() => this.#left(channel));
      });
      for (const { channel, bytes } of turns) this.#note(channel, bytes);
      for (const channel of ended) channel.ended();
    }
  }

  /** Without space, some of the channel's data may still be in this process. */
  #left(channel: Channel): void {
    if (this.#hasRoom) channel.left();
    else this.#leaving.push(channel);
  }

  #drained(): void {
    this.#hasRoom = true;
    this.#unreadEnds = 0;
    for (const channel of this.#leaving.splice(0)) channel.left();
    this.#takeTurns();
    // A channel that fills the connection again comes last the next time.
    for (const channel of this.#full) {
      if (!this.#hasRoom) return;
      this.#full.delete(channel);
      channel.drained();
    }
  }

  /** Sent before channels take turns: it is small, and lets the peer forget the channel. */
  #sendClose(id: number): void {
    if (!this.#hasRoom && ++this.#unreadEnds > MOST_UNREAD_ENDS)
      return this.destroy(brokenFrame('who opens channels', 'one who reads what is said there'));
    this.#write([encodeHeader(id, FrameKind.CLOSE)]);
    this.#note(undefined, HEADER_BYTES);
  }

  // ------------------------------------------------------------------------------------------------------ reading

  #read(chunk: Uint8Array): void {
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  #channelOf(id: number): Channel | undefined {
    const channel = this.#channels.get(id);
    // The peer sent this before it knew that the channel was closed.
    if (channel || (id <= this.#lastId && id > 0)) return channel;
    const { accept } = this.#options;
    if (!accept || id !== this.#lastId + 1) throw brokenFrame('the number of a channel', 'one that is open');
    return this.#accept(++this.#lastId, accept);
  }

  #accept(id: number, accept: NonNullable<SharedConnectionOptions['accept']>): Channel | undefined {
    const channel = new Channel(this);
    channel.id = id;
    this.#channels.set(id, channel);
    this.#watchUse();
    const handlers = accept(channel);
    if (handlers) channel.report(handlers);
    else channel.destroy();
    return channel;
  }

  #over(id: number, kind: number): void {
    const channel = this.#channelOf(id);
    if (!channel) return;
    if (kind === FrameKind.END) channel.peerEnded();
    else channel.close();
  }

  // ---------------------------------------------------------------------------------------------------- its life

  #watchUse(): void {
    this.#unused?.clear();
    if (!this.#isOpen || this.hasChannels) return;
    const { unusedMs } = this.#options;
    if (unusedMs === undefined) this.destroy();
    else this.#unused = this.clock.setTimer(() => this.destroy(), unusedMs);
  }

  #close(problem: Error | undefined): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#reader.stop();
    this.#options.closed();
    for (const channel of [...this.#channels.values(), ...this.#unnamed]) channel.close(problem);
    this.#watchUse();
  }
}

interface Handed {
  /** `undefined` for a frame about a channel that is already closed here. */
  readonly channel: Channel | undefined;
  readonly bytes: number;
  /** Total of the bytes that the connection had accepted after this write. */
  readonly end: number;
}
