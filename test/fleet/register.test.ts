// The contract of registers over those that the tests and the simulation use in place of a server.

import type { Engine, Wire } from '../../lib/fleet/engine.js';
import { systemClock } from '../../lib/utils/clock.js';
import { MemoryEngine, MemoryStore } from '../helpers/fleet/memory-engine.js';
import { registerContract } from '../helpers/fleet/register-contract.js';
import { Store } from '../simulation/fleet/store.js';

for (const announces of [true, false]) {
  registerContract(`in memory, ${announces ? '' : 'not '}announced`, async () => {
    return new MemoryEngine({ store: new MemoryStore({ announces }), clock: systemClock });
  });
}

registerContract('simulated', async () => {
  const stores = new Map<string, Store>();
  const storeOf = (key: string) => stores.get(key) ?? stores.set(key, new Store()).get(key)!;
  return { connect: async () => simulatedWire(storeOf) } satisfies Engine;
});

/** The store of the simulation never looks into a record, so a text may be one. */
function simulatedWire(storeOf: (key: string) => Store): Wire {
  let isClosed = false;
  const open = (key: string) => {
    if (isClosed) throw new Error('closed');
    return storeOf(key);
  };
  return {
    announces: false,
    register: {
      async read(key) {
        const { revision, record } = open(key).read();
        return { revision, text: record as string | undefined };
      },
      write: async (key, text, expected) => open(key).write(text as never, expected),
    },
    announce() {},
    listen: () => () => {},
    async close() {
      isClosed = true;
    },
  };
}
