// What may happen to a simulated fleet, and how it is drawn by lot.

import type { Random } from '../../helpers/unit/random.js';
import type { Cut, Trouble } from './network.js';

/** The host that leads, or one of all by its number. */
export type Who = 'leader' | number;

export type Action = { readonly at: number } & (
  | { readonly do: 'kill host'; readonly who: Who; readonly restartMs: number }
  | { readonly do: 'kill worker' | 'resign' | 'break' | 'done' | 'reset'; readonly who: Who }
  | { readonly do: 'freeze worker' | 'freeze host' | 'suspend'; readonly who: Who; readonly ms: number }
  | { readonly do: 'cut'; readonly who: Who; readonly ms: number; readonly cut: Cut; readonly notices: boolean }
  | { readonly do: 'change worker'; readonly who: Who; readonly ms: number }
  | { readonly do: 'leave'; readonly who: Who; readonly ms: number }
  | { readonly do: 'transfer'; readonly who: Who; readonly to: number | undefined }
  | { readonly do: 'not eligible' | 'cannot open'; readonly who: Who; readonly ms: number }
  | { readonly do: 'trouble'; readonly ms: number; readonly trouble: Trouble }
  | { readonly do: 'another version leads'; readonly ms: number }
  | { readonly do: 'delete' | 'damage' }
  | { readonly do: 'go back'; readonly versions: number }
);

export interface Draw {
  readonly random: Random;
  readonly hosts: number;
  readonly store: 'keeps' | 'loses' | 'stale';
  readonly wallsAgree: boolean;
}

type Drawer = (draw: Draw) => DistributedOmit<Action, 'at'>;
type DistributedOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

const who = ({ random, hosts }: Draw): Who => (random.chance(0.7) ? 'leader' : random.below(hosts));
/** Often short, sometimes longer than a lease. */
const time = ({ random }: Draw): number => 10 + random.next() ** 2 * random.pick([500, 5000, 30_000]);

const DRAWERS: readonly Drawer[] = [
  draw => ({ do: 'kill host', who: who(draw), restartMs: time(draw) }),
  draw => ({ do: 'kill worker', who: who(draw) }),
  draw => ({ do: 'resign', who: who(draw) }),
  draw => ({ do: 'break', who: who(draw) }),
  draw => ({ do: 'done', who: who(draw) }),
  draw => ({ do: 'reset', who: who(draw) }),
  draw => ({ do: 'freeze worker', who: who(draw), ms: time(draw) }),
  draw => ({ do: 'freeze worker', who: 'leader', ms: 3000 + time(draw) }),
  draw => ({ do: 'freeze host', who: who(draw), ms: time(draw) }),
  draw => ({ do: 'cut', who: who(draw), ms: time(draw), cut: drawCut(draw), notices: draw.random.chance(0.5) }),
  draw => ({ do: 'cut', who: who(draw), ms: time(draw), cut: drawCut(draw), notices: draw.random.chance(0.5) }),
  draw => ({ do: 'change worker', who: who(draw), ms: 10 }),
  draw => ({ do: 'leave', who: who(draw), ms: time(draw) }),
  draw => ({ do: 'transfer', who: who(draw), to: draw.random.chance(0.5) ? draw.random.below(draw.hosts) : undefined }),
  draw => ({ do: 'transfer', who: who(draw), to: draw.random.chance(0.5) ? draw.random.below(draw.hosts) : undefined }),
  draw => ({ do: 'not eligible', who: who(draw), ms: time(draw) }),
  draw => ({ do: 'cannot open', who: who(draw), ms: time(draw) }),
  draw => ({ do: 'trouble', ms: time(draw), trouble: drawTrouble(draw) }),
  draw => ({ do: 'trouble', ms: time(draw), trouble: drawTrouble(draw) }),
  draw => ({ do: 'trouble', ms: time(draw), trouble: drawTrouble(draw) }),
  draw => ({ do: 'another version leads', ms: time(draw) }),
  draw => (draw.wallsAgree ? { do: draw.random.pick(['delete', 'damage']) } : { do: 'resign', who: 'leader' }),
  draw =>
    draw.store === 'loses'
      ? { do: 'go back', versions: draw.random.pick([1, 2, 10, 1e9]) }
      : { do: 'trouble', ms: time(draw), trouble: drawTrouble(draw) },
];

export const drawAction = (at: number, draw: Draw): Action => ({ at, ...draw.random.pick(DRAWERS)(draw) }) as Action;

function drawCut({ random }: Draw): Cut {
  const way = random.below(3);
  return { out: way !== 0, in: way !== 1, keeps: random.chance(0.5) };
}

function drawTrouble({ random, store }: Draw): Trouble {
  const chance = random.pick([0.1, 0.5, 1]);
  const troubles: Trouble[] = [
    { slowMs: random.pick([100, 500, 1500]) },
    { losesQuestions: chance },
    { losesAnswers: chance },
    { losesAnnouncements: chance },
    { delaysAnnouncements: chance },
    { refusesWrites: true },
    { isAway: true },
  ];
  // With a store that loses data too, a claim could be done after later ones are lost.
  if (store !== 'loses') troubles.push({ commitsLate: chance }, { commitsLate: chance });
  if (store === 'stale') troubles.push({ staleBy: 1 }, { staleBy: 3 });
  return random.pick(troubles);
}
