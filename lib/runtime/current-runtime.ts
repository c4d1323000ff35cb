// The runtime of this process. There is only one, even if two copies of the library are loaded.

import { constants } from 'node:os';
import { type SharedRuntime, share } from '../client/shared.js';
import { notOfPm2 } from '../errors/warnings.js';
import {
  createClusterPrimaryEnd,
  createClusterWorkerEnd,
  setClusterSerialization,
  whereAmI,
} from '../transport/cluster.js';
import { Pm2Bus } from '../transport/pm2-bus.js';
import { findPm2Place, missingPm2Pid } from '../transport/pm2-place.js';
import { keepSecrets, leftovers, readSecrets, removeSocket } from '../transport/socket-files.js';
import { createSockets } from '../transport/sockets.js';
import type { WorkerEnd } from '../transport/transport.js';
import { systemClock } from '../utils/clock.js';
import { signalsOf } from '../utils/resign-on-signals.js';
import { Runtime } from './runtime.js';

/** The runtime that the first copy created. */
export const currentRuntime = (): SharedRuntime => share<SharedRuntime>('runtime', createRuntime);

function createRuntime(): Runtime {
  const where = whereAmI();
  const { env, ppid, platform } = process;
  const here = { env, ppid, platform, isWorker: where === 'worker' };
  const place = findPm2Place(here);
  /* c8 ignore next 4 -- only in a worker of a real PM2, which the process ring has; those are ended by signals, and write no coverage. */
  if (place) {
    const createBus = () => new Pm2Bus({ place, up: createClusterWorkerEnd(), clock: systemClock });
    return new Runtime({ where: 'pm2', clock: systemClock, signals, secrets, createBus, createDirect: createSockets });
  }
  return new Runtime({
    where,
    clock: systemClock,
    signals,
    /* c8 ignore next -- as below */
    createWorkerEnd: () => createWorkerEnd(missingPm2Pid(here)),
    createPrimaryEnd: createClusterPrimaryEnd,
    setSerialization: setClusterSerialization,
    createDirect: createSockets,
    leftovers,
  });
}

/* c8 ignore next 6 -- only in a worker of a real cluster, which the process ring has. */
/** @param pidFile the file that would contain the parent's pid, if this was a worker of PM2, as it seems */
function createWorkerEnd(pidFile: string | undefined): WorkerEnd {
  const end: WorkerEnd & { advice?: string | undefined } = createClusterWorkerEnd();
  if (pidFile !== undefined) end.advice = notOfPm2(pidFile);
  return end;
}

const secrets = { keep: keepSecrets, read: readSecrets, remove: removeSocket };

const signals = signalsOf(process, constants.signals);
