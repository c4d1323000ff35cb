// Workers of an app under a daemon in memory: the whole library but for PM2's own sockets, in this process and in real time.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { CreateSharedClient } from '../../../lib/client/types.js';
import type { ConfigureOptions } from '../../../lib/options/options.js';
import type { SecretStore } from '../../../lib/pm2/offers.js';
import { Runtime } from '../../../lib/runtime/runtime.js';
import type { DirectTransport } from '../../../lib/transport/direct.js';
import { keepSecrets, readSecrets, removeSocket } from '../../../lib/transport/socket-files.js';
import { createSockets } from '../../../lib/transport/sockets.js';
import { systemClock } from '../../../lib/utils/clock.js';
import type { SignalSource } from '../../../lib/utils/resign-on-signals.js';
import { hastyClock } from '../clocks/hasty-clock.js';
import { Daemon, type DaemonProcess } from './daemon.js';

export interface RigWorker {
  readonly process: DaemonProcess;
  readonly host: Runtime;
  readonly createSharedClient: CreateSharedClient;
  /** Sends it a signal. */
  signal(signal: NodeJS.Signals): void;
  /** Signals that went on to do what they do. */
  readonly raised: NodeJS.Signals[];
  /** The app's own listeners. */
  readonly listeners: Map<NodeJS.Signals, (() => void)[]>;
}

const FILES: SecretStore = { keep: keepSecrets, read: readSecrets, remove: removeSocket };

/** All workers of a rig share this process's event loop, which doesn't stand still for so long on a busy machine. */
export const LEADER_TIMEOUT_MS = 1500;

export class Rig {
  readonly daemon = new Daemon({ clock: systemClock, latencyMs: () => 0.2 });

  /** Who is killed here leaves its socket behind, and may have no successor to remove it. */
  readonly #folder = mkdtempSync(join(tmpdir(), 'rig-'));
  readonly createSockets = (): DirectTransport => createSockets({ folder: () => this.#folder, clock: hastyClock });

  /** The directories of sockets that are there. */
  get directories(): string[] {
    return readdirSync(this.#folder).map(name => join(this.#folder, name));
  }

  constructor(t: ExecutionContext) {
    // As a worker's channel to the daemon does.
    const alive = setInterval(() => {}, 60_000);
    t.teardown(() => {
      clearInterval(alive);
      for (const process of this.daemon.processes) process.kill();
      rmSync(this.#folder, { recursive: true, force: true });
    });
  }

  fork(
    slot: number,
    options?: ConfigureOptions,
    createDirect: () => DirectTransport = this.createSockets,
    secrets: Partial<SecretStore> = {},
  ): RigWorker {
    const process = this.daemon.start(slot);
    const listeners = new Map<NodeJS.Signals, (() => void)[]>();
    const raised: NodeJS.Signals[] = [];
    const of = (signal: NodeJS.Signals) => listeners.get(signal) ?? [];
    const signals: SignalSource = {
      prepend: (signal, listener) => listeners.set(signal, [listener, ...of(signal)]),
      off: (signal, listener) =>
        listeners.set(
          signal,
          of(signal).filter(other => other !== listener),
        ),
      listeners: of,
      raise: signal => raised.push(signal),
    };
    const host = new Runtime({
      where: 'pm2',
      clock: process.clock,
      signals,
      secrets: { ...FILES, ...secrets },
      createBus: () => process,
      createDirect,
    });
    host.configure({ heartbeatMs: 50, leaderTimeoutMs: LEADER_TIMEOUT_MS, ...options });
    const createSharedClient: CreateSharedClient = (first: unknown, second?: unknown) =>
      host.createSharedClient(first, second) as never;
    const signal = (name: NodeJS.Signals) => {
      for (const listener of of(name)) listener();
    };
    return { process, host, createSharedClient, signal, raised, listeners };
  }
}

/** The real client of these tests. */
export class Counter {
  static open = 0;
  #count = 0;

  async ready(): Promise<void> {
    Counter.open++;
  }

  async add(by: number): Promise<number> {
    this.#count += by;
    return this.#count;
  }

  async slow(ms: number): Promise<string> {
    await new Promise(resolve => setTimeout(resolve, ms));
    return 'done';
  }

  async same(text: string): Promise<string> {
    return text;
  }

  async close(): Promise<void> {
    Counter.open--;
  }
}
