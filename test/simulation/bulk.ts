// What an app does seldom: much at once, or what ends whoever does it.

import type { SimGroup } from './group.js';
import { type Action, FIRST_OF_BURST, FIRST_OF_POISON } from './plan.js';
import { emitEvent, innerOf } from './upstream.js';
import type { SimHandle, SimWorker } from './worker.js';

type Of<Do extends Action['do']> = Extract<Action, { do: Do }>;

/** @param number of its own */
export function usePoison(handle: SimHandle, { what, how, timeoutMs }: Of<'poison'>, number: number): void {
  const { worker } = handle;
  const { poisons, values } = worker.world;
  const key = FIRST_OF_POISON + number;
  if (what === 'call') worker.call(handle, { what: how, ms: 0, timeoutMs: 8000, idempotent: true }, 'call');
  else if (what === 'sticky') worker.say(handle, key, { poison: how, timeoutMs });
  else {
    poisons.set(key, how);
    values.subscribe(handle, key, 'all');
  }
}

export function burst(handle: SimHandle, { what, count, spread }: Of<'burst'>): void {
  const { worker } = handle;
  for (let i = 0; i < count; i++) {
    if (what === 'calls') worker.call(handle, { what: 'sync', ms: 0, timeoutMs: 8000, idempotent: true }, 'call');
    else if (what === 'sticky') worker.say(handle, FIRST_OF_BURST + i);
    else worker.world.values.subscribe(handle, FIRST_OF_BURST + (i % spread), 'all');
  }
}

/** @param cost sets what it costs the primary to read data, and until when */
export function torrent(
  leader: SimWorker,
  group: SimGroup,
  { count, ms }: Of<'torrent'>,
  cost: (ms: number, until: number) => void,
): void {
  const { world } = leader;
  const client = group.upstream.live.find(one => innerOf(one).home === leader);
  if (!client) return;
  for (let i = 0; i < count; i++) emitEvent(client);
  // Each comes a little after the one before it, and the primary may be stalled meanwhile.
  const lasts = 3 * count * (ms + world.plan.jitterMs);
  cost(ms, world.time.now() + lasts);
  world.wasDisturbed(lasts);
  for (const other of world.workers) if (other !== leader) other.wasUnwell(lasts);
}

export function chatter(worker: SimWorker, { count, ms }: Of<'chatter'>): void {
  worker.run(() => {
    // It may have been frozen or busy until all faults were over.
    if (worker.world.isHealed) return;
    for (let i = 0; i < count; i++) worker.process.send({ chatter: i, readMs: ms });
  });
}
