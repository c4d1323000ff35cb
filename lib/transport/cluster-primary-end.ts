// The primary's end over `node:cluster`: turns its events into `message`, `closed` and `exited` of each worker.

import type { Clock, Timer } from '../utils/clock.js';
import { ChannelWriter, type IpcChannel } from './channel-writer.js';
import type { Peer, PrimaryEnd, PrimaryEndHandlers } from './transport.js';

/** What is needed of a `cluster.Worker` in the primary. */
export interface ForkedWorker extends IpcChannel {
  readonly id: number;
  readonly process: { readonly pid?: number; kill(signal: 'SIGKILL'): unknown };
}

type Listener = (worker: ForkedWorker, message: unknown) => void;
type ClusterEvent = 'message' | 'disconnect' | 'exit';

/** What is needed of `node:cluster` in the primary. */
export interface ClusterPrimary {
  readonly workers?: { readonly [id: string]: ForkedWorker | undefined };
  on(event: ClusterEvent, listener: Listener): unknown;
  off(event: ClusterEvent, listener: Listener): unknown;
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
  #handlers: PrimaryEndHandlers | undefined;
  #isClosed = false;

  constructor(cluster: ClusterPrimary, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  listen(handlers: PrimaryEndHandlers): void {
    this.#handlers = handlers;
    this.#cluster.on('message', this.#onMessage);
    this.#cluster.on('disconnect', this.#onDisconnect);
    this.#cluster.on('exit', this.#onExit);
  }

  send(workerId: number, message: object, written: () => void): void {
    const link = this.#isClosed ? undefined : this.#find(workerId);
    if (link) link.writer.send(message, written);
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
    this.#cluster.off('message', this.#onMessage);
    this.#cluster.off('disconnect', this.#onDisconnect);
    this.#cluster.off('exit', this.#onExit);
    for (const link of this.#reachable.values()) link.dying?.clear();
    this.#reachable.clear();
    this.#handlers = undefined;
  }

  readonly #onMessage = (worker: ForkedWorker, message: unknown): void => {
    const link = this.#link(worker);
    if (link.state === 'open' || link.state === 'dying') this.#handlers?.message(link.peer, message);
  };

  readonly #onDisconnect = (worker: ForkedWorker): void => this.#channelEnded(this.#link(worker));

  readonly #onExit = (worker: ForkedWorker): void => {
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
