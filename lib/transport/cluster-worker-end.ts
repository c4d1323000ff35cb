// A cluster worker's end. It listens to `cluster.worker`, and on `process` only to 'internalMessage', so that it never refs
// or unrefs `process.channel`.

import type { Clock } from '../utils/clock.js';
import { ChannelWriter, type IpcChannel } from './channel-writer.js';
import { DisconnectWatch, delayExit, type ExitingWorker, isIntended } from './exit-hold.js';
import { fromInternal } from './internal-message.js';
import type { Peer, Via, WorkerEnd, WorkerEndHandlers } from './transport.js';

/** The used part of `cluster.worker`. */
export interface ClusterWorker extends IpcChannel, ExitingWorker {
  readonly id: number;
  readonly process: ExitingWorker['process'] & Emits<'internalMessage'> & { readonly pid?: number };
  on: Emits<'message' | 'disconnect'>['on'];
  off: Emits<'message' | 'disconnect'>['off'];
}

interface Emits<Event> {
  on(event: Event, listener: (message: unknown) => void): unknown;
  off(event: Event, listener: (message: unknown) => void): unknown;
}

/** See `createClusterWorkerEnd`. */
export class ClusterWorkerEnd implements WorkerEnd {
  readonly kind = 'cluster';
  readonly self: Peer;
  readonly #worker: ClusterWorker;
  readonly #exit: (code: number) => void;
  readonly #clock: Clock;
  readonly #writer: ChannelWriter;
  #handlers: WorkerEndHandlers | undefined;
  #isClosed = false;
  readonly #watch: DisconnectWatch;

  constructor(worker: ClusterWorker, exit: (code: number) => void, clock: Clock) {
    this.#worker = worker;
    this.#exit = exit;
    this.#clock = clock;
    this.#writer = new ChannelWriter(worker, clock);
    this.#watch = new DisconnectWatch(worker);
    this.self = { workerId: worker.id, pid: worker.process.pid ?? 0 };
  }

  listen(handlers: WorkerEndHandlers): void {
    this.#handlers = handlers;
    this.#worker.process.on('internalMessage', this.#onInternal);
    this.#worker.on('message', this.#onMessage);
    this.#worker.on('disconnect', this.#onDisconnect);
    this.#watch.start();
    // A process can outlive its channel and start to use the library after that.
    if (!this.#worker.isConnected()) this.#clock.defer(this.#onDisconnect);
  }

  send(message: object, written: () => void, via: Via = 'public'): void {
    if (this.#isClosed) this.#clock.defer(written);
    else this.#writer.send(message, written, via);
  }

  close(): void {
    this.#isClosed = true;
    this.#handlers = undefined;
    this.#worker.process.off('internalMessage', this.#onInternal);
    this.#worker.off('message', this.#onMessage);
    this.#worker.off('disconnect', this.#onDisconnect);
    this.#watch.stop();
  }

  readonly #onInternal = (message: unknown): void => {
    const ours = fromInternal(message);
    if (ours !== undefined) this.#handlers?.message(ours, 'internal');
  };

  // A Node version that does not distinguish the two emits internal messages as 'message'.
  readonly #onMessage = (message: unknown): void => this.#handlers?.message(fromInternal(message) ?? message, 'public');

  // Runs before Node decides whether to exit. Node emits 'disconnect' once, but `listen` may have called this already.
  readonly #onDisconnect = (): void => {
    const handlers = this.#handlers;
    if (!handlers) return;
    this.close();
    this.#writer.release();
    const intended = isIntended(this.#worker);
    handlers.closed({
      intended,
      holdExit: until => {
        if (!intended) delayExit(this.#worker, until, this.#exit, this.#clock);
      },
    });
  };
}
