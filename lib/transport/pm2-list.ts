// Lists the processes of an app, using PM2's daemon. The answer contains the environment of every app on the machine: only
// names are kept.

import { connect } from 'node:net';
import type { Clock } from '../utils/clock.js';
import { AmpReader, ampFrame } from './amp.js';
import type { BusProcess } from './bus.js';
import { type Pm2Place, processName } from './pm2-place.js';

const ANSWER_MS = 2000;
const CALL = ['j:{"type":"call","method":"getMonitorData","args":[{}]}', 's:csc'];

/** The entries that have a process, in any state; `undefined` if the daemon does not answer. Never rejects. */
export function listPm2Processes(place: Pm2Place, clock: Clock): Promise<readonly BusProcess[] | undefined> {
  return new Promise(resolve => {
    const end = (answer?: Buffer) => {
      timer.clear();
      socket.destroy();
      resolve(answer && read(answer, place));
    };
    const reader = new AmpReader(([answer]) => end(answer));
    const socket = connect(place.rpcSocket, () => void socket.write(ampFrame(CALL)));
    const timer = clock.setTimer(() => end(), ANSWER_MS);
    socket.unref();
    socket.on('data', chunk => reader.push(chunk));
    socket.on('error', () => end());
    socket.on('close', () => end());
  });
}

interface Listed {
  readonly pid?: number;
  readonly pm_id?: unknown;
  readonly pm2_env?: { readonly name?: unknown; readonly namespace?: unknown; readonly pm_uptime?: unknown };
}

function read(answer: Buffer, place: Pm2Place): readonly BusProcess[] | undefined {
  try {
    const { args } = JSON.parse(answer.toString('utf8', 2)) as { args: [Listed[]] };
    return args[0]
      .filter(({ pid, pm2_env: env }) => pid && env && isOf(place, env))
      .map(({ pm_id, pm2_env }) => {
        const since = Number(pm2_env!.pm_uptime);
        return { process: processName(pm_id, since), since };
      });
  } catch {
    return undefined;
  }
}

/** Whether the daemon refers to this app. */
export function isOf(place: Pm2Place, { name, namespace }: { name?: unknown; namespace?: unknown }): boolean {
  return String(name) === place.name && String(namespace) === place.namespace;
}
