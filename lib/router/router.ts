// The primary's side: tracks workers, passes control frames to groups, detects silence, relays data.

import { otherOptions, passedOn, protocolTooFar, tooManyGroups } from '../errors/warnings.js';
import { appChoice, byPreference } from '../group/choose.js';
import { FailoverBook } from '../metrics/failover-book.js';
import { type Candidate, digestDifference, type ResolvedPrimaryOptions } from '../options/options.js';
import type { Bundle } from '../protocol/bundle.js';
import {
  type Address,
  type Envelope,
  type FromWorker,
  type Hello,
  type Join,
  MARKER,
  PROTOCOL_VERSIONS,
  type ReadPacket,
  type Transfer,
  type TransferFailure,
} from '../protocol/messages.js';
import { parsePacket } from '../protocol/parse.js';
import type { PortablePayload } from '../protocol/payload.js';
import type { Leftovers } from '../transport/direct.js';
import type { Peer, PrimaryEnd, Via } from '../transport/transport.js';
import type { Clock, Timer } from '../utils/clock.js';
import { RunningClock } from '../utils/running-clock.js';
import { type GroupOwner, RoutedGroup } from './group.js';
import { endTerm, memberGone, type RelayOwner, relay } from './relay.js';
import { commonVersion, RoutedWorker } from './routed-worker.js';

/** Bytes that may always wait for a worker, regardless of the total. */
const ALWAYS_FREE_BYTES = 1024 * 1024;

/** Maximum number of groups per worker; each takes about 5 kB here. */
export const MOST_GROUPS = 20_000;

/**
 * At a cold start the first worker joins all its groups before the others have started. A new group waits for them briefly,
 * so that one worker does not lead all groups.
 */
const SPREAD_MS = 200;

/** Maximum number of remembered addresses per worker. */
const MOST_ADDRESSES = 64;

export interface RouterOptions {
  readonly clock: Clock;
  readonly options: ResolvedPrimaryOptions;
  /** Emits a public event of the primary. */
  emit(event: string, detail: object): void;
  /** Decodes an error. The router itself reads no values. */
  readError(payload: PortablePayload): Error;
  /** Removes what killed workers left in the file system. */
  leftovers?: Leftovers | undefined;
}

export class Router implements GroupOwner, RelayOwner {
  readonly clock: Clock;
  readonly workers = new Map<number, RoutedWorker>();
  readonly groups = new Map<string, RoutedGroup>();
  readonly traffic = { frames: 0, bundles: 0, bytes: 0 };
  readonly emit: RouterOptions['emit'];
  readonly readError: RouterOptions['readError'];
  readonly #leftovers: RouterOptions['leftovers'];
  options: ResolvedPrimaryOptions;
  /** The end that each worker belongs to. */
  readonly #origins = new Map<number, { peer: Peer; end: PrimaryEnd; link: number; addresses: Set<string> }>();
  readonly #ends = new Set<PrimaryEnd>();
  /** Groups that wait for more candidates. */
  readonly #heldOpen = new Set<RoutedGroup>();
  #spread: Timer | undefined;
  readonly #running: RunningClock;
  /** Ends that were detached, until none of their workers can lead any more. */
  readonly #leaving = new Map<PrimaryEnd, () => void>();
  readonly #transfers = new Map<string, (failed?: TransferFailure) => void>();
  #lastTransfer = 0;
  readonly #failovers = new FailoverBook();
  #hasWarnedOfPassedOn = false;
  /** The highest term of removed groups: a group that is created again continues from it. */
  #lastTerm = 0;

  constructor({ clock, options, emit, readError, leftovers }: RouterOptions) {
    this.clock = clock;
    this.options = options;
    this.emit = emit;
    this.readError = readError;
    this.#leftovers = leftovers;
    this.#running = new RunningClock(clock, options.heartbeatMs / 2, () => this.#lookForSilence());
  }

  get expected(): number {
    let count = 0;
    for (const end of this.#ends) count += end.count;
    return count;
  }

  /** Replaces the options and sends them to the workers. */
  configure(options: ResolvedPrimaryOptions): void {
    this.options = options;
    this.#running.tickMs = options.heartbeatMs / 2;
    for (const worker of this.workers.values()) this.#welcome(worker);
  }

  /** Serves the workers of another end. */
  attach(end: PrimaryEnd): void {
    this.#ends.add(end);
    this.#leaving.get(end)?.();
    this.#leaving.delete(end);
    end.listen({
      message: (peer, message, via) => this.#receive(peer, end, message, via),
      closed: workerId => this.#closed(workerId),
      exited: workerId => this.#exited(workerId),
    });
  }

  /**
   * Sends a goodbye to every worker of `end`. Resolves once none of them can still lead: it has read the goodbye and sends a
   * hello to the next primary, or it is dead, or its lease has expired.
   */
  detach(end: PrimaryEnd): Promise<void> {
    this.#ends.delete(end);
    const workers = [...this.workers.values()].filter(worker => worker.end === end);
    for (const worker of workers) {
      worker.sendControl({ k: 'goodbye' });
      worker.outbox.flush();
      // Removing the first workers may appoint others of this list. They must not be notified.
      worker.close();
    }
    for (const { workerId } of workers) this.#closed(workerId);
    return new Promise(resolve => {
      this.#leaving.set(end, resolve);
      this.#closeLeft();
    });
  }

  transfer(name: string, to: number | undefined, done: (failed?: TransferFailure) => void): void {
    const group = this.groups.get(name);
    if (!group) return done('no group');
    const request = String(++this.#lastTransfer);
    this.#transfers.set(request, done);
    group.transfer(request, to);
  }

  #transferFor(worker: RoutedWorker, { group, id, to }: Transfer): void {
    this.transfer(group, to, failed => worker.sendControl({ k: 'transferred', group, id, ...(failed && { failed }) }));
  }

  transferred(request: string, failed?: TransferFailure): void {
    this.#transfers.get(request)?.(failed);
    this.#transfers.delete(request);
  }

  pidOf(workerId: number): number {
    return this.#origins.get(workerId)?.peer.pid ?? 0;
  }

  kill(workerId: number): void {
    this.#origins.get(workerId)?.end.kill(workerId);
  }

  /** Chooses a candidate: the app's valid choice, or else the default. */
  choose(candidates: readonly Candidate[], name: string): number {
    const { chooseLeader } = this.options;
    const ask = chooseLeader && appChoice(chooseLeader, (message, detail) => this.warn(message, detail));
    return (ask?.(candidates, name) ?? candidates.toSorted(byPreference)[0]!).workerId;
  }

  leaderChanged(before: number | undefined, after: number | undefined): number | undefined {
    return this.#count('leads', before, after);
  }

  successorChanged(before: number | undefined, after: number | undefined): void {
    this.#count('prepares', before, after);
    const old = this.workers.get(before ?? -1);
    if (old?.hasLeft && !old.isWatched) this.workers.delete(old.workerId);
  }

  #count(what: 'leads' | 'prepares', before: number | undefined, after: number | undefined): number | undefined {
    const old = this.workers.get(before ?? -1);
    if (old) old[what]--;
    const next = this.workers.get(after ?? -1);
    const isNew = next?.isWatched === false;
    if (next) next[what]++;
    this.#watch();
    // A worker that was not watched has sent no heartbeats: its silence counts from now.
    if (!isNew) return undefined;
    next.lastSeenAt = this.#running.now();
    return this.clock.now();
  }

  /** All groups at once, so that appointments of one tick share a heartbeat. */
  holdOpen(group: RoutedGroup): void {
    this.#heldOpen.add(group);
    this.#spread ??= this.clock.setTimer(() => {
      this.#spread = undefined;
      const groups = [...this.#heldOpen];
      this.#heldOpen.clear();
      for (const each of groups) each.stopHoldingOpen();
    }, SPREAD_MS);
  }

  endTerm(group: RoutedGroup, term: number, leader: number): void {
    endTerm(this, group, term, leader);
  }

  memberGone(group: RoutedGroup, workerId: number): void {
    memberGone(this, group, workerId);
  }

  isOverloaded({ outbox, backlog }: RoutedWorker, bytes: number): boolean {
    // Kept values do not count, because they can be dropped.
    const waiting = outbox.queuedBytes;
    // A single item may have any size, or it would never be sent.
    if (waiting === 0 || waiting + bytes <= ALWAYS_FREE_BYTES) return false;
    const { maxQueuedBytes, maxQueuedTotalBytes } = this.options;
    return waiting + bytes > maxQueuedBytes || this.#queuedBytes - backlog.bytes + bytes > maxQueuedTotalBytes;
  }

  roomOf({ outbox, backlog }: RoutedWorker): number {
    const { maxQueuedBytes, maxQueuedTotalBytes } = this.options;
    const free = Math.min(maxQueuedBytes - outbox.queuedBytes, maxQueuedTotalBytes - this.#queuedBytes + backlog.bytes);
    return Math.max(free, ALWAYS_FREE_BYTES);
  }

  get #queuedBytes(): number {
    let bytes = 0;
    for (const worker of this.workers.values()) bytes += worker.queuedBytes;
    return bytes;
  }

  // --------------------------------------------------------------------------------------------- from the workers

  #receive(peer: Peer, end: PrimaryEnd, message: unknown, via: Via): void {
    const { workerId } = peer;
    const warn = (error: Error) => this.warn(error.message, { workerId });
    const known = this.workers.get(workerId);
    // If one primary replaces another, both receive the same messages for a while. And a message of a worker that has not
    // yet read its goodbye was meant for the previous primary.
    const worker = known?.end === end && known.isOpen ? known : undefined;
    const isMeant = (envelope: Envelope) => this.#isMeant(workerId, worker, envelope);
    const packet = parsePacket(message, warn, { slices: worker?.slices, isMeant });
    // The app's own messages also prove that the worker is alive: a flood of them may delay its heartbeats.
    if (!packet) return worker && this.#heard(worker);
    if (this.#leaving.has(end)) return this.#hearLast(peer, end, packet);
    if (!worker || packet.link === undefined) return this.#greeted(peer, end, packet, via);
    worker.via = via;
    for (const frame of packet.c) this.#control(worker, frame as FromWorker);
    this.#heard(worker);
    for (const bundle of packet.d) relay(this, worker, bundle);
  }

  /** After the goodbye. A worker that has read it sends a hello, which another end may have answered already. */
  #hearLast({ workerId }: Peer, end: PrimaryEnd, { c }: ReadPacket): void {
    const worker = this.workers.get(workerId);
    const hello = c.find(frame => frame.k === 'hello');
    if (worker?.end !== end || !hello) return;
    if (hello.closing) worker.lastSeenAt = this.#running.now();
    else this.#exited(workerId);
  }

  /** Whether the worker of this channel sent the packet. Late packets of an ended link are dropped without a warning. */
  #isMeant(workerId: number, worker: RoutedWorker | undefined, envelope: Envelope): boolean {
    const isUp = envelope.up !== undefined;
    if (isUp && (envelope.link === undefined || worker?.received.accepts(envelope))) return true;
    if (worker || !isUp) this.#warnOfPassedOn(workerId);
    return false;
  }

  #warnOfPassedOn(workerId: number): void {
    if (this.#hasWarnedOfPassedOn) return;
    this.#hasWarnedOfPassedOn = true;
    this.warn(passedOn(), { workerId });
  }

  #greeted(peer: Peer, end: PrimaryEnd, { c }: ReadPacket, via: Via): void {
    for (const frame of c) {
      if (frame.k !== 'hello') continue;
      if (this.#isOwnHello(peer, frame)) this.#hello(peer, end, frame, via);
      else this.#warnOfPassedOn(peer.workerId);
    }
  }

  /** If a wrapper starts Node, the pid differs from that of the worker: then the first hello counts. */
  #isOwnHello({ workerId, pid }: Peer, hello: Hello): boolean {
    const known = this.workers.get(workerId);
    return hello.workerId === workerId && (hello.pid === pid || !known || known.pid === hello.pid);
  }

  #control(worker: RoutedWorker, frame: FromWorker): void {
    // A hello only starts a link.
    if (frame.k === 'hello') return;
    if (frame.k === 'heartbeat') return worker.sendControl({ k: 'ack', n: frame.n });
    if (frame.k === 'join') return this.#join(worker, frame);
    if (frame.k === 'address') return this.#noteAddress(worker.workerId, frame);
    if (frame.k === 'transfer') return this.#transferFor(worker, frame);
    const group = 'group' in frame ? this.groups.get(frame.group) : undefined;
    if (!group?.members.has(worker.workerId)) return;
    group.receive(worker.workerId, frame);
    if (!group.members.has(worker.workerId)) worker.groups--;
    this.#forgetIfEmpty(group);
  }

  /** Only the last few addresses of a worker can still exist: it removes older ones itself. */
  #noteAddress(workerId: number, { address, gone }: Address): void {
    const { addresses } = this.#origins.get(workerId)!;
    // A worker can only withdraw addresses that it reported itself.
    if (addresses.delete(address) && gone) this.#leftovers?.forget(address);
    if (gone) return;
    addresses.add(address);
    this.#leftovers?.note(address);
    if (addresses.size <= MOST_ADDRESSES) return;
    const oldest = addresses.values().next().value!;
    addresses.delete(oldest);
    this.#leftovers?.forget(oldest);
  }

  #hello(peer: Peer, end: PrimaryEnd, hello: Hello, via: Via): void {
    const known = this.workers.get(peer.workerId);
    if (hello.closing) {
      if (known) known.lastSeenAt = this.#running.now();
      return;
    }
    if (known?.id === hello.id && known.isOpen) {
      known.via = via;
      return this.#welcome(known);
    }
    if (known) {
      // Another incarnation of the library in the same process, or the same after a goodbye: its old state is gone.
      this.#closed(peer.workerId);
      this.#exited(peer.workerId);
    }
    const version = commonVersion(hello.versions);
    if (version === undefined) return this.#reject(peer, end, hello.id, via);
    const worker = new RoutedWorker(peer, end, hello, version, this.clock, via, () => this.#release(worker));
    this.#origins.set(peer.workerId, { peer, end, link: worker.link, addresses: new Set() });
    worker.lastSeenAt = this.#running.now();
    this.workers.set(peer.workerId, worker);
    this.#welcome(worker);
  }

  #welcome(worker: RoutedWorker): void {
    const { route } = this.options;
    // JSON has no Infinity.
    const heartbeatMs = Math.min(this.options.heartbeatMs, Number.MAX_SAFE_INTEGER);
    const leaderTimeoutMs = Math.min(this.options.leaderTimeoutMs, Number.MAX_SAFE_INTEGER);
    const { id, version, workerId } = worker;
    const probe = new Uint8Array(1);
    const limits = {
      maxQueuedBytes: Math.min(this.options.maxQueuedBytes, Number.MAX_SAFE_INTEGER),
      maxQueuedTotalBytes: Math.min(this.options.maxQueuedTotalBytes, Number.MAX_SAFE_INTEGER),
    };
    worker.sendControl({ k: 'welcome', version, id, workerId, heartbeatMs, leaderTimeoutMs, route, ...limits, probe });
  }

  #reject({ workerId }: Peer, end: PrimaryEnd, id: string, via: Via): void {
    const versions = PROTOCOL_VERSIONS;
    end.send(workerId, { [MARKER]: versions[0], down: 0, c: [{ k: 'rejected', id, versions }] }, () => {}, via);
    this.warn(protocolTooFar(workerId), {
      workerId,
    });
  }

  #join(worker: RoutedWorker, { group: name, eligible, lastResort, priority, handover, backoff, digest }: Join): void {
    let group = this.groups.get(name);
    if (!group?.members.has(worker.workerId) && !this.#takesGroup(worker, name)) return;
    if (!group) {
      group = new RoutedGroup(name, this, this.#lastTerm, this.#failovers.of(name));
      this.groups.set(name, group);
    }
    const other = group.members.get(group.leader ?? -1) ?? [...group.members.values()][0];
    const { workerId } = worker;
    const isNew = !group.members.has(workerId);
    const member = {
      joinedAt: this.clock.wall(),
      eligible,
      lastResort,
      priority,
      handover,
      ...(backoff && { backoff }),
    };
    group.addMember(workerId, member, digest);
    if (isNew && other !== undefined) this.#compare(group, workerId, other, digest);
  }

  /** Protects the primary from a worker that creates a client for each of its users. */
  #takesGroup(worker: RoutedWorker, name: string): boolean {
    if (++worker.groups <= MOST_GROUPS) return true;
    worker.groups--;
    const { workerId } = worker;
    const text = tooManyGroups(workerId, MOST_GROUPS);
    worker.sendControl({ k: 'warning', group: name, text });
    if (!worker.hasTooManyGroups) this.warn(text, { workerId });
    worker.hasTooManyGroups = true;
    return false;
  }

  #compare(group: RoutedGroup, workerId: number, digest: string, other: string): void {
    const option = digestDifference(digest, other);
    if (option === undefined) return;
    const text = otherOptions(workerId, option, group.name);
    this.warn(text, { name: group.name, workerId });
    this.workers.get(workerId)?.sendControl({ k: 'warning', group: group.name, text });
    for (const [id, known] of group.members) {
      if (known === digest && id !== workerId)
        this.workers.get(id)?.sendControl({ k: 'warning', group: group.name, text });
    }
  }

  #closed(workerId: number): void {
    const worker = this.workers.get(workerId);
    if (!worker) return;
    for (const group of [...this.groups.values()]) {
      if (!group.members.has(workerId) && group.leader !== workerId) continue;
      group.removeMember(workerId, { type: 'closed', id: String(workerId) });
      this.#forgetIfEmpty(group);
    }
    worker.close();
    worker.hasLeft = true;
    // Its real client may be open until its process is known to be dead or its lease has expired.
    if (!worker.isWatched) this.workers.delete(workerId);
  }

  #exited(workerId: number): void {
    for (const group of [...this.groups.values()]) {
      if (group.leader !== workerId && group.successor !== workerId) continue;
      group.apply({ type: 'exited', id: String(workerId) });
      this.#forgetIfEmpty(group);
    }
    this.workers.delete(workerId);
    for (const address of this.#origins.get(workerId)?.addresses ?? []) this.#leftovers?.remove(address);
    this.#origins.delete(workerId);
    this.#closeLeft();
  }

  #closeLeft(): void {
    for (const [end, resolve] of this.#leaving) {
      if ([...this.workers.values()].some(worker => worker.end === end)) continue;
      this.#leaving.delete(end);
      end.close();
      resolve();
    }
  }

  // --------------------------------------------------------------------------------------------------- the watch

  /** Ticks only while a worker leads or prepares to. */
  #watch(): void {
    const isNeeded = [...this.workers.values()].some(worker => worker.isWatched);
    if (isNeeded) this.#running.start();
    else this.#running.stop();
  }

  #heard(worker: RoutedWorker): void {
    worker.lastSeenAt = this.#running.now();
    if (!worker.isSilent) return;
    worker.isSilent = false;
    for (const group of this.groups.values()) group.apply({ type: 'heard', id: String(worker.workerId) });
  }

  #lookForSilence(): void {
    const now = this.#running.now();
    for (const worker of [...this.workers.values()]) {
      if (!worker.isWatched || now - worker.lastSeenAt < this.options.leaderTimeoutMs) continue;
      worker.isSilent = true;
      const kills = this.options.hungLeader === 'kill';
      for (const group of [...this.groups.values()]) {
        group.apply({ type: 'silent', id: String(worker.workerId), kills });
        this.#forgetIfEmpty(group);
      }
      if (!worker.isOpen && !worker.isWatched) this.workers.delete(worker.workerId);
    }
    this.#closeLeft();
  }

  #release({ outbox, withdrawals, backlog }: RoutedWorker): void {
    const hasRoom = () => outbox.queuedBytes <= ALWAYS_FREE_BYTES;
    const take = (bundle: Bundle) => outbox.data(bundle);
    if (hasRoom() && withdrawals.bytes > 0) withdrawals.release(take);
    backlog.release(take, hasRoom);
  }

  #forgetIfEmpty(group: RoutedGroup): void {
    if (!group.isEmpty || this.groups.get(group.name) !== group) return;
    this.#lastTerm = Math.max(this.#lastTerm, group.state.lastTerm);
    group.close();
    this.groups.delete(group.name);
    if (!this.#heldOpen.delete(group) || this.#heldOpen.size > 0) return;
    this.#spread?.clear();
    this.#spread = undefined;
  }

  warn(message: string, detail: object): void {
    this.emit('warning', { message, ...detail });
  }
}
