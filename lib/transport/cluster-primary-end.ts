// The primary's end over `node:cluster`: converts its events to `message`, `closed` and `exited` of each worker.

import type { Clock, Timer } from '../utils/clock.js';
import { ChannelWriter, type IpcChannel } from './channel-writer.js';
import { fromInternal } from './internal-message.js';
import type { Peer, PrimaryEnd, PrimaryEndHandlers, Via } from './transport.js';

/** The used part of `cluster.Worker` in the primary. */
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

/** The used part of `node:cluster` in the primary. */
export interface ClusterPrimary {
  readonly workers?: { readonly [id: string]: ForkedWorker | undefined };
  on(event: ClusterEvent, listener: MessageListener): unknown;
  off(event: ClusterEvent, listener: MessageListener): unknown;
}

/**
 * The state of a worker:
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

/** How long the channel of a dead process may stay open before it counts as closed, and how often to check. */
const DYING_MS = 1000;
const LOOK_MS = 10;

/** See `createClusterPrimaryEnd`. */
export class ClusterPrimaryEnd implements PrimaryEnd {
  readonly #cluster: ClusterPrimary;
  readonly #clock: Clock;
  /** Keeps the state as long as Node holds the worker, so that nothing is reported after `exited`. */
  readonly #links = new WeakMap<ForkedWorker, Link>();
  /** By worker id. `cluster.workers` is not enough: `worker.disconnect()` removes a worker that still reads. */
  readonly #reachable = new Map<number, Link>();
  /** Listeners on the workers' processes: `cluster` does not emit internal messages. */
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
      // If the kernel refuses (process of another user), Node emits an 'error', which may have no listener.
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

  // A Node version that does not distinguish the two emits internal messages as 'message'.
  readonly #onMessage = (worker: ForkedWorker, message: unknown): void =>
    this.#receive(worker, fromInternal(message) ?? message, 'public');

  #receive(worker: ForkedWorker, message: unknown, via: Via): void {
    const link = this.#link(worker);
    if (link.state === 'open' || link.state === 'dying') this.#handlers?.message(link.peer, message, via);
  }

  readonly #onDisconnect = (worker: ForkedWorker): void => this.#channelEnded(this.#link(worker));

  readonly #onExit = (worker: ForkedWorker): void => {
    if (!worker.isConnected()) this.#ignore(worker);
    // Its channel closed before this end listened, so the worker was never reported.
    if (!this.#links.has(worker) && !worker.isConnected()) return;
    const link = this.#link(worker);
    if (link.state === 'closed') this.#gone(link);
    else if (link.state === 'open') this.#dying(link, this.#clock.now() + DYING_MS);
  };

  /**
   * Waits for the end of a dead process's channel. `disconnect` may never be emitted: Node drops it if a handle was not
   * acknowledged (the worker is then disconnected), and a child of the worker may keep the channel open.
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
