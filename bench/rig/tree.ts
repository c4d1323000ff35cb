// A contestant's processes, seen from the runner: kept alive over all rounds, so that to alternate costs nothing.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Entry, entryName } from '../contestants/load.js';
import { difference, type Usage } from '../jobs/usage.js';
import type { PRIMARY_JOBS, Seated, WORKER_JOBS } from './jobs.js';
import type { Answer, Order } from './messages.js';

type WorkerJobs = typeof WORKER_JOBS;
type PrimaryJobs = typeof PRIMARY_JOBS;
type Without<T, K extends keyof T> = T extends unknown ? Omit<T, K> : never;

const PRIMARY = fileURLToPath(new URL('./primary.js', import.meta.url));

export class Tree {
  readonly entry: Entry;
  readonly #primary: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #seated: readonly Seated[] = [];
  #orders = 0;

  /** Resolves once all workers are there. */
  static async start(entry: Entry, workers: number): Promise<Tree> {
    const tree = new Tree(entry);
    await tree.grow(workers);
    return tree;
  }

  private constructor(entry: Entry) {
    this.entry = entry;
    this.#primary = fork(PRIMARY, {
      env: { ...process.env, BENCH_CONTESTANT: entry.contestant, BENCH_SERIALIZATION: entry.serialization },
    });
    this.#primary.on('message', (answer: Answer) => this.#waiting.get(answer.bench)?.(answer));
    this.#primary.on('exit', (code, signal) => {
      for (const end of this.#waiting.values())
        end({ bench: 0, failed: `${entryName(entry)} ended with ${signal ?? code}.` });
    });
  }

  /** The living workers. Who leads is what was so when they joined. */
  get seated(): readonly Seated[] {
    return this.#seated;
  }

  get leader(): Seated {
    return this.seated.find(({ leads }) => leads)!;
  }

  get followers(): readonly Seated[] {
    return this.seated.filter(({ leads }) => !leads);
  }

  /** Makes the primary fork until there are so many workers. */
  async grow(workers: number): Promise<void> {
    this.#seated = [...this.#seated, ...((await this.#send({ grow: workers })) as Seated[])];
  }

  /** Returns when it was killed, by `nowMs`. */
  async kill(seat: number): Promise<number> {
    this.#seated = this.#seated.filter(other => other.seat !== seat);
    return (await this.#send({ kill: seat })) as number;
  }

  /** Resolves with what the worker's job returned. */
  tell<K extends keyof WorkerJobs>(
    seat: number,
    job: K,
    args: Parameters<WorkerJobs[K]>[1],
  ): Promise<Awaited<ReturnType<WorkerJobs[K]>>> {
    return this.#send({ seat, job, args }) as Promise<Awaited<ReturnType<WorkerJobs[K]>>>;
  }

  tellPrimary<K extends keyof PrimaryJobs>(
    job: K,
    args: Parameters<PrimaryJobs[K]>[1],
  ): Promise<Awaited<ReturnType<PrimaryJobs[K]>>> {
    return this.#send({ seat: 0, job, args }) as Promise<Awaited<ReturnType<PrimaryJobs[K]>>>;
  }

  /** Of every process, the primary first, then in the order of `seated`. */
  usages(): Promise<Usage[]> {
    return Promise.all([
      this.tellPrimary('usage', null),
      ...this.seated.map(({ seat }) => this.tell(seat, 'usage', null)),
    ]);
  }

  /** What every process used while `work` ran. */
  async using<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly used: readonly Usage[] }> {
    const before = await this.usages();
    const result = await work();
    const after = await this.usages();
    return { result, used: after.map((usage, n) => difference(before[n]!, usage)) };
  }

  /** Resolves once the primary is gone; its workers go with it. */
  async stop(): Promise<void> {
    if (this.#primary.exitCode !== null || this.#primary.signalCode !== null) return;
    const exited = once(this.#primary, 'exit');
    if (this.#primary.connected) this.#primary.disconnect();
    await exited;
  }

  async #send(order: Without<Order, 'bench'>): Promise<unknown> {
    const bench = ++this.#orders;
    const { answer, failed } = await new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(bench, resolve);
      this.#primary.send({ ...order, bench }, error => error && reject(error));
    });
    this.#waiting.delete(bench);
    if (failed !== undefined) throw new Error(failed);
    return answer;
  }
}
