// A worker of an in-memory network: a process and its channel, with every fault that they can have.

import type { Clock } from '../utils/clock.js';
import { holdUntilSettled } from './exit-hold.js';
import { type ChannelOptions, MemoryChannel } from './memory-channel.js';
import { type MemoryAddresses, MemoryDirect } from './memory-direct.js';
import type { PipeParts } from './memory-pipe.js';
import { MemoryProcess } from './memory-process.js';
import type { Peer, WorkerEnd, WorkerEndHandlers } from './transport.js';

/** The primary as its workers know it: its process, and what it reads from their channels. */
export interface PrimarySide {
  readonly process: MemoryProcess;
  received(peer: Peer, message: unknown): void;
  closed(workerId: number): void;
  exited(workerId: number): void;
}

/** What `MemoryNetwork.fork` returns. The code that shall run in it takes its `end` and its `clock`. */
export class MemoryWorker {
  readonly workerId: number;
  /** Invented; unique within the network. */
  readonly pid: number;
  /** Its end of the channel to the primary. May be listened to again after `close()`. */
  readonly end: WorkerEnd;
  /** For the code of this worker: nothing of it runs while the worker is frozen, or after its death. */
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

  /** False from its death on. */
  get isAlive(): boolean {
    return !this.#process.isDead;
  }

  /** It runs, and has read all that came. */
  get isIdle(): boolean {
    return this.#process.isIdle;
  }

  /** SIGKILL. What it handed to the channel is still read by the primary; what is on its way to it is lost. */
  kill(): void {
    if (!this.isAlive) return;
    this.#channel.isOpen = false;
    this.#process.kill();
    this.#channel.up.dropUnsent();
    this.direct.died();
    this.#endDown(() => this.#primary.exited(this.workerId));
  }

  /** SIGSTOP. Neither its timers nor what it deferred run, and it reads nothing. */
  freeze(): void {
    this.#process.freeze();
  }

  /** SIGCONT. The timers that are due run first, by their deadlines, then it reads what came, in order. */
  thaw(): void {
    this.#process.thaw();
  }

  /** `worker.disconnect()`: both sides see the channel close, the process lives on. A frozen one does it when it thaws. */
  disconnect(): void {
    this.#process.whenAwake(() => {
      if (!this.#channel.isOpen) return;
      this.#channel.isOpen = false;
      this.#endDown(() => this.#primary.closed(this.workerId));
      this.run(() => this.#closed(true));
    });
  }

  /** `process.exit()`. What it handed to the channel is still read. A frozen one does it when it thaws. */
  exit(): void {
    this.#process.whenAwake(() => this.kill());
  }

  /** Messages from now on are `ms` on their way, in both directions. They never overtake each other. */
  delay(ms: number): void {
    this.#channel.up.latencyMs = ms;
    this.#channel.down.latencyMs = ms;
    this.direct.latencyMs = ms;
  }

  /** Its connections to other workers break, and what was on its way in them is lost. */
  breakConnections(): void {
    this.direct.break();
  }

  /** No connection can be made between it and other workers, or again one can. */
  refuseConnections(isRefused: boolean): void {
    this.direct.isRefused = isRefused;
  }

  /** It runs, but reads no messages, as one that is busy. They wait, and so do their `written` callbacks. */
  stopReading(): void {
    this.#channel.down.setRead(false);
    this.direct.setRead(false);
  }

  startReading(): void {
    this.#channel.down.setRead(true);
    this.direct.setRead(true);
  }

  /** Runs `task` in this worker as news from elsewhere, such as a socket's data: soon, after a thaw, or never. */
  run(task: () => void): void {
    this.#parts.schedule(() => this.#process.post(task));
  }

  /** @internal A message of the primary's. */
  receive(message: unknown, written: () => void): void {
    this.#channel.sendDown(message, copy => this.#handlers?.message(copy, 'public'), written);
  }

  /** @internal What the primary handed to the channel is still read. */
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

  /** @internal Ends it without a word to anybody. */
  vanish(): void {
    this.#channel.isOpen = false;
    this.#process.kill();
    this.#channel.up.drop();
    this.#channel.down.drop();
    this.direct.vanish();
  }

  #endDown(tell: () => void): void {
    const { up, down } = this.#channel;
    down.lose();
    up.push(() => {
      tell();
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

  // As Node: a worker that lost its primary exits at once, unless it is held.
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
