// What whileLeader() returns with `across`. The group of this host chooses the worker that takes part in the fleet's election;
// there, a task in the fleet group runs the function.

import type { CreateSharedClient, SharedClient } from '../client/types.js';
import type { LeaderTask, LeaderTaskEvents, LeaderTaskStatus } from '../client/types-leader-task.js';
import { taskExists } from '../errors/option-errors.js';
import { SharedClientError } from '../errors/shared-client-error.js';
import type { ClientDefinition, FleetView } from '../options/options.js';
import { TypedEvents } from '../utils/typed-events.js';
import { HostCandidate, type HostCandidateOptions, VIEW } from './host-candidate.js';
import { TRANSFER_MS, unknownView } from './seat.js';

export interface FleetTaskOptions extends HostCandidateOptions {
  readonly create: CreateSharedClient;
  /** What this process knows has changed. */
  viewed(view: FleetView): void;
  closed(): void;
}

export class FleetTask extends TypedEvents<LeaderTaskEvents> implements LeaderTask {
  readonly name: string;
  readonly #options: FleetTaskOptions;
  readonly #host: SharedClient<HostCandidate>;
  #candidate: HostCandidate | undefined;
  #view: FleetView;
  /** Of candidates that are closed. */
  #runs = 0;
  #failures = 0;

  constructor(options: FleetTaskOptions) {
    super(error => this.emit('error', error));
    const { create, task, fleet } = options;
    this.#options = options;
    this.name = task.name;
    this.#view = unknownView(fleet.leaseMs);
    const definition: ClientDefinition<HostCandidate> = {
      ...task.client,
      name: task.group,
      open: context => {
        const candidate = new HostCandidate(options, context);
        this.#candidate = candidate;
        this.#forward(candidate.inner, ['leader', 'follower', 'done', 'error', 'warning']);
        return candidate;
      },
      close: candidate => this.#end(candidate),
    };
    try {
      this.#host = create<HostCandidate>(definition);
    } catch (error) {
      // Each task has an `open` function of its own.
      throw error instanceof SharedClientError && error.code === 'ERR_INVALID_OPTION' ? taskExists(task.name) : error;
    }
    this.#forward(this.#host, ['error', 'warning']);
    this.#host.on('close', () => {
      this.emit('close');
      this.clear();
      options.closed();
    });
    this.#host.subscribe(VIEW, (view: FleetView) => this.#viewed(view));
  }

  get isLeader(): boolean {
    return this.#candidate?.inner.isLeader ?? false;
  }

  /** Whether this process holds the fleet's lease. */
  get isLeading(): boolean {
    return this.#candidate?.isLeading ?? false;
  }

  status(): LeaderTaskStatus {
    const { name, isLeader } = this;
    const inner = this.#candidate?.inner.status();
    const { term, hostName, isHere, connected, isDone } = this.#view;
    return {
      name,
      role: isLeader ? 'leader' : 'follower',
      task: inner && inner.task !== 'idle' ? inner.task : isDone ? 'done' : 'idle',
      term,
      leader: isHere ? this.#host.leader : undefined,
      runs: this.#runs + (inner?.runs ?? 0),
      failures: this.#failures + (inner?.failures ?? 0),
      fleet: { term, host: hostName, isHere, connected },
    };
  }

  /** The host steps down, if the task runs in this worker. */
  async resign(): Promise<void> {
    await this.#candidate?.inner.resign();
  }

  transfer(hostName?: string): Promise<void> {
    return this.#host.with({ timeoutMs: 2 * TRANSFER_MS }).invoke('transfer', hostName) as Promise<void>;
  }

  close(): Promise<void> {
    return this.#host.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(candidate: HostCandidate): Promise<void> {
    await candidate.close();
    const { runs, failures } = candidate.inner.status();
    this.#runs += runs;
    this.#failures += failures;
    if (this.#candidate === candidate) this.#candidate = undefined;
  }

  /** A worker that leads this host only now has not read the record yet: what was known before is more. */
  #viewed(view: FleetView): void {
    this.#view = view.state === 'unknown' ? { ...this.#view, connected: view.connected } : view;
    this.#options.viewed(this.#view);
  }

  #forward(
    from: Pick<LeaderTask, 'on'> | SharedClient<HostCandidate>,
    events: readonly ('leader' | 'follower' | 'done' | 'error' | 'warning')[],
  ): void {
    for (const event of events) {
      (from as LeaderTask).on(event, (...args: unknown[]) => this.emit(event, ...args));
    }
  }
}
