// A fleet whose hosts run under PM2, the daemon and its bus in memory.

import test from 'ava';
import { createLeaderTask } from '../../lib/client/leader-task.js';
import { FleetOnEngine } from '../../lib/fleet/fleet.js';
import { resolveFleetOptions } from '../../lib/options/options.js';
import { systemClock } from '../../lib/utils/clock.js';
import { defer } from '../../lib/utils/deferred.js';
import { MemoryEngine, MemoryStore } from '../helpers/fleet/memory-engine.js';
import { Rig } from '../helpers/pm2/rig.js';

/** No test waits so long. */
const LEASE_MS = 3_600_000;

test('the next worker of a host under PM2 leads without waiting for the lease', async t => {
  const rig = new Rig(t);
  const store = new MemoryStore();
  const { common } = resolveFleetOptions({ name: 'shop', leaseMs: LEASE_MS }, {});
  const runs: { readonly worker: number; readonly term: number }[] = [];
  let begun = defer();
  const workers = [0, 1, 2].map(i => {
    const worker = rig.fork(i);
    const fleet = new FleetOnEngine(new MemoryEngine({ store, clock: systemClock }), common);
    const task = async (signal: AbortSignal, { term }: { readonly term: number }) => {
      runs.push({ worker: i, term });
      begun.resolve();
      begun = defer();
      await new Promise(resolve => signal.addEventListener('abort', resolve));
    };
    return { ...worker, task: createLeaderTask(worker.createSharedClient, 'count', task, { across: fleet }) };
  });
  await begun.promise;
  const next = begun.promise;
  workers[runs[0]!.worker]!.process.kill();
  await next;
  t.is(runs.length, 2);
  t.not(runs[1]!.worker, runs[0]!.worker);
  t.true(runs[1]!.term > runs[0]!.term);
  t.like(workers[runs[1]!.worker]!.task.status().fleet, { isHere: true, connected: true });
  await Promise.all(workers.filter(({ process }) => !process.isDead).map(({ task }) => task.close()));
});
