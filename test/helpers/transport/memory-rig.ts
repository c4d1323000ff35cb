// The contract's rigs within this process: over a MemoryNetwork, and over a local pair.

import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalPair } from '../../../lib/transport/local.js';
import { MemoryNetwork, type MemoryNetworkOptions, type MemoryWorker } from '../../../lib/transport/memory.js';
import type { PrimaryEnd, WorkerEnd } from '../../../lib/transport/transport.js';
import { systemClock } from '../../../lib/utils/clock.js';
import { Actor, countListeners, turns } from './actor.js';
import type { Rig, RigWorker } from './contract.js';
import { PeerState } from './party.js';

/** Everything travels through a network in memory. */
export async function buildMemoryRig(options: MemoryNetworkOptions = {}): Promise<Rig> {
  const network = new MemoryNetwork(options);
  return {
    primary: createParty({ primary: network.primaryEnd }),
    async fork() {
      const worker = createWorker(network.fork());
      await worker.do({ do: 'listen' });
      return worker;
    },
    killPrimary: () => network.killPrimary(),
    async primaryKnows() {
      // As many steps as there may be on a message's way, each begun after the one of the message, however late timers are.
      for (let step = 0; step < 10; step++) {
        await sleep(options.latencyMs ?? 0);
        await turns(1);
      }
    },
    close: async () => network.close(),
  };
}

/** The primary's own process is the one worker. */
export async function buildLocalRig(): Promise<Rig> {
  const { primaryEnd, workerEnd } = createLocalPair(systemClock);
  const faults = { kill() {}, freeze() {}, thaw() {}, disconnect() {}, exit() {}, ended: async () => {} };
  const worker = Object.assign(createParty({ worker: workerEnd }), workerEnd.self, faults);
  return {
    primary: createParty({ primary: primaryEnd }),
    async fork() {
      await worker.do({ do: 'listen' });
      return worker;
    },
    killPrimary() {},
    async primaryKnows() {},
    async close() {},
  };
}

function createWorker(worker: MemoryWorker): RigWorker {
  return Object.assign(createParty({ worker: worker.end }), {
    workerId: worker.workerId,
    pid: worker.pid,
    kill: () => worker.kill(),
    freeze: () => worker.freeze(),
    thaw: () => worker.thaw(),
    disconnect: () => worker.disconnect(),
    exit: () => worker.exit(),
    async ended() {
      while (worker.isAlive) await turns(1);
    },
  });
}

function createParty(end: { primary: PrimaryEnd } | { worker: WorkerEnd }): PeerState {
  const send = (to: number | undefined, message: object) =>
    'primary' in end ? end.primary.send(to!, message, () => {}) : end.worker.send(message, () => {});
  const parts = {
    emit: (event: Parameters<PeerState['push']>[0]) => party.push(event),
    sendForeign: (value: unknown, to?: number) => send(to, value as object),
    countListeners: () => countListeners({ process }),
  };
  const actor = new Actor(parts, () => end);
  const party = new PeerState(command => actor.run(command));
  return party;
}
