// What `whileLeader()` returns: a shared client whose real client is the task, and its public interface.

import { taskExists } from '../errors/option-errors.js';
import { SharedClientError } from '../errors/shared-client-error.js';
import {
  type ClientDefinition,
  type LeaderTaskFunction,
  type LeaderTaskOptions,
  type ResolvedLeaderTask,
  resolveLeaderTask,
} from '../options/options.js';
import { TypedEvents } from '../utils/typed-events.js';
import { LeaderRun } from './leader-run.js';
import type { CreateSharedClient, SharedClient } from './types.js';
import type { LeaderTask, LeaderTaskEvents, LeaderTaskStatus } from './types-leader-task.js';

/** Where it is noted, beyond the members of the group, that a task with `once` was done. */
export interface DoneStore {
  readonly isDone: boolean;
  done(): void;
}

/** Only `name` and `task` are required by their types; everything is checked. */
export function createLeaderTask(
  create: CreateSharedClient,
  name: string,
  task: LeaderTaskFunction,
  options?: LeaderTaskOptions,
): LeaderTask {
  const resolved = resolveLeaderTask(name, task, options);
  return resolved.across ? resolved.across.lead(create as never, resolved as never) : new Task(create, resolved);
}

/** A task in a group that has a store of its own for `once`. */
export function createStoredTask(create: CreateSharedClient, task: ResolvedLeaderTask, store: DoneStore): LeaderTask {
  return new Task(create, task, store);
}

class Task extends TypedEvents<LeaderTaskEvents> implements LeaderTask {
  readonly name: string;
  readonly #client: SharedClient<LeaderRun>;
  #run: LeaderRun | undefined;
  /** The task was done by some leader, and must not run again (`once`). */
  #isDone = false;
  #runs = 0;
  #failures = 0;

  constructor(create: CreateSharedClient, { name, group, task, once, client }: ResolvedLeaderTask, store?: DoneStore) {
    super(error => this.emit('error', error));
    this.name = name;
    const observer = {
      started: () => void this.#runs++,
      done: (term: number) => {
        if (once) store?.done();
        this.emit('done', { term });
      },
      failed: () => void this.#failures++,
      failedLate: (error: unknown) => this.emit('error', error),
    };
    const definition: ClientDefinition<LeaderRun> = {
      ...client,
      name: group,
      open: context => {
        this.#run = new LeaderRun({ name, task, context, isDone: once && (store?.isDone ?? this.#isDone), observer });
        // The call waits for the lease, however long that takes. If its leader is lost, the next leader starts its own run.
        this.#client
          .with({ timeoutMs: Number.POSITIVE_INFINITY })
          .invoke('start')
          .catch(() => {});
        return this.#run;
      },
      close: run => run.ended,
    };
    try {
      this.#client = create<LeaderRun>(definition);
    } catch (error) {
      // All options were checked. The only difference that remains is the `open` function, which each task has of its own.
      throw error instanceof SharedClientError && error.code === 'ERR_INVALID_OPTION' ? taskExists(name) : error;
    }
    this.#forward(['leader', 'follower', 'error', 'warning', 'close']);
    if (once && !store) {
      this.#client.subscribe('done', isDone => {
        this.#isDone = isDone;
      });
    }
  }

  get isLeader(): boolean {
    return this.#client.isLeader;
  }

  status(): LeaderTaskStatus {
    const { isLeader, leader, term } = this.#client;
    const { name } = this;
    return { name, role: isLeader ? 'leader' : 'follower', task: this.#state, term, leader, ...this.#counts };
  }

  resign(): Promise<void> {
    return this.#client.resign();
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #counts(): Pick<LeaderTaskStatus, 'runs' | 'failures'> {
    return { runs: this.#runs, failures: this.#failures };
  }

  get #state(): LeaderTaskStatus['task'] {
    const state = this.#run?.state;
    if (state === 'running' || state === 'stopping') return state;
    if (this.#isDone || (state === 'done' && this.isLeader)) return 'done';
    return this.isLeader ? 'starting' : 'idle';
  }

  #forward(events: readonly ('leader' | 'follower' | 'error' | 'warning' | 'close')[]): void {
    for (const event of events) {
      this.#client.on(event, (...args: unknown[]) => {
        this.emit(event, ...args);
        if (event === 'close') this.clear();
      });
    }
  }
}
