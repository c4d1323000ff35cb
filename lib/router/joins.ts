// What a join is checked for: the number of a worker's groups, and options that differ between members.

import { otherOptions, tooManyGroups } from '../errors/warnings.js';
import { digestDifference } from '../options/options.js';
import type { RoutedGroup } from './group.js';
import type { RoutedWorker } from './routed-worker.js';

/** Maximum number of groups per worker; each takes about 5 kB here. */
export const MOST_GROUPS = 20_000;

type Warn = (message: string, detail: object) => void;

/** Counts a group of the worker. Protects the primary from a worker that creates a client for each of its users. */
export function takesGroup(worker: RoutedWorker, name: string, warn: Warn): boolean {
  if (++worker.groups <= MOST_GROUPS) return true;
  worker.groups--;
  const { workerId } = worker;
  const text = tooManyGroups(workerId, MOST_GROUPS);
  worker.sendControl({ k: 'warning', group: name, text });
  if (!worker.hasTooManyGroups) warn(text, { workerId });
  worker.hasTooManyGroups = true;
  return false;
}

/** Warns the new member, and those whose digest is `other`, if the two digests differ. */
export function compareOptions(
  { name, members }: RoutedGroup,
  workers: ReadonlyMap<number, RoutedWorker>,
  workerId: number,
  other: string,
  warn: Warn,
): void {
  const option = digestDifference(members.get(workerId)!, other);
  if (option === undefined) return;
  const text = otherOptions(workerId, option, name);
  warn(text, { name, workerId });
  for (const [id, digest] of members) {
    if (digest === other || id === workerId) workers.get(id)?.sendControl({ k: 'warning', group: name, text });
  }
}
