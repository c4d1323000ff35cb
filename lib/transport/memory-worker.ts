// A worker of an in-memory network: a process and its channel, with all their possible faults.

import type { Clock } from '../utils/clock.js';
import { holdUntilSettled } from './exit-hold.js';
import { type ChannelOptions, MemoryChannel } from './memory-channel.js';
import { type MemoryAddresses, MemoryDirect } from './memory-direct.js';
import type { PipeParts } from './memory-pipe.js';
import { MemoryProcess } from './memory-process.js';
import type { Peer, WorkerEnd, WorkerEndHandlers } from './transport.js';

/** The primary's side for its workers: its process, and what it reads from their channels. */
export interface PrimarySide {
  readonly process: MemoryProcess;
  received(peer: Peer, message: unknown): void;
  closed(workerId: number): void;
  exited(workerId: number): void;
}

/** Returned by `MemoryNetwork.fork`. The code that runs in this worker uses its `end` and `clock`. */
export class MemoryWorker {
  readonly workerId: number;
  /** Fictitious; unique within the network. */
  readonly pid: number;
  /** Its end of the channel to the primary. `listen()` may be called again after `close()`. */
  readonly end: WorkerEnd;
  /** For the code of this worker: callbacks do not run while the worker is frozen, or after its death. */
  readonly clock: Clock;
  /** Its connections to other workers. */
  readonly direct: MemoryDirect;
  readonly #parts: PipeParts;
  readonly #primary: PrimarySide;
  readonly #process: MemoryProcess;
  readonly #channel: MemoryChannel;
  #handlers: WorkerEndHandlers | undefined;
  #isEndClosed = false;
  /** Known once it has read that its channel closed. */
  #wasIntended: boolean | undefined;
  #isHeld = false;
  readonly #hold = holdUntilSettled(
    callback => this.#parts.schedule(callback),
    () => this.exit(),
  );

  /** @internal */
  constructor(parts: PipeParts, primary: PrimarySide, addresses: MemoryAddresses, self: Peer, options: ChannelOptions) {
    this.workerId = self.workerId;
    this.pid = self.pid;
    this.#parts = parts;
    this.#primary = primary;
    this.#process = new MemoryProcess(parts.clock, parts.schedule);
    this.#channel = new MemoryChannel(parts, primary.process, this.#process, options);
    this.clock = this.#process.clock;
    this.direct = new MemoryDirect(parts, this.#process, `${self.workerId}`, addresses);
    this.direct.latencyMs = options.latencyMs ?? 0;
    this.end = this.#createEnd(self);
  }

  /** False after its death. */
  get isAlive(): boolean {
    return !this.#process.isDead;
  }

  /** It runs, and has read everything that arrived. */
  get isIdle(): boolean {
    return this.#process.isIdle;
  }

  /** SIGKILL. What it has sent is still read by the primary; messages in transit to it are lost. */
  kill(): void {
    if (!this.isAlive) return;
    this.#channel.isOpen = false;
    this.#process.kill();
    this.#channel.up.dropUnsent();
    this.direct.died();
    this.#endDown(() => this.#primary.exited(this.workerId));
  }

  /** SIGSTOP. Its timers and deferred callbacks do not run, and it reads nothing. */
  freeze(): void {
    this.#process.freeze();
  }

  /** SIGCONT. Expired timers run first, by deadline; then it reads the messages that arrived, in order. */
  thaw(): void {
    this.#process.thaw();
  }

  /**
   * `worker.disconnect()`: both sides see the channel close; the process keeps running. If frozen, it happens at the thaw.
   */
  disconnect(): void {
    this.#process.whenAwake(() => {
      if (!this.#channel.isOpen) return;
      this.#channel.isOpen = false;
      this.#endDown(() => this.#primary.closed(this.workerId));
      this.run(() => this.#closed(true));
    });
  }

  /** `process.exit()`. What it has sent is still read. If frozen, it happens at the thaw. */
  exit(): void {
    this.#process.whenAwake(() => this.kill());
  }

  /** Messages from now on take `ms`, in both directions. Their order is kept. */
  delay(ms: number): void {
    this.#channel.up.latencyMs = ms;
    this.#channel.down.latencyMs = ms;
    this.direct.latencyMs = ms;
  }

  /** Breaks its connections to other workers. Data in transit is lost. */
  breakConnections(): void {
    this.direct.break();
  }

  /** Whether connections between it and other workers can be opened. */
  refuseConnections(isRefused: boolean): void {
    this.direct.isRefused = isRefused;
  }

  /** It runs, but reads no messages, like a busy process. Messages and their `written` callbacks wait. */
  stopReading(): void {
    this.#channel.down.setRead(false);
    this.direct.setRead(false);
  }

  startReading(): void {
    this.#channel.down.setRead(true);
    this.direct.setRead(true);
  }

  /** Runs `task` in this worker like an external event, such as data of a socket: soon, after a thaw, or never. */
  run(task: () => void): void {
    this.#parts.schedule(() => this.#process.post(task));
  }

  /** @internal A message of the primary. */
  receive(message: unknown, written: () => void): void {
    this.#channel.sendDown(message, copy => this.#handlers?.message(copy, 'public'), written);
  }

  /** @internal What the primary has sent is still read. */
  primaryDied(): void {
    if (!this.#channel.isOpen) return;
    this.#channel.isOpen = false;
    const { up, down } = this.#channel;
    up.lose();
    down.dropUnsent();
    down.push(() => {
      this.#closed(false);
      up.reportLost();
    });
  }

  /** @internal Ends the worker without notifying anyone. */
  vanish(): void {
    this.#channel.isOpen = false;
    this.#process.kill();
    this.#channel.up.drop();
    this.#channel.down.drop();
    this.direct.vanish();
  }

  #endDown(notify: () => void): void {
    const { up, down } = this.#channel;
    down.lose();
    up.push(() => {
      notify();
      down.reportLost();
    });
  }

  #createEnd(self: Peer): WorkerEnd {
    const received = (copy: unknown) => this.#primary.received(self, copy);
    return {
      kind: 'memory',
      self,
      listen: handlers => this.#listen(handlers),
      send: (message, written) => {
        if (this.#isEndClosed) this.clock.defer(written);
        else this.#channel.sendUp(message, received, written);
      },
      close: () => {
        this.#isEndClosed = true;
        this.#handlers = undefined;
      },
    };
  }

  #listen(handlers: WorkerEndHandlers): void {
    this.#handlers = handlers;
    this.#isEndClosed = false;
    const wasIntended = this.#wasIntended;
    if (wasIntended !== undefined) this.clock.defer(() => this.#closed(wasIntended));
  }

  // Like in Node: a worker that lost its primary exits at once, unless the exit is held.
  #closed(intended: boolean): void {
    const handlers = this.#handlers;
    this.#handlers = undefined;
    this.#wasIntended = intended;
    const holdExit = (until: Promise<unknown>) => {
      if (intended) return;
      this.#isHeld = true;
      this.#hold(until);
    };
    handlers?.closed({ intended, holdExit });
    if (!intended && !this.#isHeld) this.kill();
  }
}
