// The one host of this process, also where two copies of the library are loaded.

import { Host } from './host.js';
import {
  createClusterPrimaryEnd,
  createClusterWorkerEnd,
  setClusterSerialization,
  whereAmI,
} from './transport/cluster.js';
import { Pm2Bus } from './transport/pm2-bus.js';
import { findPm2Place } from './transport/pm2-place.js';
import { keepSecrets, leftovers, readSecrets, removeSocket } from './transport/socket-files.js';
import { createSockets } from './transport/sockets.js';
import { systemClock } from './utils/clock.js';
import type { SignalSource } from './utils/close-on-signals.js';

const KEY = Symbol.for('cluster-shared-client.host');

/** The host that the first copy of the library made. */
export function currentHost(): Pick<Host, 'setupPrimary' | 'configure' | 'createSharedClient'> {
  const globals = globalThis as { [KEY]?: Host };
  globals[KEY] ??= createHost();
  return globals[KEY];
}

function createHost(): Host {
  const where = whereAmI();
  const { env, ppid, platform } = process;
  const place = findPm2Place({ env, ppid, platform, isWorker: where === 'worker' });
  /* c8 ignore next 4 -- only in a worker of a real PM2, which the process ring has; those are ended by signals, and write no coverage. */
  if (place) {
    const createBus = () => new Pm2Bus({ place, up: createClusterWorkerEnd(), clock: systemClock });
    return new Host({ where: 'pm2', clock: systemClock, signals, secrets, createBus, createDirect: createSockets });
  }
  return new Host({
    where,
    clock: systemClock,
    signals,
    createWorkerEnd: createClusterWorkerEnd,
    createPrimaryEnd: createClusterPrimaryEnd,
    setSerialization: setClusterSerialization,
    createDirect: createSockets,
    leftovers,
  });
}

const secrets = { keep: keepSecrets, read: readSecrets, remove: removeSocket };

const signals: SignalSource = {
  prepend: (signal, listener) => process.prependListener(signal, listener),
  off: (signal, listener) => process.off(signal, listener),
  listeners: signal => process.listeners(signal),
  raise: signal => process.kill(process.pid, signal),
};
