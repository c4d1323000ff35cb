// Carries out what a plan has listed.

import type { Action, Who } from './actions.js';
import type { SimHost } from './host.js';
import { hasOtherLeases } from './plan.js';
import type { World } from './world.js';

export function schedule(world: World): void {
  for (const action of world.plan.actions) {
    world.events.add(action.at, () => {
      world.trace?.(`${world.events.now.toFixed(1).padStart(10)} ---- ${JSON.stringify(action)}`);
      carryOut(world, action);
    });
  }
}

function hostOf(world: World, who: Who): SimHost | undefined {
  const host = who === 'leader' ? world.leading?.host : world.hosts[who];
  return host?.isAlive ? host : undefined;
}

function carryOut(world: World, action: Action): void {
  const { events, network, foreigner } = world;
  const host = 'who' in action ? hostOf(world, action.who) : undefined;
  if ('who' in action && !host) return;
  const { current, plan } = host ?? {};
  switch (action.do) {
    case 'kill host': {
      const place = world.hosts.indexOf(host!);
      host!.kill();
      return events.after(action.restartMs, () => world.startHost(place, plan!));
    }
    case 'kill worker':
      return host!.killWorker();
    case 'resign':
      return current?.process.call(() => current.member.resign());
    case 'break':
      return current?.process.call(() => current.member.break());
    case 'done':
      return current?.process.call(() => {
        current.elect({ type: 'done' });
        current.member.resign();
      });
    case 'reset':
      return host!.reset();
    case 'freeze worker':
      return host!.freezeWorker(action.ms);
    case 'freeze host':
      return host!.freezeAll(action.ms);
    case 'suspend':
      return host!.suspend(action.ms);
    case 'cut':
      return host!.disconnect(action.cut, action.ms, action.notices);
    case 'change worker':
    case 'leave':
      return host!.changeWorker(action.ms);
    case 'transfer':
      return current?.transfer(action.to === undefined ? '' : world.plan.hosts[action.to]!.name);
    case 'not eligible':
      setEligible(host!, false);
      return events.after(action.ms, () => setEligible(host!, host!.plan.isEligible));
    case 'cannot open':
      host!.failsToOpen = true;
      return events.after(action.ms, () => {
        host!.failsToOpen = false;
      });
    case 'trouble':
      return events.after(action.ms, network.begin(action.trouble));
    case 'another version leads':
      return foreigner.await(action.ms);
    default:
      return harmStore(world, action);
  }
}

function harmStore(world: World, action: Extract<Action, { do: 'delete' | 'damage' | 'go back' }>): void {
  const { store, promises, events, foreigner, plan } = world;
  if (action.do === 'go back') {
    promises.losses.push(events.now);
    return store.goBack(action.versions);
  }
  // A leader that can't write its record again would have to be waited for by those who know its lease.
  if (store.current.revision === 0 || events.now < foreigner.leaseUntil || hasOtherLeases(plan)) return;
  promises.wasDamaged = true;
  store.put(action.do === 'delete' ? undefined : { v: undefined, term: undefined, leaseMs: undefined });
}

function setEligible(host: SimHost, isEligible: boolean): void {
  if (host.isEligible === isEligible) return;
  host.isEligible = isEligible;
  host.current?.eligibleChanged();
}

/** All mishaps end. Who died or left comes back. */
export function calm(world: World): void {
  world.network.calm();
  world.foreigner.stop();
  for (const [place, plan] of world.plan.hosts.entries()) {
    world.startHost(place, plan);
    const host = world.hosts[place]!;
    host.reconnect();
    host.failsToOpen = false;
    setEligible(host, plan.isEligible);
    for (const candidate of [...host.candidates]) host.thaw(candidate);
    if (!host.current) host.appoint();
  }
}
