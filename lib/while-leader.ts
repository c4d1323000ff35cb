// Entry point of whileLeader().

import { createLeaderTask } from './client/leader-task.js';
import type { LeaderTask } from './client/types-leader-task.js';
import { createSharedClient } from './create-shared-client.js';
import type { LeaderTaskFunction, LeaderTaskOptions } from './options/options.js';

/**
 * Runs `task` in exactly one worker, the leader of a group of its own. If that worker exits, hangs or steps down, another
 * one runs it.
 *
 * When the task ends normally, its worker stays the leader. The next leader runs the task again, unless `once` is set. If it
 * throws or rejects, the event `error` is emitted and the task runs again, in any worker: at once, then after pauses of
 * 100 ms, twice as long each time, up to 30 s. A run of 10 s resets the pause.
 *
 * @param name 1 to 500 characters; a shared client may have the same name
 * @throws {SharedClientError} `ERR_INVALID_OPTION`, also if this process already has a task of this name; `ERR_NO_PRIMARY`
 * in a worker thread
 */
export function whileLeader(name: string, task: LeaderTaskFunction, options?: LeaderTaskOptions): LeaderTask {
  return createLeaderTask(createSharedClient, name, task, options);
}
