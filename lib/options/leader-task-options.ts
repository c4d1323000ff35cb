// The options of `whileLeader()`.

import { invalidOption } from '../errors/option-errors.js';
import { expecting, flag, functionOf } from './checks.js';
import type { ClientOptions } from './client-options.js';
import { MEMBER_TABLE, type MemberTable, type TaskOption } from './client-table.js';
import { type FleetAccess, fleetAccess } from './fleet-option.js';
import { type OptionTable, readOptions } from './option-table.js';
import type { Fleet } from './types-fleet.js';

/** The options of `whileLeader()`. Those that a shared client has too have the same meaning here. */
export interface LeaderTaskOptions extends Pick<ClientOptions, TaskOption> {
  /**
   * If the task has ended normally, later leaders do not run it again, as long as one of the workers that know this is
   * running. Without this option, each leader runs it once.
   * @default false
   */
  once?: boolean;
  /**
   * A fleet, made by `natsFleet()` or `postgresFleet()`: the task runs in one worker of all hosts that use the fleet. The
   * other options apply within this host. With `once`, the fleet's store remembers that the task has ended.
   * @default the task runs in one worker of this cluster
   */
  across?: Fleet;
}

/** The second parameter of a task. */
export interface LeaderTaskContext {
  /** The name passed to `whileLeader()`. */
  readonly name: string;
  /** The term in which it runs, a number that only increases: a fencing token for servers that reject an older one. */
  readonly term: number;
}

/**
 * The task. `signal` aborts when this worker no longer leads. The next leader then waits for the task to end, but no
 * longer than `drainTimeoutMs`.
 */
export type LeaderTaskFunction = (signal: AbortSignal, context: LeaderTaskContext) => unknown;

const FROM_CLIENT = Object.entries(MEMBER_TABLE).filter(([, row]) => 'task' in row);

interface Given extends Omit<LeaderTaskOptions, 'across'> {
  across?: FleetAccess;
}

const TABLE: OptionTable<Given> = {
  ...(Object.fromEntries(FROM_CLIENT) as Pick<MemberTable, TaskOption>),
  once: { check: flag, default: false },
  across: { check: fleetAccess, default: undefined },
};

/** The group of a task has a prefix, so that it is not the group of a shared client of the same name. */
const PREFIX = 'whileLeader:';

const taskName = expecting(
  'a string of 1 to 500 characters',
  (value): value is string => typeof value === 'string' && value.length >= 1 && value.length <= 500,
);

/** {@link LeaderTaskOptions}, checked, and separated into those of the shared client and those of the task. */
export interface ResolvedLeaderTask {
  readonly name: string;
  readonly group: string;
  readonly task: LeaderTaskFunction;
  readonly once: boolean;
  readonly across?: FleetAccess;
  readonly client: Omit<LeaderTaskOptions, 'once' | 'across'>;
}

/**
 * Checks the arguments of `whileLeader()`.
 * @throws {SharedClientError} `ERR_INVALID_OPTION`
 */
export function resolveLeaderTask(name: unknown, task: unknown, given: unknown): ResolvedLeaderTask {
  if (given === null) throw invalidOption('options', 'an object', given);
  const { once = false, across, ...client } = readOptions<Given>(given, TABLE);
  const checked = taskName('name', name);
  return {
    name: checked,
    group: PREFIX + checked,
    task: functionOf<LeaderTaskFunction>()('task', task),
    once,
    ...(across && { across }),
    client,
  };
}
