// What waits anywhere is bounded.

import { MOST_VALUE_BYTES } from '../../lib/protocol/backlog.js';
import { valuesInLeader, type Waiting, waitingForPrimary, waitingInLeader, waitingInPrimary } from './peephole.js';
import type { Load } from './plan.js';
import type { World } from './world.js';

const KIB = 1024;
const ALWAYS_FREE_BYTES = 1024 * KIB;
const MOST_BUNDLE_BYTES = 512 * KIB;
const SMALL_NEWS_BYTES = 64 * KIB;

/** In the primary and in each leader, but for the last message and small news of calls. */
export function checkQueues(world: World, { padding, maxQueuedBytes, maxQueuedTotalBytes }: Load): void {
  const most = mostFor(Math.min(maxQueuedBytes, maxQueuedTotalBytes), padding);
  const check = (where: string, waiting: Waiting) => {
    for (const [workerId, bytes] of waiting)
      if (bytes > most) world.broken('overload', `${bytes} bytes wait in ${where} for w${workerId}`);
  };
  check('the primary', waitingInPrimary(world.primary));
  // There is one way to the primary, so no bound for all of several.
  const mostOfGroup = mostFor(maxQueuedBytes, padding);
  for (const { workerId, service } of world.services()) {
    check(`w${workerId}`, waitingInLeader(service));
    for (const [member, bytes] of valuesInLeader(service))
      if (bytes > Math.max(MOST_VALUE_BYTES, ALWAYS_FREE_BYTES + padding) + SMALL_NEWS_BYTES)
        world.broken('overload', `${bytes} bytes of values wait in w${workerId} for w${member}`);
    // Its own calls to other leaders wait there, too, some for longer than they last.
    const calls = [...world.calls.all.values()].filter(({ handle }) => handle.worker.id === workerId).length;
    const bytes = waitingForPrimary(service);
    if (bytes > world.groups.length * mostOfGroup + calls * padding)
      world.broken('overload', `${bytes} bytes wait in w${workerId} for the primary`);
  }
}

/** With a limit of so many bytes; beside them the newest values are kept. */
const mostFor = (limit: number, padding: number): number =>
  Math.max(limit, ALWAYS_FREE_BYTES + padding, MOST_BUNDLE_BYTES + 2 * padding) +
  SMALL_NEWS_BYTES +
  Math.max(limit, ALWAYS_FREE_BYTES) +
  padding;
