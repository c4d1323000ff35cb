// The end of a simulated fleet: all is well again, so a host has to lead. Then one more thing happens, alone, so that it is
// known what has to follow and how soon. At last all hosts leave, and nothing may be left.

import type { Candidate } from './candidate.js';
import { calm } from './mishaps.js';
import { hasOtherLeases } from './plan.js';
import type { World } from './world.js';

/** What was under way is over: operations without an answer, writes that are done late, noticing a lost connection. */
const SETTLE_MS = 13_000;
/** Promised beside the lease, for a claim. */
const CLAIM_MS = 1000;
/** Ways of messages, timers, turns. */
const SLACK_MS = 250;
const RENEWALS = 10;

export function end(world: World): void {
  calm(world);
  const { promises } = world;
  world.run(SETTLE_MS);
  if (!world.runUntil(() => isLed(world), limits(world).claimMs + limits(world).openMs + promises.mostPauseMs))
    promises.fail('when all is well, a host leads', `none has`);
  world.run(2 * limits(world).leaseMs);
  if (!isLed(world)) promises.fail('when all is well, a host leads', 'it has stopped');
  idle(world);
  last(world, leaderOf(world));
  promises.check();
  leave(world);
}

const leaderOf = ({ leading }: World): Candidate => leading!;

function isLed({ leading }: World): boolean {
  return leading?.isRunning === true && leading.member.acts;
}

/** By real time, with the slowest clock of all. */
function limits({ plan }: World) {
  const rate = Math.min(...plan.hosts.map(({ clock }) => clock.rate));
  const most = (of: (host: (typeof plan.hosts)[number]) => number) => Math.max(...plan.hosts.map(of));
  const leaseMs =
    Math.max(
      6000,
      most(host => host.leaseMs),
    ) / rate;
  const leads = most(host => host.leads) * 20;
  const pollMs = plan.announces ? 0 : 500;
  return {
    leaseMs,
    renewMs: most(host => host.renewMs) / rate,
    /** After the death of a leader. Its last announcement may be lost with it, and is read up to two renewals later. */
    claimMs:
      leaseMs + ((plan.isUntimely ? 2 : 1) * most(host => host.renewMs) + CLAIM_MS + leads + pollMs + SLACK_MS) / rate,
    /** After a release. */
    nextMs: (CLAIM_MS + leads + 2 * pollMs + SLACK_MS) / rate,
    openMs: (most(host => host.openMs) + SLACK_MS) / rate,
    stopMs: (most(host => host.drainMs) + most(host => host.closeMs) + 2 * SLACK_MS) / rate,
  };
}

/** One write for each renewal, and without announcements the reads of all the others. */
function idle(world: World): void {
  const { store, plan, promises, candidates } = world;
  const { options } = leaderOf(world);
  const { reads, writes } = store;
  const { rate } = leaderOf(world).host.plan.clock;
  world.run((RENEWALS * options.renewMs) / rate);
  const written = store.writes - writes;
  if (written > RENEWALS + 1 || written < RENEWALS - 1) promises.fail('a renewal is one write', `${written} writes`);
  const read = store.reads - reads;
  const polls = plan.announces ? 0 : candidates.size * (4 * RENEWALS + 2) * 2.5;
  if (read > polls && !hasOtherLeases(plan)) promises.fail('idle hosts read little', `${read} reads`);
}

function last(world: World, leader: Candidate): void {
  const { plan, promises } = world;
  const { claimMs, nextMs, openMs, stopMs } = limits(world);
  const { host, process, member } = leader;
  const term = promises.highestTerm;
  const others = plan.hosts.filter(({ isEligible, name }) => isEligible && name !== host.plan.name);
  const follow = (ms: number, is: (next: Candidate) => boolean, what: string) => {
    const isFollowed = () => promises.highestTerm > term && isLed(world);
    if (!world.runUntil(isFollowed, ms + openMs)) promises.fail(what, `nobody leads after ${plan.ending}`);
    if (!is(leaderOf(world))) promises.fail(what, `${leaderOf(world).host.plan.name} leads after ${plan.ending}`);
  };
  // Others go first by some ten milliseconds, if nothing delays them.
  const areEven = !hasOtherLeases(plan) && plan.hosts.every(({ clock }) => Math.abs(clock.rate - 1) < 0.02);
  const arePrompt = areEven && others.some(({ priority, leads }) => priority >= 0 && leads === 0);
  const isOther = (next: Candidate) => next.host !== host || !arePrompt;
  const planned = 'a planned hand-over takes less than a lease';
  const failover = 'after a death another host leads once the lease is over';
  const other = [...world.candidates].find(candidate => candidate !== leader && candidate.isConnected);
  if (plan.isUntimely) beUntimely(world);
  switch (plan.ending) {
    case 'resign':
      if (plan.isUntimely) other?.transfer('');
      process.call(() => member.resign());
      return follow(stopMs + nextMs, isOther, planned);
    case 'leave':
      host.leave();
      return follow(stopMs + nextMs, isOther, planned);
    case 'transfer':
      leader.transfer(others[0]?.name ?? '');
      return follow(stopMs + nextMs, next => !areEven || !others[0] || next.host.plan.name === others[0].name, planned);
    case 'transfer from another host':
      other?.transfer('');
      return other && follow(stopMs + nextMs, isOther, planned);
    case 'kill worker':
      host.killWorker();
      return follow(nextMs, next => next.host === host, 'the host of a worker that died leads on');
    case 'kill host':
      host.kill();
      return follow(claimMs, next => next.host !== host, failover);
    case 'freeze host':
      host.freezeAll(1e9);
      return follow(claimMs, next => next.host !== host, failover);
    case 'cut':
      host.disconnect({ out: true, in: true, keeps: false }, 1e9, false);
      return follow(claimMs, next => next.host !== host, failover);
    case 'store loses all':
      return loseAll(world, leader);
  }
}

/** Until the next renewal is in the store, and is not yet announced. */
function beUntimely(world: World): void {
  const { store, network, plan } = world;
  if (!['kill host', 'freeze host', 'cut'].includes(plan.ending)) return;
  network.begin({ delaysAnnouncements: 0.5 });
  const isNext = (revision: number) => () => store.current.revision > revision;
  for (let i = 0; i < 4; i++) world.runUntil(isNext(store.current.revision), limits(world).leaseMs);
}

/** The leader writes its record again, in the same term, with the same real client. */
function loseAll(world: World, leader: Candidate): void {
  const { store, promises } = world;
  const term = promises.highestTerm;
  const warned = promises.warnings.lost;
  promises.losses.push(world.events.now);
  store.goBack(1e9);
  world.run(2 * limits(world).renewMs + SLACK_MS);
  const isKept = leader.member.acts && promises.highestTerm === term && store.current.record?.term === term;
  if (!isKept) promises.fail('a leader outlives the loss of its record', `term ${term}`);
  if (promises.warnings.lost === warned) promises.fail('a leader outlives the loss of its record', 'it says nothing');
}

function leave(world: World): void {
  const { promises, events } = world;
  calm(world);
  world.run(1000);
  world.isOver = true;
  for (const host of world.hosts) host.leave();
  world.run(SETTLE_MS + limits(world).stopMs);
  for (const { process, isClosed, election, host, options } of world.candidates) {
    if (process.isAlive)
      promises.fail(
        'nothing is left',
        `${host.plan.name}/${options.nonce}, closed: ${isClosed}, ${election.flight?.op}`,
      );
  }
  if (!events.isEmpty) world.run(60_000);
}
