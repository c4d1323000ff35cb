// The primary's end over `node:cluster`: turns its events into `message`, `closed` and `exited` of each worker.

import type { Clock, Timer } from '../utils/clock.js';
import { ChannelWriter, type IpcChannel } from './channel-writer.js';
import { fromInternal } from './internal-message.js';
import type { Peer, PrimaryEnd, PrimaryEndHandlers, Via } from './transport.js';

/** What is needed of a `cluster.Worker` in the primary. */
export interface ForkedWorker extends IpcChannel {
  readonly id: number;
  readonly process: {
    readonly pid?: number;
    kill(signal: 'SIGKILL'): unknown;
    on(event: 'internalMessage', listener: InternalListener): unknown;
    off(event: 'internalMessage', listener: InternalListener): unknown;
  };
}

type InternalListener = (message: unknown) => void;
type MessageListener = (worker: ForkedWorker, message: unknown) => void;
type ClusterEvent = 'fork' | 'message' | 'disconnect' | 'exit';

/** What is needed of `node:cluster` in the primary. */
export interface ClusterPrimary {
  readonly workers?: { readonly [id: string]: ForkedWorker | undefined };
  on(event: ClusterEvent, listener: MessageListener): unknown;
  off(event: ClusterEvent, listener: MessageListener): unknown;
}

/**
 * What is known of a worker:
 *
 *     open ── disconnect ──> closed ── exit ──> gone
 *       └──── exit ──> dying ── disconnect ──────^
 *
 * `dying` is common: Node reaps every dead child at the first SIGCHLD, before it has read the channels of the others.
 */
interface Link {
  state: 'open' | 'dying' | 'closed' | 'gone';
  readonly worker: ForkedWorker;
  readonly peer: Peer;
  readonly writer: ChannelWriter;
  dying?: Timer;
}

/** How long the channel of a dead process may stay open before it counts as closed, and how often it is looked at. */
const DYING_MS = 1000;
const LOOK_MS = 10;

/** See `createClusterPrimaryEnd`. */
export class ClusterPrimaryEnd implements PrimaryEnd {
  readonly #cluster: ClusterPrimary;
  readonly #clock: Clock;
  /** Outlives a worker as long as Node itself holds it, so that nothing is said of it after `exited`. */
  readonly #links = new WeakMap<ForkedWorker, Link>();
  /** By worker id. `cluster.workers` doesn't do: `worker.disconnect()` takes a worker out while it still reads. */
  readonly #reachable = new Map<number, Link>();
  /** Nothing of these is emitted by `cluster` itself. */
  readonly #internal = new Map<ForkedWorker, InternalListener>();
  #handlers: PrimaryEndHandlers | undefined;
  #isClosed = false;

  constructor(cluster: ClusterPrimary, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  get count(): number {
    return Object.keys(this.#cluster.workers ?? {}).length;
  }

  listen(handlers: PrimaryEndHandlers): void {
    this.#handlers = handlers;
    // Node emits 'fork' before it reads anything from the worker.
    this.#cluster.on('fork', this.#listenTo);
    for (const worker of Object.values(this.#cluster.workers ?? {})) if (worker) this.#listenTo(worker);
    this.#cluster.on('message', this.#onMessage);
    this.#cluster.on('disconnect', this.#onDisconnect);
    this.#cluster.on('exit', this.#onExit);
  }

  send(workerId: number, message: object, written: () => void, via: Via = 'public'): void {
    const link = this.#isClosed ? undefined : this.#find(workerId);
    if (link) link.writer.send(message, written, via);
    else this.#clock.defer(written);
  }

  kill(workerId: number): void {
    try {
      this.#find(workerId)?.worker.process.kill('SIGKILL');
    } catch {
      // Node emits an 'error', which nobody may listen to, where the kernel refuses (another user's process).
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cluster.off('fork', this.#listenTo);
    for (const worker of [...this.#internal.keys()]) this.#ignore(worker);
    this.#cluster.off('message', this.#onMessage);
    this.#cluster.off('disconnect', this.#onDisconnect);
    this.#cluster.off('exit', this.#onExit);
    for (const link of this.#reachable.values()) link.dying?.clear();
    this.#reachable.clear();
    this.#handlers = undefined;
  }

  readonly #listenTo = (worker: ForkedWorker): void => {
    const listener = (message: unknown) => {
      const ours = fromInternal(message);
      if (ours !== undefined) this.#receive(worker, ours, 'internal');
    };
    this.#internal.set(worker, listener);
    worker.process.on('internalMessage', listener);
  };

  #ignore(worker: ForkedWorker): void {
    const listener = this.#internal.get(worker);
    if (!listener) return;
    this.#internal.delete(worker);
    worker.process.off('internalMessage', listener);
  }

  // A Node that doesn't keep the two apart emits as 'message' what was sent as internal.
  readonly #onMessage = (worker: ForkedWorker, message: unknown): void =>
    this.#receive(worker, fromInternal(message) ?? message, 'public');

  #receive(worker: ForkedWorker, message: unknown, via: Via): void {
    const link = this.#link(worker);
    if (link.state === 'open' || link.state === 'dying') this.#handlers?.message(link.peer, message, via);
  }

  readonly #onDisconnect = (worker: ForkedWorker): void => this.#channelEnded(this.#link(worker));

  readonly #onExit = (worker: ForkedWorker): void => {
    if (!worker.isConnected()) this.#ignore(worker);
    // Its channel closed before we listened: nobody was told of this worker.
    if (!this.#links.has(worker) && !worker.isConnected()) return;
    const link = this.#link(worker);
    if (link.state === 'closed') this.#gone(link);
    else if (link.state === 'open') this.#dying(link, this.#clock.now() + DYING_MS);
  };

  /**
   * Waits for the end of a dead process's channel. Its `disconnect` may never come: Node forgets it when a handle was
   * not acknowledged (then the worker is no longer connected), and a child of the worker may hold the channel open.
   */
  #dying(link: Link, until: number): void {
    link.state = 'dying';
    if (!link.worker.isConnected() || this.#clock.now() >= until) this.#channelEnded(link);
    else link.dying = this.#clock.setTimer(() => this.#dying(link, until), LOOK_MS);
  }

  #channelEnded(link: Link): void {
    if (link.state === 'closed' || link.state === 'gone') return;
    const isDead = link.state === 'dying';
    link.state = 'closed';
    link.dying?.clear();
    this.#ignore(link.worker);
    link.writer.release();
    this.#handlers?.closed(link.peer.workerId);
    if (isDead) this.#gone(link);
  }

  #gone(link: Link): void {
    link.state = 'gone';
    this.#reachable.delete(link.peer.workerId);
    this.#handlers?.exited(link.peer.workerId);
  }

  #find(workerId: number): Link | undefined {
    const worker = this.#cluster.workers?.[workerId];
    return this.#reachable.get(workerId) ?? (worker && this.#link(worker));
  }

  #link(worker: ForkedWorker): Link {
    return this.#links.get(worker) ?? this.#meet(worker);
  }

  #meet(worker: ForkedWorker): Link {
    const peer = { workerId: worker.id, pid: worker.process.pid ?? 0 };
    const link: Link = { state: 'open', worker, peer, writer: new ChannelWriter(worker, this.#clock) };
    this.#links.set(worker, link);
    this.#reachable.set(worker.id, link);
    return link;
  }
}
