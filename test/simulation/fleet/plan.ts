// What a seed means: the hosts of a fleet, their clocks, the store, and the list of all that happens to them. Any part of the
// list can be left out, and the rest still makes sense.

import { Random } from '../../helpers/unit/random.js';
import { type Action, drawAction } from './actions.js';
import type { ClientPlan } from './member.js';
import type { ClockPlan } from './process.js';

export interface HostPlan extends ClientPlan {
  readonly name: string;
  readonly clock: ClockPlan;
  readonly isEligible: boolean;
  readonly priority: number;
  readonly leads: number;
  readonly leaseMs: number;
  readonly actMs: number;
  readonly renewMs: number;
}

/** How it ends, once all is well again and a host leads. */
export type Ending =
  | 'resign'
  | 'leave'
  | 'transfer'
  | 'transfer from another host'
  | 'kill worker'
  | 'kill host'
  | 'freeze host'
  | 'cut'
  | 'store loses all';

export interface FleetPlan {
  readonly seed: number;
  /** How long mishaps happen, in ms. */
  readonly durationMs: number;
  readonly announces: boolean;
  /**
   * `keeps`: what it acknowledged. `loses`: it may go back to an older record or to none. `stale`: it keeps all, but a read may
   * be answered by a server that has missed the last writes.
   */
  readonly store: 'keeps' | 'loses' | 'stale';
  /** All clocks run equally fast, and no closing takes longer than is left of the lease. */
  readonly isExact: boolean;
  /** Wall clocks agree, so that terms grow even if no record is left. */
  readonly wallsAgree: boolean;
  readonly hosts: readonly HostPlan[];
  readonly actions: readonly Action[];
  readonly ending: Ending;
  /**
   * It happens at the worst moment: between a write and its announcement, while older announcements are still on their way, or
   * while another host asks for a hand-over.
   */
  readonly isUntimely: boolean;
}

/** What replaces a part of what the seed means. */
export interface Settings {
  readonly hosts?: number;
  readonly seconds?: number;
  /** Clocks are off by up to this part either way, most of them by all of it. */
  readonly drift?: number;
  /** `actMs` as a part of `leaseMs`. */
  readonly act?: number;
  readonly store?: FleetPlan['store'];
}

const LEASES_MS = [2000, 3000, 6000, 20_000];
/** Two thirds, as the library has it. */
const ACT_PART = 2 / 3;
const RENEW_PART = 1 / 8;
const HOUR_MS = 3_600_000;

/** From this seed on, machines are suspended, too: earlier seeds are as they were before there was that. */
export const WITH_SLEEP = 1_000_000_000;

export function planFor(seed: number, settings: Settings = {}): FleetPlan {
  const random = new Random(seed);
  const store = settings.store ?? random.pick(['keeps', 'keeps', 'keeps', 'keeps', 'loses', 'stale'] as const);
  const drift = settings.drift ?? (store === 'loses' ? 0 : random.pick([0, 0.01, 0.19, 0.19]));
  const wallsAgree = store === 'loses' || random.chance(0.5);
  const count = settings.hosts ?? 2 + random.below(random.pick([4, 12, 40]));
  const leaseMs = random.pick(LEASES_MS);
  // A store that has lost a record has lost how long its lease is, too.
  const haveOtherLeases = random.chance(0.15) && store !== 'loses';
  const actPart = settings.act ?? ACT_PART;
  const slack = 1 - actPart;
  const hosts = Array.from({ length: count }, (_, i): HostPlan => {
    const lease = haveOtherLeases ? random.pick(LEASES_MS) : leaseMs;
    return {
      name: `h${i}`,
      clock: drawClock(random, drift, wallsAgree),
      isEligible: i < 2 || !random.chance(0.1),
      priority: random.chance(0.7) ? 0 : random.pick([-2, -1, 1, 3]),
      leads: random.chance(0.8) ? 0 : random.below(4),
      leaseMs: lease,
      actMs: lease * actPart,
      renewMs: lease * RENEW_PART,
      openMs: 1 + random.next() * random.pick([20, 200, 1500]),
      drainMs: 1 + random.next() * random.pick([20, 500]),
      closeMs: 1 + random.next() * random.pick([20, 0.8 * slack * Math.min(lease, 20_000)]),
    };
  });
  const durationMs = (settings.seconds ?? random.pick([30, 60, 120])) * 1000;
  const draw = { random, hosts: count, store, wallsAgree };
  const actions: Action[] = [];
  const gapMs = random.pick([400, 1500, 4000]) * Math.max(1, leaseMs / 6000);
  for (let at = random.next() * 3000; at < durationMs; at += random.next() * 2 * gapMs)
    actions.push(drawAction(at, draw));
  const sleeps = seed >= WITH_SLEEP;
  return {
    seed,
    durationMs,
    announces: random.chance(0.7),
    store,
    isExact: drift === 0 && store !== 'loses' && !haveOtherLeases,
    wallsAgree,
    hosts,
    actions: sleeps ? actions.map(asSleep) : actions,
    ending: drawEnding(random, store, count),
    isUntimely: random.chance(0.4),
  };
}

/** Every freeze of a host becomes a suspension of its machine. */
const asSleep = (action: Action): Action => (action.do === 'freeze host' ? { ...action, do: 'suspend' } : action);

function drawClock(random: Random, drift: number, wallsAgree: boolean): ClockPlan {
  const part = random.pick([-1, -1, 1, 1, 2 * random.next() - 1]);
  return {
    rate: 1 + drift * part,
    startMs: random.next() * 1e6,
    wallMs: wallsAgree ? 0 : (2 * random.next() - 1) * random.pick([1000, HOUR_MS, 1000 * HOUR_MS]),
  };
}

function drawEnding(random: Random, store: FleetPlan['store'], hosts: number): Ending {
  if (store === 'loses' && random.chance(0.5)) return 'store loses all';
  const endings: Ending[] = ['resign', 'leave', 'kill worker', 'kill host', 'freeze host', 'cut'];
  if (hosts > 1) endings.push('transfer', 'transfer from another host');
  return random.pick(endings);
}

export const hasOtherLeases = ({ hosts }: FleetPlan): boolean => new Set(hosts.map(({ leaseMs }) => leaseMs)).size > 1;
