// The account of who leads: one lease at a time, terms that grow, one real client, nobody deposed who is well.

import type { Sender } from '../../lib/leader/sender.js';
import type { Primary } from '../../lib/router/primary-types.js';
import type { SimGroup } from './group.js';
import { DRAIN_TIMEOUT_MS, HEARTBEAT_MS, LEADER_TIMEOUT_MS } from './plan.js';
import { innerOf, isLive, type SimClient } from './upstream.js';
import type { SimWorker } from './worker.js';
import type { World } from './world.js';

export const MARGIN_MS = 60;

export class LeaderAccount {
  readonly counts = { appointed: 0, deposed: 0 };

  constructor(private readonly world: World) {}

  watch(primary: Primary): void {
    const { world } = this;
    primary.on('appointed', ({ name, workerId, term }) => {
      const group = world.groupOf(name);
      this.counts.appointed++;
      world.log(() => `  primary: w${workerId} is appointed to ${name}, term ${group.short(term)}`);
      if (term <= group.lastTerm) world.broken('terms', `${name}: term ${term} was given out after ${group.lastTerm}`);
      this.#checkEligible(group, workerId);
      group.lastTerm = term;
      group.appointedAt = world.time.now();
      this.#checkAppointment(group, term);
    });
    primary.on('ready', ({ name, workerId, term }) => {
      world.log(() => `  primary: w${workerId} is ready in ${name}, term ${world.groupOf(name).short(term)}`);
    });
    primary.on('deposed', ({ name, workerId, term, cause }) => {
      const group = world.groupOf(name);
      this.counts.deposed++;
      world.log(() => `  primary: w${workerId} is deposed in ${name}, term ${group.short(term)}, ${cause}`);
      const worker = world.workers.find(({ id }) => id === workerId)!;
      const isInOrder = cause === 'resigned' && world.isWell(worker, 3 * DRAIN_TIMEOUT_MS);
      const isLost = cause !== 'resigned' && cause !== 'failed' && cause !== 'broken';
      group.ended.push({ term, isInOrder, isLost, leader: worker });
      if (cause === 'silent' || cause === 'disconnected') this.#excuse(group, worker);
      if (cause === 'silent' || cause === 'killed') this.#checkSilence(group, worker);
    });
    primary.on('vacant', ({ name }) => world.log(() => `  primary: ${name} is vacant`));
    primary.on('warning', ({ message }) => world.log(() => `  primary: warning ${message}`));
  }

  /** The primary is closed: all terms of the workers end with it. Who can say so closes before others open. */
  shut(): void {
    const { world } = this;
    for (const group of world.groups) {
      group.ended.push({ term: group.lastTerm, isInOrder: false, isLost: true, leader: world.leaderOf(group) });
      for (const client of group.upstream.clients) {
        innerOf(client).shutAt ??= world.time.now();
        // One that only prepared to lead isn't waited for.
        innerOf(client).isExcused ||= group.plan.handover === 'overlap';
      }
    }
  }

  /** Something was begun by a leader. */
  acts(group: SimGroup, home: SimWorker, term: number, what: string): void {
    const { world } = this;
    if (term < group.actedTerm)
      world.broken(
        'stale',
        `${group}: ${what} in term ${group.short(term)} after one in ${group.short(group.actedTerm)}`,
      );
    group.actedTerm = Math.max(group.actedTerm, term);
    const seen = world.services(group).find(({ service, workerId }) => service.term === term && workerId === home.id);
    if (!seen?.service.hasLease())
      world.broken('lease', `${group}: ${what} in ${home} outside the lease of term ${group.short(term)}`);
    if (home.isFrozen) world.broken('lease', `${group}: ${what} in ${home}, which is frozen`);
  }

  /** A worker begins to open a real client. */
  opens(group: SimGroup, home: SimWorker): void {
    if (group.plan.handover === 'overlap' || this.world.leaderOf(group) === home) return;
    this.world.broken('one real client', `${home} opens one for ${group}, which it doesn't lead`);
  }

  /** A value leaves a leader. */
  emits(sender: Sender): void {
    const seen = this.world.services().find(({ service }) => service.sender === sender);
    if (seen?.service.hasLease()) return;
    if (seen) this.world.broken('lease', `w${seen.workerId} emitted a value outside its lease`);
    else this.world.broken('lease', 'a value was emitted by who serves no more');
  }

  /** After every step. */
  check(): void {
    const { world } = this;
    for (const group of world.groups) {
      const leases = world.countLeases(group);
      if (leases === 0) group.idleAt = world.time.now();
      if (leases > 1) world.broken('one lease', `${leases} valid leases in ${group}`);
      this.#checkClients(group);
    }
  }

  /** A hung leader is succeeded in time. */
  checkHung(): void {
    const { world } = this;
    const now = world.time.now();
    if (world.isStalled) return;
    for (const group of world.groups) {
      const worker = world.leaderOf(group);
      if (!worker?.isFrozen || !worker.process.isAlive || world.leadershipOf(group)!.state === 'fenced') continue;
      // What it had sent before shows, when it is read, that it lived then.
      const since = Math.max(worker.frozenAt, world.disturbedAt, group.appointedAt, world.readAt(worker));
      if (now > since + LEADER_TIMEOUT_MS + HEARTBEAT_MS + MARGIN_MS)
        world.broken(
          'failover',
          `${worker} is frozen since ${Math.round(now - worker.frozenAt)} ms and still leads ${group}`,
        );
    }
  }

  #checkEligible(group: SimGroup, workerId: number): void {
    const worker = this.world.workers.find(({ id }) => id === workerId);
    if (!(worker?.plan.eligible ?? workerId !== 0))
      this.world.broken('eligible', `w${workerId} was appointed to ${group}, and may not lead`);
  }

  #checkAppointment(group: SimGroup, term: number): void {
    for (const { service, workerId } of this.world.services(group)) {
      if (service.term < term && service.hasLease())
        this.world.broken(
          'one lease',
          `${group}: appointed while w${workerId} holds the lease of term ${group.short(service.term)}`,
        );
    }
  }

  #checkClients(group: SimGroup): void {
    if (group.upstream.clients.length < 2) return;
    const { live } = group.upstream;
    if (live.length < 2) return;
    const now = this.world.time.now();
    const counted = live.filter(client => {
      const { isExcused, closingSince, context, home } = innerOf(client);
      // Nothing of a frozen process is known to be its own fault; nobody waits longer than drainTimeoutMs.
      const isOverdue = closingSince !== undefined && (home.isFrozen || now - closingSince >= DRAIN_TIMEOUT_MS);
      return !isExcused && !isOverdue && !context?.signal.aborted && isLive(client);
    });
    const most = group.plan.handover === 'overlap' ? 2 : 1;
    if (counted.length <= most) return;
    for (const client of counted)
      innerOf(client).isExcused ||= this.#isGivenUp(group, innerOf(client).home) || this.#isMute(client);
    if (counted.filter(client => !innerOf(client).isExcused).length > most)
      this.world.broken(
        'one real client',
        `${group} has ${counted.length}: in ${counted.map(client => innerOf(client).home).join(', ')}`,
      );
  }

  /** A successor that stood still is given up without a word, and keeps what it had opened until it runs again. */
  #isGivenUp(group: SimGroup, { id, isFrozen, disturbedAt }: SimWorker): boolean {
    const { leader, successor } = this.world.leadershipOf(group) ?? {};
    return id !== leader && id !== successor && (isFrozen || this.world.time.now() - disturbedAt < MARGIN_MS);
  }

  /** Since its primary was closed it could not say at all times that it lives. */
  #isMute(client: SimClient): boolean {
    const { shutAt, home } = innerOf(client);
    if (shutAt === undefined) return false;
    return home.isFrozen || home.isCut || home.latencyMs > 0 || home.unwellAt > shutAt - LEADER_TIMEOUT_MS;
  }

  #excuse(group: SimGroup, worker: SimWorker): void {
    for (const client of group.upstream.clients) if (innerOf(client).home === worker) innerOf(client).isExcused = true;
  }

  /**
   * Only the primary's own running time counts, so its stalls depose nobody. One that is killed for its silence is deposed
   * once its channel has been read to its end, which may take long. Where much has come at once, the primary of a simulation
   * takes a turn for each piece of it, and timers fire in between. Node reads all channels before the next timer, and would
   * have come to the heartbeat.
   */
  #checkSilence(group: SimGroup, worker: SimWorker): void {
    const { world } = this;
    if (worker.isFrozen || worker.latencyMs > 0 || world.plan.jitterMs > 1) return;
    const { atMs, isUnread } = worker.died ?? { atMs: world.runningMs, isUnread: world.isUnread(worker) };
    if (isUnread) return;
    const wellFor = atMs - worker.unwellAtMs;
    if (wellFor > LEADER_TIMEOUT_MS + 2 * HEARTBEAT_MS)
      world.broken('silence', `${worker} was deposed in ${group}, and was well for ${Math.round(wellFor)} ms`);
  }
}
