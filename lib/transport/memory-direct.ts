// The direct route's connections within an in-memory network, including faults: bytes arrive in arbitrary chunks, a
// connection breaks and loses the data in transit, no connection can be opened.

import type { Connection, ConnectionHandlers, DirectListener, DirectTransport, ListenerHandlers } from './direct.js';
import { MemoryPipe, type PipeParts } from './memory-pipe.js';
import type { MemoryProcess } from './memory-process.js';

/** Beyond this many bytes in transit a writer must wait. */
const ROOM_BYTES = 64 * 1024;

/** The listeners of a network, by address. That of a killed process stays until it is removed. */
export type MemoryAddresses = Map<string, { readonly direct: MemoryDirect; readonly handlers: ListenerHandlers }>;

/** Removes what a killed process left. */
export function removeDead(addresses: MemoryAddresses, address: string): void {
  if (addresses.get(address)?.direct.process.isDead) addresses.delete(address);
}

/** The connections of one process. */
export class MemoryDirect implements DirectTransport {
  /** No connection from or to this process can be opened. */
  isRefused = false;
  readonly ends = new Set<MemoryConnection>();
  #latencyMs = 0;
  #isRead = true;
  #listened = 0;

  constructor(
    readonly parts: PipeParts,
    readonly process: MemoryProcess,
    readonly name: string,
    readonly addresses: MemoryAddresses,
  ) {}

  get latencyMs(): number {
    return this.#latencyMs;
  }

  /** Of everything that it sends from now on, by connections that are open too. */
  set latencyMs(ms: number) {
    this.#latencyMs = ms;
    for (const { out } of this.ends) if (out) out.latencyMs = ms;
  }

  listen(handlers: ListenerHandlers): DirectListener {
    const address = `memory:${this.name}/${++this.#listened}`;
    let isOpen = true;
    const open = () => {
      if (!isOpen) return;
      if (this.isRefused) return handlers.failed(new Error('no listener can be made'));
      this.addresses.set(address, { direct: this, handlers });
      handlers.listening(address);
    };
    const { announce = (_address, proceed) => proceed() } = handlers;
    this.process.clock.defer(() => announce(address, open));
    return {
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        this.addresses.delete(address);
        handlers.removed?.(address);
      },
    };
  }

  connect(address: string, handlers: ConnectionHandlers): Connection {
    const here = new MemoryConnection(this);
    here.handlers = handlers;
    const there = this.addresses.get(address);
    if (!there || there.direct.process.isDead || this.isRefused || there.direct.isRefused) {
      this.process.clock.yield(() => here.close(new Error(`nobody listens at ${address}`)));
      return here;
    }
    const peer = new MemoryConnection(there.direct);
    here.join(peer);
    peer.join(here);
    // Delivered before anything that is written.
    here.out!.push(() => {
      if (peer.isOpen) peer.handlers = there.handlers.accept(peer);
    });
    return here;
  }

  remove(address: string): void {
    removeDead(this.addresses, address);
  }

  /** The process died: what it wrote still arrives. */
  died(): void {
    for (const { out } of this.ends) out?.dropUnsent();
    for (const end of [...this.ends]) end.cut(false);
  }

  /** Breaks all its connections. Data in transit is lost. */
  break(): void {
    for (const end of [...this.ends]) end.cut(true);
  }

  /** Drops all connections without notifying anyone. */
  vanish(): void {
    for (const { out, peer } of this.ends) {
      out?.drop();
      peer?.out?.drop();
    }
    this.ends.clear();
  }

  setRead(isRead: boolean): void {
    this.#isRead = isRead;
    for (const end of this.ends) end.peer?.out?.setRead(isRead);
  }

  get isRead(): boolean {
    return this.#isRead;
  }
}

/** One end. */
class MemoryConnection implements Connection {
  handlers: ConnectionHandlers | undefined;
  peer: MemoryConnection | undefined;
  /** To the peer. */
  out: MemoryPipe | undefined;
  isOpen = true;
  waitingBytes = 0;
  #isFull = false;
  #writes = 0;
  readonly #settling: (() => void)[] = [];
  readonly #whenOver: (() => void)[] = [];

  constructor(readonly home: MemoryDirect) {
    home.ends.add(this);
  }

  join(peer: MemoryConnection): void {
    this.peer = peer;
    this.out = new MemoryPipe(this.home.parts, this.home.process, peer.home.process, this.home.latencyMs);
    this.out.setRead(peer.home.isRead);
  }

  get bytesAhead(): number {
    return this.waitingBytes;
  }

  write(parts: readonly Uint8Array[], written?: () => void): boolean {
    // Copied immediately, like on a real connection.
    const bytes = Buffer.concat(parts);
    written?.();
    this.home.process.whenAwake(() => this.#push(bytes));
    return !this.#isFull;
  }

  end(written: () => void): void {
    this.home.process.whenAwake(() => {
      // The peer stops sending too, and closes in turn.
      this.out?.push(() => {
        this.peer!.close();
        this.peer!.out!.push(() => this.close());
      });
      // Data in transit has left this process, unless the connection is full.
      if (this.#isFull && this.isOpen) this.#whenOver.push(written);
      else this.home.process.clock.yield(written);
    });
  }

  destroy(): void {
    this.handlers = undefined;
    this.home.process.whenAwake(() => this.cut(false));
  }

  settle(done: () => void): void {
    const { out } = this.peer ?? {};
    if (this.isOpen && out) {
      // Queued behind the data in transit to this end. If that is lost, `done` is called when the connection closes.
      this.#settling.push(done);
      out.push(() => this.#settled(done));
    } else {
      this.home.process.clock.yield(done);
    }
  }

  /** Closes this end. Its data still arrives at the other end, unless `isAllLost`. Data in transit to this end is lost. */
  cut(isAllLost: boolean): void {
    if (!this.isOpen) return;
    const { peer, out } = this;
    peer?.out?.drop();
    if (isAllLost) out?.drop();
    this.isOpen = false;
    if (!this.home.process.isDead && this.handlers) this.home.process.clock.yield(() => this.close());
    else this.#leave();
    if (peer?.isOpen) out!.push(() => peer.close());
  }

  close(problem?: Error): void {
    if (!this.home.ends.has(this)) return;
    const { handlers } = this;
    this.#leave();
    handlers?.closed(problem);
  }

  #leave(): void {
    this.isOpen = false;
    this.handlers = undefined;
    this.home.ends.delete(this);
    for (const done of [...this.#whenOver.splice(0), ...this.#settling.splice(0)]) this.home.process.clock.yield(done);
  }

  #settled(done: () => void): void {
    const index = this.#settling.indexOf(done);
    if (index < 0) return;
    this.#settling.splice(index, 1);
    done();
  }

  #push(bytes: Buffer): void {
    const { out, peer } = this;
    if (!this.isOpen || !out || !peer) return;
    if (!peer.isOpen) return this.#fail();
    this.waitingBytes += bytes.length;
    this.#isFull ||= this.waitingBytes > ROOM_BYTES;
    const cut = (++this.#writes * 7919) % bytes.length;
    if (cut > 0) out.push(() => peer.#read(bytes.subarray(0, cut)));
    out.push(
      () => peer.#read(bytes.subarray(cut)),
      () => this.#wasWritten(bytes.length),
    );
  }

  /** Like on a real connection, the memory is reused soon after the call. */
  #read(chunk: Buffer): void {
    this.handlers?.data(chunk);
    chunk.fill(0);
  }

  /** The peer has closed: as on a real connection, its unread data is lost with the connection. */
  #fail(): void {
    this.peer!.out!.drop();
    this.isOpen = false;
    this.home.process.clock.yield(() => this.close(new Error('write EPIPE')));
  }

  #wasWritten(bytes: number): void {
    this.waitingBytes -= bytes;
    if (!this.#isFull || this.waitingBytes > ROOM_BYTES) return;
    this.#isFull = false;
    this.handlers?.drained();
    for (const done of this.#whenOver.splice(0)) this.home.process.clock.yield(done);
  }
}
