// When a worker's calls and its subscription reach a leader again after the last one is gone.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Seat } from '../contestants/contestant.js';
import { PULSE, pulse } from '../contestants/real-client.js';
import { nowMs } from './clock.js';

/** A moment by {@link nowMs}, each at another leader than the one that was there when it began to watch. */
export interface Returned {
  readonly callAt: number;
  readonly valueAt: number;
}

export interface WatchOrder {
  /** Its pid. */
  readonly leader: number;
  /** So long it serves, with calls from all: who has just started would still be compiling. */
  readonly ms: number;
}

/** Pids that the subscription told of, with the moment of the first value. */
const firstValues = new Map<unknown, number>();
let isSubscribed = false;
let returned: Promise<Returned>;

export const JOBS = {
  leads: ({ leads }: Seat, _args: null): boolean => leads(),

  /** Whether values come from here, where it leads or will. */
  pulse: (_seat: Seat, isOn: boolean): void => pulse.turn(isOn),

  /** A process has its first large collection soon after its start: it shall not fall into the few ms that are measured. */
  collect: (_seat: Seat, _args: null): void => globalThis.gc!(),

  /** Resolves when calls and values have come from this leader for a while; from then on it watches for another one. */
  async watch(seat: Seat, { leader, ms }: WatchOrder): Promise<void> {
    if (!isSubscribed) {
      isSubscribed = true;
      await seat.subscribe?.({ topic: PULSE }, pid => {
        if (!firstValues.has(pid)) firstValues.set(pid, nowMs());
      });
    }
    await new Promise<void>(resolve => callUntil(seat, pid => pid === leader, resolve));
    while (!firstValues.has(leader)) await tick();
    returned = watch(seat, leader);
    await sleep(ms);
  },

  /** Of the last order to watch. */
  returned: (_seat: Seat, _args: null): Promise<Returned> => returned,

  /** In the leader: it hands over. Returns when it began to. */
  async close({ close }: Seat, _args: null): Promise<number> {
    const at = nowMs();
    await close?.();
    return at;
  },
};

async function watch(seat: Seat, leader: number): Promise<Returned> {
  const callAt = await new Promise<number>(resolve =>
    callUntil(
      seat,
      pid => pid !== leader,
      () => resolve(nowMs()),
    ),
  );
  for (;;) {
    for (const [pid, valueAt] of firstValues) if (pid !== leader && isNewer(pid, leader)) return { callAt, valueAt };
    await tick();
  }
}

/** Maps keep the order in which leaders came. */
function isNewer(pid: unknown, leader: unknown): boolean {
  const pids = [...firstValues.keys()];
  return pids.indexOf(pid) > pids.indexOf(leader);
}

/** One call a millisecond, each by itself: one that hangs on the lost leader holds up no other. */
function callUntil({ leaderPid }: Seat, isFound: (pid: unknown) => boolean, then: () => void): void {
  let isOver = false;
  const timer = setInterval(() => {
    leaderPid?.().then(
      pid => {
        if (isOver || !isFound(pid)) return;
        isOver = true;
        clearInterval(timer);
        then();
      },
      // A call that fails is followed by the next one.
      () => {},
    );
  }, 1);
}

const tick = () => sleep(1);
