// The options of `whileLeader()`.

import { invalidOption } from '../errors/option-errors.js';
import { expecting, flag, functionOf } from './checks.js';
import type { ClientOptions } from './client-options.js';
import { MEMBER_TABLE, type MemberTable, type TaskOption } from './client-table.js';
import { type OptionTable, readOptions } from './option-table.js';

/** What `whileLeader()` takes beside the name and the task; what a shared client takes too means the same here. */
export interface LeaderTaskOptions extends Pick<ClientOptions, TaskOption> {
  /**
   * A task that ended normally isn't run again by the next leader either, as long as one of the workers that heard of
   * it is there. Without it each leader runs it once.
   * @default false
   */
  once?: boolean;
}

/** What a task is given beside the signal. */
export interface LeaderTaskContext {
  /** The name that `whileLeader()` was given. */
  readonly name: string;
  /** The term in which it runs, a number that only grows: a fencing token for servers that refuse an older one. */
  readonly term: number;
}

/**
 * The work. `signal` aborts when this worker leads no longer; the next leader waits for the task to end then, but no
 * longer than `drainTimeoutMs`.
 */
export type LeaderTaskFunction = (signal: AbortSignal, context: LeaderTaskContext) => unknown;

const FROM_CLIENT = Object.entries(MEMBER_TABLE).filter(([, row]) => 'task' in row);

const TABLE: OptionTable<LeaderTaskOptions> = {
  ...(Object.fromEntries(FROM_CLIENT) as Pick<MemberTable, TaskOption>),
  once: { check: flag, default: false },
};

/** The group of a task has a name of its own kind: it must not meet a shared client that is named the same. */
const PREFIX = 'whileLeader:';

const taskName = expecting(
  'a string of 1 to 500 characters',
  (value): value is string => typeof value === 'string' && value.length >= 1 && value.length <= 500,
);

/** {@link LeaderTaskOptions}, checked: what is the shared client's, and what is the task's. */
export interface ResolvedLeaderTask {
  readonly name: string;
  readonly group: string;
  readonly task: LeaderTaskFunction;
  readonly once: boolean;
  readonly client: Omit<LeaderTaskOptions, 'once'>;
}

/**
 * Checks what `whileLeader()` was given.
 * @throws {SharedClientError} `ERR_INVALID_OPTION`
 */
export function resolveLeaderTask(name: unknown, task: unknown, given: unknown): ResolvedLeaderTask {
  if (given === null) throw invalidOption('options', 'an object', given);
  const { once = false, ...client } = readOptions<LeaderTaskOptions>(given, TABLE);
  const checked = taskName('name', name);
  return {
    name: checked,
    group: PREFIX + checked,
    task: functionOf<LeaderTaskFunction>()('task', task),
    once,
    client,
  };
}
