// The one host of this process, also where two copies of the library are loaded.

import { Host } from './host.js';
import {
  createClusterPrimaryEnd,
  createClusterWorkerEnd,
  setClusterSerialization,
  whereAmI,
} from './transport/cluster.js';
import { createSockets, removeSocket } from './transport/sockets.js';
import { systemClock } from './utils/clock.js';

const KEY = Symbol.for('cluster-shared-client.host');

/** The host that the first copy of the library made. */
export function currentHost(): Pick<Host, 'setupPrimary' | 'createSharedClient'> {
  const globals = globalThis as { [KEY]?: Host };
  globals[KEY] ??= createHost();
  return globals[KEY];
}

function createHost(): Host {
  return new Host({
    where: whereAmI(),
    clock: systemClock,
    signals: {
      prepend: (signal, listener) => process.prependListener(signal, listener),
      off: (signal, listener) => process.off(signal, listener),
      listeners: signal => process.listeners(signal),
      raise: signal => process.kill(process.pid, signal),
    },
    createWorkerEnd: createClusterWorkerEnd,
    createPrimaryEnd: createClusterPrimaryEnd,
    setSerialization: setClusterSerialization,
    createDirect: createSockets,
    removeAddress: removeSocket,
  });
}
