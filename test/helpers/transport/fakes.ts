// Stand-ins for time and for the parts of `node:cluster` that the cluster transport knows.

import { EventEmitter } from 'node:events';
import type { ClusterPrimary, ForkedWorker } from '../../../lib/transport/cluster-primary-end.js';
import type { ClusterWorker } from '../../../lib/transport/cluster-worker-end.js';
import type { Clock, Timer } from '../../../lib/utils/clock.js';

interface ManualTimer {
  readonly at: number;
  readonly callback: () => void;
  isRef: boolean;
}

/** A clock that a test moves on; what is deferred or yielded runs in Node's own turns. */
export class ManualClock implements Clock {
  #now = 0;
  #timers: ManualTimer[] = [];

  now = () => this.#now;
  wall = () => 1e12 + this.#now;
  defer = (callback: () => void) => process.nextTick(callback);
  yield = (callback: () => void) => void setImmediate(callback);

  setTimer(callback: () => void, ms: number): Timer {
    const timer = { at: this.#now + ms, callback, isRef: false };
    if (ms !== Number.POSITIVE_INFINITY) this.#timers.push(timer);
    const setRef = (isRef: boolean) => {
      timer.isRef = isRef;
    };
    const clear = () => {
      this.#timers = this.#timers.filter(other => other !== timer);
    };
    return { ref: () => setRef(true), unref: () => setRef(false), clear };
  }

  /** Moves on, and runs what falls due in its order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.#now = timer.at;
      this.#timers = this.#timers.filter(other => other !== timer);
      timer.callback();
    }
    this.#now = end;
  }

  /** How many timers wait, and how many of them keep the process alive. */
  get waiting(): { timers: number; refs: number } {
    return { timers: this.#timers.length, refs: this.#timers.filter(timer => timer.isRef).length };
  }

  #next(end: number): ManualTimer | undefined {
    const [first] = this.#timers.filter(timer => timer.at <= end).sort((a, b) => a.at - b.at);
    return first;
  }
}

/** A `cluster.Worker`, on either side. */
export class FakeWorker extends EventEmitter implements ForkedWorker, ClusterWorker {
  readonly id: number;
  readonly process: EventEmitter & { pid?: number; kill(signal: string): void };
  exitedAfterDisconnect?: boolean;
  connected = true;
  /** What was sent, with Node's callbacks, which the test calls. */
  readonly sent: { message: object; callback: () => void }[] = [];
  readonly signals: string[] = [];
  /** Thrown by `send` and `kill`. */
  failure?: Error;

  constructor(id: number, pid: number | undefined = 1000 + id) {
    super();
    this.id = id;
    this.process = Object.assign(new EventEmitter(), { pid, kill: (signal: string) => this.#kill(signal) });
  }

  isConnected(): boolean {
    return this.connected;
  }

  send(message: object, callback: () => void): void {
    if (this.failure) throw this.failure;
    this.sent.push({ message, callback });
  }

  #kill(signal: string): void {
    if (this.failure) throw this.failure;
    this.signals.push(signal);
  }
}

/** `node:cluster` in a primary. */
export class FakeCluster extends EventEmitter implements ClusterPrimary {
  readonly workers: Record<string, FakeWorker> = {};

  fork(id: number, pid?: number): FakeWorker {
    const worker = new FakeWorker(id, pid);
    this.workers[id] = worker;
    this.emit('fork', worker);
    return worker;
  }

  /** As Node does: the channel is known closed just before it says so. */
  disconnect(worker: FakeWorker): void {
    worker.connected = false;
    this.emit('disconnect', worker);
  }
}
