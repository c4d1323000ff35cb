// Hosts of a fleet as real processes.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { defer } from '../../../lib/utils/deferred.js';
import type { HostEvent, HostOptions } from '../../fixtures/fleet-host.js';

const FIXTURE = fileURLToPath(new URL('../../fixtures/fleet-host.js', import.meta.url));

type Kind = HostEvent['kind'];
type EventOf<K extends Kind> = Extract<HostEvent, { kind: K }>;

export class FleetProcesses {
  readonly events: HostEvent[] = [];
  readonly hosts = new Map<string, HostProcess>();
  readonly #checks = new Set<() => void>();
  readonly #common: Omit<HostOptions, 'name'>;

  constructor(common: Omit<HostOptions, 'name'>) {
    this.#common = common;
  }

  /** Kills all hosts. */
  async close(): Promise<void> {
    await Promise.all([...this.hosts.values()].map(host => host.kill()));
  }

  /** Starts a host; resolves when its workers have the task. */
  async start(name: string, options: Partial<HostOptions> = {}): Promise<HostProcess> {
    const given: HostOptions = { ...this.#common, name, ...options };
    const child = spawn(process.execPath, [FIXTURE], {
      env: { ...process.env, FLEET_HOST: JSON.stringify(given) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const host = new HostProcess(name, child);
    this.hosts.set(name, host);
    createInterface({ input: child.stdout! }).on('line', line => {
      // A process that is killed may leave the half of a line.
      const event = parse(line);
      if (!event) return;
      this.events.push(event);
      if (event.kind === 'worker') host.workers.push(event.pid);
      for (const check of this.#checks) check();
    });
    const count = Math.max(1, given.workers);
    await this.when(() => host.workers.length === count);
    return host;
  }

  async when(isSo: () => boolean, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = defer();
    const check = () => isSo() && resolve();
    const aborted = () => reject(signal!.reason);
    signal?.addEventListener('abort', aborted);
    if (signal?.aborted) aborted();
    this.#checks.add(check);
    check();
    try {
      await promise;
    } finally {
      this.#checks.delete(check);
      signal?.removeEventListener('abort', aborted);
    }
  }

  of<K extends Kind>(kind: K): EventOf<K>[] {
    return this.events.filter((event): event is EventOf<K> => event.kind === kind);
  }

  /** The n-th event of its kind. */
  async until<K extends Kind>(kind: K, n: number): Promise<EventOf<K>> {
    await this.when(() => this.of(kind).length >= n);
    return this.of(kind)[n - 1]!;
  }
}

function parse(line: string): HostEvent | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

export class HostProcess {
  readonly workers: number[] = [];
  #isGone = false;

  constructor(
    readonly name: string,
    readonly child: ChildProcess,
  ) {
    child.once('exit', () => {
      this.#isGone = true;
    });
  }

  get pids(): number[] {
    return [...new Set([this.child.pid!, ...this.workers])];
  }

  signal(signal: NodeJS.Signals, pids = this.pids): void {
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // It is gone.
      }
    }
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** SIGKILL for all of its processes. */
  async kill(): Promise<void> {
    const gone = this.#isGone ? undefined : once(this.child, 'exit');
    this.signal('SIGKILL');
    await gone;
  }
}
