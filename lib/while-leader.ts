// The door to work that only one worker does.

import { createLeaderTask } from './client/leader-task.js';
import type { LeaderTask } from './client/types-leader-task.js';
import { createSharedClient } from './create-shared-client.js';
import type { LeaderTaskFunction, LeaderTaskOptions } from './options/options.js';

/**
 * Runs `task` in exactly one worker, the leader of a group of its own, and in another one when that one dies, hangs or
 * steps down.
 *
 * When the task ends normally, its worker goes on to lead and nothing runs until the next leader comes, which runs it
 * again; with `once` not even that one. When it throws or rejects, the event `error` tells of it, and it is run again, in any
 * worker: at once, then after 100 ms, then twice as long each time, 30 s at most, until it has run for 10 s.
 *
 * @param name 1 to 500 characters; a shared client may have the same
 * @throws {SharedClientError} `ERR_INVALID_OPTION`, also where this process has a task of this name already;
 * `ERR_NO_PRIMARY` in a worker thread
 */
export function whileLeader(name: string, task: LeaderTaskFunction, options?: LeaderTaskOptions): LeaderTask {
  return createLeaderTask(createSharedClient, name, task, options);
}
