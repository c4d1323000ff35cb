// The workers of a half: forked, replaced when the demo kills one, and known by what they last reported.

import cluster, { type Worker } from 'node:cluster';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Counts, Order, Report, Task } from './messages.js';
import { Refusal } from './options.js';

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));

/** The workers of a half, whoever starts them. */
export interface Crew {
  /** Resolves once the start is under way. */
  hire(count: number): Promise<void>;
  until(demo: Report['demo']): Promise<void>;
  tell(order: Order): void;
  tellOne(order: Order): void;
  /** How many live. */
  readonly size: number;
  readonly counts: readonly Counts[];
  close(): Promise<void>;
}

interface Member {
  readonly worker: Worker;
  report?: Report;
  isGone: boolean;
}

export class Staff implements Crew {
  readonly #task: Task;
  readonly #members = new Map<number, Member>();
  readonly #changes = new EventEmitter();
  #isClosing = false;
  readonly #stop: AbortController;

  /** `stop` ends all waiting, and is aborted when a worker ends that wasn't killed. */
  constructor(task: Task, stop: AbortController) {
    this.#task = task;
    this.#stop = stop;
    cluster.setupPrimary({ exec: WORKER, serialization: 'advanced' });
  }

  async hire(count: number): Promise<void> {
    for (let n = 0; n < count; n++) this.#hireOne();
  }

  #hireOne(): void {
    const worker = cluster.fork({ DEMO_TASK: JSON.stringify(this.#task) });
    const member: Member = { worker, isGone: false };
    this.#members.set(worker.id, member);
    worker.on('message', (message: Partial<Report> | null) => {
      if (!message?.demo) return;
      member.report = message as Report;
      this.#changes.emit('change');
    });
    worker.on('exit', (code, signal) => {
      member.isGone = true;
      this.#changes.emit('change');
      if (this.#isClosing) return;
      if (signal === 'SIGKILL') this.#hireOne();
      else this.#stop.abort(new Refusal(`Worker ${worker.id} ended with ${signal ?? `exit code ${code}`}.`));
    });
  }

  /** Resolves once this is the last thing that every living worker reported. */
  async until(demo: Report['demo']): Promise<void> {
    const { signal } = this.#stop;
    while (!this.#living().every(({ report }) => report?.demo === demo))
      await once(this.#changes, 'change', { signal });
  }

  tell(order: Order): void {
    // One that dies just now is gone from the count, too.
    for (const { worker } of this.#living()) worker.send(order, () => {});
  }

  tellOne(order: Order): void {
    this.#living()[0]?.worker.send(order, () => {});
  }

  get size(): number {
    return this.#living().length;
  }

  /** Of all workers there ever were; what a killed one did since its last report is in nobody's count. */
  get counts(): Counts[] {
    return [...this.#members.values()].flatMap(({ report }) => report?.counts ?? []);
  }

  /** SIGKILL, so that none outlives the demo whatever it is doing. Resolves once all are gone. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const { worker } of this.#living()) worker.process.kill('SIGKILL');
    while (this.#living().length > 0) await once(this.#changes, 'change');
  }

  #living(): Member[] {
    return [...this.#members.values()].filter(({ isGone }) => !isGone);
  }
}
