// PM2's daemon in memory, with the faults of a real one: messages take their time up and down, all subscribers see one
// order, connections break, processes freeze and die, and the daemon itself may stall.

import type { Bus, BusHandlers, BusProcess, BusSelf } from '../../../lib/transport/bus.js';
import type { Clock, Timer } from '../../../lib/utils/clock.js';

/** What is passed on, to each subscriber. */
type Entry =
  | { readonly message: object; readonly at: number; readonly to: string | undefined }
  | { readonly exited: string; readonly at: number };

export interface DaemonOptions {
  readonly clock: Clock;
  /** How long one message takes, up or down, in ms. */
  latencyMs(): number;
}

export class Daemon {
  readonly processes: DaemonProcess[] = [];
  /** All that it passed on. */
  readonly log: Entry[] = [];
  readonly clock: Clock;
  readonly latencyMs: () => number;
  #stalled: (() => void)[] | undefined;
  #workers = 0;

  constructor({ clock, latencyMs }: DaemonOptions) {
    this.clock = clock;
    this.latencyMs = latencyMs;
  }

  /** Starts a worker; `slot` is its place in the daemon's list. */
  start(slot: number): DaemonProcess {
    const since = this.clock.wall();
    const process = new DaemonProcess(this, {
      workerId: ++this.#workers,
      pid: 1000 + this.#workers,
      process: `${slot}:${since}#${this.#workers}`,
    });
    this.processes.push(process);
    return process;
  }

  stall(): void {
    this.#stalled ??= [];
  }

  goOn(): void {
    const waiting = this.#stalled ?? [];
    this.#stalled = undefined;
    for (const task of waiting) task();
  }

  get isStalled(): boolean {
    return this.#stalled !== undefined;
  }

  /** Runs now, or once the daemon runs again. */
  do(task: () => void): void {
    if (this.#stalled) this.#stalled.push(task);
    else task();
  }

  pass(entry: Entry): void {
    this.log.push(entry);
    for (const process of this.processes) process.receive(entry, this.log.length);
  }

  list(): BusProcess[] {
    return this.processes.filter(({ isDead }) => !isDead).map(({ self, since }) => ({ process: self.process, since }));
  }
}

/** One worker as the daemon has it, and its end of the bus. */
export class DaemonProcess implements Bus {
  readonly since: number;
  isDead = false;
  isFrozen = false;
  isConnected = false;
  /** How much of the daemon's log was seen, since the connection was made. */
  seen = 0;
  readonly #daemon: Daemon;
  #handlers: BusHandlers | undefined;
  #up: Chain;
  #down: Chain;
  /** What waits for a frozen process: first its own timers, then what came. */
  #due: (() => void)[] = [];
  #late: (() => void)[] = [];
  #connection = 0;

  constructor(
    daemon: Daemon,
    readonly self: BusSelf,
  ) {
    this.#daemon = daemon;
    this.since = daemon.clock.wall();
    this.#up = new Chain(daemon);
    this.#down = new Chain(daemon);
  }

  listen(handlers: BusHandlers): void {
    this.#handlers = handlers;
    this.connect();
  }

  send(message: object, written: () => void, to?: string): void {
    const { clock } = this.#daemon;
    clock.defer(written);
    if (this.isDead) return;
    const text = JSON.stringify(message);
    this.#up.push(() => this.#daemon.do(() => this.#daemon.pass({ message: JSON.parse(text), at: clock.wall(), to })));
  }

  async listProcesses(): Promise<readonly BusProcess[] | undefined> {
    return new Promise(resolve => {
      this.#daemon.clock.setTimer(() => this.#daemon.do(() => resolve(this.#daemon.list())), this.#daemon.latencyMs());
    });
  }

  close(): void {
    this.#handlers = undefined;
    this.isConnected = false;
  }

  // --------------------------------------------------------------------------------------------------- its faults

  connect(): void {
    const connection = ++this.#connection;
    this.#daemon.clock.setTimer(() => {
      this.#daemon.do(() => {
        if (this.isDead || this.isConnected || connection !== this.#connection || !this.#handlers) return;
        this.isConnected = true;
        this.seen = this.#daemon.log.length;
        this.#run(() => this.#handlers?.opened());
      });
    }, this.#daemon.latencyMs());
  }

  /** The connection breaks: what is on its way down is lost. */
  disconnect(): void {
    if (!this.isConnected) return;
    this.isConnected = false;
    this.#connection++;
    this.#down.cut();
    this.#late = [];
    this.#run(() => this.#handlers?.broken());
  }

  /** The connection can't be made. */
  fail(problem: Error): void {
    this.isConnected = false;
    this.#connection++;
    this.#handlers?.broken(problem);
  }

  /** The daemon dies. @returns what the exit is held for */
  async loseDaemon(): Promise<void> {
    const waits: Promise<unknown>[] = [];
    this.isConnected = false;
    this.#handlers?.closed({ intended: false, holdExit: until => waits.push(until) });
    await Promise.all(waits);
  }

  freeze(): void {
    this.isFrozen = true;
  }

  thaw(): void {
    if (!this.isFrozen || this.isDead) return;
    this.isFrozen = false;
    const late = [...this.#due, ...this.#late];
    this.#due = [];
    this.#late = [];
    for (const task of late) this.#run(task);
  }

  /** SIGKILL: what it sent is still read, then the daemon says that it died. */
  kill(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.#handlers = undefined;
    this.isConnected = false;
    const { clock } = this.#daemon;
    this.#up.push(() => this.#daemon.do(() => this.#daemon.pass({ exited: this.self.process, at: clock.wall() })));
  }

  stop(): void {
    this.#run(() => this.#handlers?.stopping());
  }

  receive(entry: Entry, index: number): void {
    if (!this.isConnected) return;
    this.#down.push(() => this.#run(() => this.#see(entry, index)));
  }

  /** Timers of the process: they run first when it thaws. */
  readonly clock: Clock = {
    now: () => this.#daemon.clock.now(),
    wall: () => this.#daemon.clock.wall(),
    defer: callback => this.#daemon.clock.defer(() => this.#run(callback)),
    yield: callback => this.#daemon.clock.yield(() => this.#run(callback)),
    setTimer: (callback, ms): Timer => {
      let isCleared = false;
      const timer = this.#daemon.clock.setTimer(() => {
        const due = () => {
          if (!isCleared) callback();
        };
        if (this.isFrozen) this.#due.push(due);
        else this.#run(due);
      }, ms);
      const clear = () => {
        isCleared = true;
        timer.clear();
      };
      return { ...timer, clear };
    },
  };

  #see(entry: Entry, index: number): void {
    this.seen = index;
    if ('exited' in entry) this.#handlers?.exited(entry.exited, entry.at);
    else if (entry.to === undefined || entry.to === this.self.process) this.#handlers?.message(entry.message, entry.at);
  }

  #run(task: () => void): void {
    if (this.isDead) return;
    if (this.isFrozen) this.#late.push(task);
    else task();
  }
}

/** Messages one after the other, each with a latency of its own. */
class Chain {
  #last = 0;
  #generation = 0;

  constructor(private readonly daemon: Daemon) {}

  push(deliver: () => void): void {
    const { clock, latencyMs } = this.daemon;
    const at = Math.max(clock.now() + latencyMs(), this.#last);
    this.#last = at;
    const generation = this.#generation;
    clock.setTimer(() => {
      if (generation === this.#generation) deliver();
    }, at - clock.now());
  }

  /** What is on its way is lost. */
  cut(): void {
    this.#generation++;
  }
}
