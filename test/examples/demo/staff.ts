// The workers of a half: forked, replaced when the demo kills one, and known by what they last reported.

import cluster, { type Worker } from 'node:cluster';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Counts, Order, Report, Task } from './messages.js';
import { Refusal } from './options.js';

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));

interface Member {
  readonly worker: Worker;
  report?: Report;
  isGone: boolean;
}

export class Staff {
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

  hire(): void {
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
      if (signal === 'SIGKILL') this.hire();
      else this.#stop.abort(new Refusal(`Worker ${worker.id} ended with ${signal ?? `exit code ${code}`}.`));
    });
  }

  /** Resolves once this is the last thing that every living worker reported. */
  async until(demo: Report['demo']): Promise<void> {
    const { signal } = this.#stop;
    while (!this.#living().every(({ report }) => report?.demo === demo))
      await once(this.#changes, 'change', { signal });
  }

  tell(order: Order, to: readonly Worker[] = this.living): void {
    // One that dies just now is gone from the count, too.
    for (const worker of to) worker.send(order, () => {});
  }

  get living(): Worker[] {
    return this.#living().map(({ worker }) => worker);
  }

  /** Of all workers there ever were; what a killed one did since its last report is in nobody's count. */
  get counts(): Counts[] {
    return [...this.#members.values()].flatMap(({ report }) => report?.counts ?? []);
  }

  /** SIGKILL, so that none outlives the demo whatever it is doing. Resolves once all are gone. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const worker of this.living) worker.process.kill('SIGKILL');
    while (this.#living().length > 0) await once(this.#changes, 'change');
  }

  #living(): Member[] {
    return [...this.#members.values()].filter(({ isGone }) => !isGone);
  }
}
