// A real cluster for one test: an upstream, a primary and its workers, each a process, and the check that none is left.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { PrimaryOptions } from '../../../lib/index.js';
import type { ForkOptions, PrimaryApi, PrimaryEvent } from '../../fixtures/process-primary.js';
import type { ClientSetup, WorkerApi, WorkerEvent } from '../../fixtures/process-worker.js';
import { forkUpstream, type UpstreamProcess } from '../upstream/process.js';
import { isAlive, meetProcess, type RemoteProcess } from './remote.js';
import { type Hello, JOURNAL, type LastWord, UPSTREAM, WIRE } from './wire.js';

export type PrimaryProcess = RemoteProcess<PrimaryApi, PrimaryEvent>;
export type WorkerProcess = RemoteProcess<WorkerApi, WorkerEvent>;

export interface RigOptions {
  /** `false`: it isn't set up. */
  readonly primary?: PrimaryOptions | false;
  /** How many workers; each makes its client once the one before has joined, so that the first one leads. */
  readonly workers?: number;
  readonly client?: ClientSetup;
}

type AnyProcess = RemoteProcess<unknown, { readonly kind: string }>;

/** A lease that a healthy leader doesn't overrun, however busy the machine is. Who tests leases gives its own. */
export const LONG_LEASE = { leaderTimeoutMs: 30_000 };

/** For tests in which a leader falls silent: as long as a healthy one needs on a busy machine, and no longer. */
export const SHORT_LEASE = { heartbeatMs: 200, leaderTimeoutMs: 3000 };

/** The route of all of these tests: `ROUTE=direct node dist/test/run.js process-alone process`. */
const ROUTE = process.env.ROUTE === 'direct' ? 'direct' : 'relay';

const PRIMARY = new URL('../../fixtures/process-primary.js', import.meta.url);

/** A cluster that ends with the test. */
export async function startRig(t: ExecutionContext, options: RigOptions = {}): Promise<Rig> {
  const rig = new Rig();
  t.teardown(() => rig.end());
  await rig.start(options);
  return rig;
}

export class Rig {
  readonly workers: WorkerProcess[] = [];
  primary!: PrimaryProcess;
  upstream!: UpstreamProcess;
  readonly #folder = mkdtempSync(join(tmpdir(), 'csc-process-'));
  readonly #journal = join(this.#folder, 'journal');
  /** The folder for temporary files. */
  readonly temporaryFolder = join(this.#folder, 'temporary');
  readonly #server: Server;
  readonly #processes: AnyProcess[] = [];
  readonly #arrivals = new Map<number, (process: AnyProcess) => void>();
  #child: ChildProcess | undefined;
  #output = '';

  constructor() {
    writeFileSync(this.#journal, '');
    mkdirSync(this.temporaryFolder);
    this.#server = createServer(async socket => {
      const process: AnyProcess = await meetProcess(socket);
      this.#processes.push(process);
      this.#arrivals.get(process.workerId)?.(process);
    }).listen(join(this.#folder, 'wire'));
  }

  async start({ primary = {}, workers = 0, client }: RigOptions): Promise<void> {
    const path = join(this.#folder, 'upstream');
    const started = this.#startPrimary(path);
    this.upstream = await forkUpstream({ path });
    this.primary = await started;
    if (primary) await this.primary.do.setup({ route: ROUTE, ...LONG_LEASE, ...primary });
    for (const worker of await this.forkMany(workers)) await this.join(worker, client);
    if (workers > 0 && primary) await this.#allReady(client);
  }

  /** All that there ever were. */
  get processes(): readonly AnyProcess[] {
    return this.#processes;
  }

  /** What is in the folder for temporary files. */
  temporary(): string[] {
    return readdirSync(this.temporaryFolder);
  }

  /** Where a test may put a file that a process waits for, which it removes again. */
  get signalFile(): string {
    return join(this.#folder, 'signal');
  }

  /** The worker that leads at first. */
  get leader(): WorkerProcess {
    return this.workers[0]!;
  }

  /** All the others. */
  get followers(): [WorkerProcess, ...WorkerProcess[]] {
    return this.workers.slice(1) as [WorkerProcess, ...WorkerProcess[]];
  }

  /** The worker with this id. */
  worker(workerId: number): WorkerProcess {
    return this.workers.find(worker => worker.workerId === workerId)!;
  }

  /** Resolves once it runs; it shares nothing yet. */
  async fork(options?: ForkOptions): Promise<WorkerProcess> {
    const worker = await this.forkProgram<WorkerApi, WorkerEvent>(options);
    this.workers.push(worker);
    return worker;
  }

  async forkMany(count: number): Promise<WorkerProcess[]> {
    const workers = await Promise.all(Array.from({ length: count }, () => this.fork()));
    this.workers.sort((a, b) => a.workerId - b.workerId);
    return workers.sort((a, b) => a.workerId - b.workerId);
  }

  /** A worker with a program of its own. */
  async forkProgram<Api, Event extends { readonly kind: string }>(
    options?: ForkOptions,
  ): Promise<RemoteProcess<Api, Event>> {
    const { workerId } = await this.primary.do.fork(options);
    return this.#arrival<Api, Event>(workerId);
  }

  /** Makes a worker's client; resolves once it has joined. */
  async join(worker: WorkerProcess, client: ClientSetup = {}): Promise<void> {
    await worker.do.create(client);
    const { workerId } = worker;
    const { name = 'probe' } = client;
    await this.primary.until('join', event => event.workerId === workerId && event.name === name);
  }

  /**
   * Resolves once so many real clients are connected to the upstream, with how many there ever were, and whether none
   * began before the one before it was gone.
   */
  readonly connections = async (live: number): Promise<{ total: number; inTurn: boolean }> => {
    // Asked first, so that what was told last is no older than this.
    await this.upstream.stats();
    const { total } = await this.upstream.untilConnections(live);
    return { total, inTurn: await this.#livedInTurn() };
  };

  /** What processes exited with by themselves, by pid. */
  exitCodes(): Map<number, number> {
    const lines = readFileSync(this.#journal, 'utf8').split('\n').filter(Boolean);
    return new Map(lines.map(line => JSON.parse(line) as LastWord).map(({ pid, code }) => [pid, code]));
  }

  /** Ends all processes by their numbers, and looks for what is left. */
  async end(): Promise<void> {
    await this.#endWorkers();
    for (const process of this.#processes) process.kill();
    await Promise.all(this.#processes.map(process => process.gone));
    await this.#endChild();
    await allDead(this.#processes);
    await this.upstream?.untilConnections(0);
    await this.upstream?.close();
    await new Promise(resolve => this.#server.close(resolve));
    const left = [...readdirSync(this.#folder), ...readdirSync(this.temporaryFolder)].sort().join();
    rmSync(this.#folder, { recursive: true });
    if (left !== 'journal,temporary') throw new Error(`Files are left: ${left}`);
    if (this.#output) throw new Error(`A process wrote: ${this.#output}`);
  }

  /** While there is a primary, it removes what killed workers leave behind. */
  async #endWorkers(): Promise<void> {
    const workers = this.#processes.filter(process => process.workerId !== 0);
    for (const process of workers) process.kill();
    await Promise.all(workers.map(process => process.gone));
    // A test that failed may have left it frozen.
    this.primary?.thaw();
    while (readdirSync(this.temporaryFolder).length > 0 && this.#child?.exitCode === null && !this.#child.signalCode)
      await sleep(1);
  }

  #startPrimary(upstream: string): Promise<PrimaryProcess> {
    const env = {
      ...process.env,
      [WIRE]: join(this.#folder, 'wire'),
      [JOURNAL]: this.#journal,
      [UPSTREAM]: upstream,
      TMPDIR: this.temporaryFolder,
      XDG_RUNTIME_DIR: '',
    };
    this.#child = fork(PRIMARY, { env, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    // The workers share these. Nothing of this ring has anything to say there, warnings included.
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.on('data', chunk => {
        this.#output += chunk;
      });
    }
    return this.#arrival(0);
  }

  async #livedInTurn(): Promise<boolean> {
    const lives: { from: number; until: number }[] = [];
    const exits = await this.primary.eventsOf('exit');
    for (const process of [this.primary, ...this.workers]) {
      const { at: exit = Number.POSITIVE_INFINITY } = exits.find(({ workerId }) => workerId === process.workerId) ?? {};
      const closed = await (process as WorkerProcess).eventsOf('closed');
      for (const { at, term } of await (process as WorkerProcess).eventsOf('opening'))
        lives.push({ from: at, until: closed.find(event => event.term === term)?.at ?? exit });
    }
    lives.sort((a, b) => a.from - b.from);
    return lives.every(({ from }, i) => i === 0 || lives[i - 1]!.until <= from);
  }

  async #allReady({ name }: ClientSetup = {}): Promise<void> {
    for (const worker of this.workers) {
      const { error } = await worker.do.ready(name);
      if (error) throw new Error(`Worker ${worker.workerId} isn't ready: ${error.message}`);
    }
  }

  #arrival<Api, Event extends { readonly kind: string }>(workerId: number): Promise<RemoteProcess<Api, Event>> {
    const there = this.#processes.find(process => process.workerId === workerId);
    if (there) return Promise.resolve(there as unknown as RemoteProcess<Api, Event>);
    return new Promise(resolve => {
      this.#arrivals.set(workerId, process => resolve(process as unknown as RemoteProcess<Api, Event>));
    });
  }

  async #endChild(): Promise<void> {
    if (!this.#child) return;
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'exit');
    }
  }
}

/** No event tells of the end of a process whose parent is dead. */
async function allDead(processes: readonly Hello[]): Promise<void> {
  for (const { pid } of processes) while (isAlive(pid)) await sleep(1);
}
