// Streams of bytes between processes of different hosts, over messages of an engine.
//
// A process receives under one place. Its listeners and its ends of connections have addresses <place>.<id>:
//
//   connecting end  <place>.<id>    ── open ─►  <place>.<listener>
//                   <place>.<id>    ◄─ data ─►  <place>.<id>-       accepting end
//
// A message for a connection that does not exist is answered with `reset`. The engine tells the sender if nobody receives
// at the place at all, because the process is dead or has lost its connection to the engine.

import { newId } from '../protocol/ids.js';
import type {
  Connection,
  ConnectionHandlers,
  DirectListener,
  DirectTransport,
  ListenerHandlers,
} from '../transport/direct.js';
import type { Clock } from '../utils/clock.js';
import { FIRST_BYTES, FleetConnection, PIECE_BYTES, type StreamEnds, type StreamPort } from './fleet-connection.js';
import type { Messages } from './messages.js';
import { StreamGrants } from './stream-grants.js';
import {
  isAddress,
  MOST_HEAD_BYTES,
  OPEN,
  RESET,
  readMessage,
  readPeer,
  type StreamMessage,
  type StreamPeer,
  UNKNOWN,
  writeHead,
} from './stream-message.js';

export type { StreamPeer } from './stream-message.js';

export interface FleetStreamsOptions {
  readonly clock: Clock;
  /** What the other ends learn of this one. */
  readonly self: StreamPeer;
  /** Somebody connects. Called before the listener's `accept`. @returns whether it may */
  mayConnect(peer: StreamPeer): boolean;
  /** A member that had connected has ended its stream in good order, and all of it was reported. */
  left(peer: StreamPeer): void;
}

interface Known {
  readonly connection: FleetConnection;
  /** The member that connected to this one. */
  readonly member: number | undefined;
}

const INTERRUPTED = 'the connection to the engine is interrupted';

export class FleetStreams implements DirectTransport {
  readonly #options: FleetStreamsOptions;
  readonly #place = newId();
  readonly #port: StreamPort;
  /** By the own address. */
  readonly #connections = new Map<string, Known>();
  /** By address. */
  readonly #listeners = new Map<string, { readonly handlers: ListenerHandlers; isReported: boolean }>();
  readonly #flushing = new Set<() => void>();
  /** Connections that broke while nothing could be sent. */
  #broken: StreamEnds[] = [];
  #messages: Messages | undefined;
  #isUp = false;
  #isClosed = false;
  /** Whether something was to be received. */
  #isUsed = false;
  #received: { readonly messages: Messages; stop(): void } | undefined;

  constructor(options: FleetStreamsOptions) {
    this.#options = options;
    this.#port = this.#createPort();
  }

  /** There is a connection to the engine, new or restored. Listeners are reported from now on. */
  up(messages: Messages): void {
    if (this.#isClosed) return;
    if (this.#messages !== messages) this.down();
    this.#messages = messages;
    this.#isUp = true;
    if (this.#isUsed) this.#receive();
    for (const ends of this.#broken.splice(0)) this.#reset(ends, 'the connection to the engine was interrupted');
    this.#reportListeners();
  }

  /** The connection to the engine is interrupted: messages may be lost, so every stream breaks. */
  down(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    for (const { connection } of this.#connections.values()) {
      this.#broken.push(connection.ends);
      connection.close(new Error(INTERRUPTED));
    }
    for (const flushed of this.#flushing) flushed();
  }

  /** Closes the streams of one member that connected to this one. */
  drop(member: number): void {
    for (const known of this.#connections.values())
      if (known.member === member) known.connection.refuse('the member is no longer known');
  }

  /**
   * Ends everything, stops receiving, reports nothing any more. What waits for an end of writing, or for what a peer has
   * written, is called. Idempotent.
   */
  close(): void {
    if (this.#isClosed) return;
    for (const { connection } of this.#connections.values()) connection.destroy();
    this.#isClosed = true;
    this.#listeners.clear();
    this.down();
    this.#received?.stop();
    this.#messages = this.#received = undefined;
  }

  listen(handlers: ListenerHandlers): DirectListener {
    const address = `${this.#place}.${newId()}`;
    if (!this.#isClosed) this.#listeners.set(address, { handlers, isReported: false });
    this.#receive();
    this.#reportListeners();
    return { close: () => void this.#listeners.delete(address) };
  }

  connect(address: string, handlers: ConnectionHandlers): Connection {
    const id = newId();
    const [place] = address.split('.');
    const ends = { own: `${this.#place}.${id}`, peer: `${place}.${acceptedId(id)}` };
    const connection = new FleetConnection(this.#port, ends, { credit: FIRST_BYTES, granted: 0 });
    this.#connections.set(ends.own, { connection, member: undefined });
    connection.report(handlers);
    this.#receive();
    if (!this.#isUp) connection.close(new Error(INTERRUPTED));
    else if (!isAddress(address)) connection.close(new Error(`${address} is no address of a fleet`));
    else connection.open(address, Buffer.from(JSON.stringify(this.#options.self)));
    return connection;
  }

  /** Nothing to do: a dead process leaves nothing behind. */
  remove(): void {}

  #createPort(): StreamPort {
    const { clock } = this.#options;
    const getMaxBytes = () => this.#messages!.maxBytes;
    return {
      clock,
      grants: new StreamGrants(),
      room: Buffer.allocUnsafeSlow(MOST_HEAD_BYTES + PIECE_BYTES),
      get maxBytes() {
        return getMaxBytes();
      },
      send: (to, content, unheard) => this.#messages!.send(to, content, unheard),
      reset: (ends, reason) => this.#reset(ends, reason),
      flush: done => this.#flush(done),
      later: report => this.#later(report),
      forget: ({ own }) => void this.#connections.delete(own),
    };
  }

  /** Reports are never synchronous, and there are none after the end. */
  #later(report: () => void): void {
    this.#options.clock.defer(() => {
      if (!this.#isClosed) report();
    });
  }

  #flush(done: () => void): void {
    const flushed = () => {
      if (this.#flushing.delete(flushed)) this.#options.clock.yield(done);
    };
    this.#flushing.add(flushed);
    this.#messages!.flush(flushed);
  }

  #reset({ own, peer }: StreamEnds, reason: string): void {
    const { room } = this.#port;
    const start = writeHead(room, { type: RESET, number: 0, grant: 0, from: own });
    this.#messages?.send(peer, room.subarray(0, start + room.write(reason, start)));
  }

  /** Receives, from now on or once there is a connection to the engine. */
  #receive(): void {
    this.#isUsed = true;
    const messages = this.#messages;
    if (!this.#isUp || !messages || this.#received?.messages === messages) return;
    this.#received?.stop();
    this.#received = { messages, stop: messages.receive(this.#place, (to, content) => this.#read(to, content)) };
  }

  #reportListeners(): void {
    this.#later(() => {
      for (const [address, listener] of this.#listeners) {
        if (!this.#isUp || listener.isReported) continue;
        listener.isReported = true;
        listener.handlers.listening(address);
      }
    });
  }

  #read(to: string, content: Uint8Array | undefined): void {
    const known = this.#connections.get(to)?.connection;
    if (!content)
      return known?.close(new Error('nobody receives at the other end: the process is gone or not connected'));
    const message = readMessage(content);
    if (!message || !isAddress(to)) return;
    const { type, from } = message;
    if (known && (type === RESET || from === known.ends.peer)) known.receive(message);
    else if (type === OPEN) this.#accept(to, message);
    else if (type !== RESET)
      this.#reset({ own: to, peer: from }, type === UNKNOWN ? 'unknown version' : 'there is no such connection');
  }

  #accept(address: string, { from, grant, body }: StreamMessage): void {
    const ends = { own: `${this.#place}.${acceptedId(from.split('.')[1]!)}`, peer: from };
    const refuse = (reason: string) => this.#reset(ends, reason);
    const { handlers } = this.#listeners.get(address) ?? {};
    if (!handlers) return refuse('there is no such listener');
    const known = this.#connections.get(ends.own);
    if (known) return known.connection.refuse('it was opened twice', new Error('it was opened twice'));
    const peer = readPeer(body);
    if (!peer) return refuse('it cannot be read who connects');
    if (!this.#options.mayConnect(peer)) return refuse('this process may not connect');
    // What the engine had received before may be read while there is no connection to it, or arrive earlier than `up`.
    if (!this.#isUp) return refuse(INTERRUPTED);
    const connection = new FleetConnection(this.#port, ends, { credit: grant, granted: FIRST_BYTES }, () =>
      this.#options.left(peer),
    );
    this.#connections.set(ends.own, { connection, member: peer.member });
    connection.report(handlers.accept(connection));
    connection.grantMore();
  }
}

/** The id of the accepting end: another one, because a process may connect to itself. */
const acceptedId = (id: string): string => `${id}-`;
