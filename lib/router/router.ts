// The primary's side: tracks workers, passes control frames to groups and data to the relay.

import { appChoice, byPreference } from '../group/choose.js';
import { FailoverBook } from '../metrics/failover-book.js';
import type { Candidate, ResolvedPrimaryOptions } from '../options/options.js';
import { newId } from '../protocol/ids.js';
import type { Envelope, FromWorker, Hello, Join, ReadPacket, Transfer, TransferFailure } from '../protocol/messages.js';
import { parsePacket } from '../protocol/parse.js';
import type { PortablePayload } from '../protocol/payload.js';
import type { Leftovers } from '../transport/direct.js';
import type { Peer, PrimaryEnd, Via } from '../transport/transport.js';
import type { Clock } from '../utils/clock.js';
import { Admission, type AdmissionOwner } from './admission.js';
import { ColdStart } from './cold-start.js';
import { Departures } from './departures.js';
import { type GroupOwner, RoutedGroup } from './group.js';
import { compareOptions, takesGroup } from './joins.js';
import { QueueLimits } from './queue-limits.js';
import { endTerm, memberGone, type RelayOwner, relay } from './relay.js';
import { RoutedWorker } from './routed-worker.js';
import { type SilenceOwner, SilenceWatch } from './silence-watch.js';
import { WorkerProcesses } from './worker-processes.js';

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

export class Router implements GroupOwner, RelayOwner, AdmissionOwner, SilenceOwner {
  readonly clock: Clock;
  readonly workers = new Map<number, RoutedWorker>();
  readonly groups = new Map<string, RoutedGroup>();
  readonly traffic = { frames: 0, bundles: 0, bytes: 0 };
  readonly emit: RouterOptions['emit'];
  readonly readError: RouterOptions['readError'];
  options: ResolvedPrimaryOptions;
  /** Identifies this life of the primary among those of all hosts. */
  readonly life = newId();
  readonly #limits: QueueLimits;
  readonly #processes: WorkerProcesses;
  readonly #ends = new Set<PrimaryEnd>();
  readonly #departures = new Departures(this.workers);
  readonly #admission = new Admission(this);
  readonly #coldStart: ColdStart;
  readonly #silence: SilenceWatch;
  readonly #transfers = new Map<string, (failed?: TransferFailure) => void>();
  #lastTransfer = 0;
  readonly #failovers = new FailoverBook();
  readonly warn = (message: string, detail: object): void => this.emit('warning', { message, ...detail });
  /** The highest term of removed groups: a group that is created again continues from it. */
  #lastTerm = 0;

  constructor({ clock, options, emit, readError, leftovers }: RouterOptions) {
    this.clock = clock;
    this.options = options;
    this.emit = emit;
    this.readError = readError;
    this.#limits = new QueueLimits(this.workers, options);
    this.#processes = new WorkerProcesses(leftovers);
    this.#coldStart = new ColdStart(clock);
    this.#silence = new SilenceWatch(this);
  }

  get expected(): number {
    let count = 0;
    for (const end of this.#ends) count += end.count;
    return count;
  }

  /** Replaces the options and sends them to the workers. */
  configure(options: ResolvedPrimaryOptions): void {
    this.options = options;
    this.#limits.options = options;
    this.#silence.heartbeatMs = options.heartbeatMs;
    for (const worker of this.workers.values()) this.#admission.welcome(worker);
  }

  /** Serves the workers of another end. */
  attach(end: PrimaryEnd): void {
    this.#ends.add(end);
    this.#departures.cancel(end);
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
    return this.#departures.begin(end);
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
    return this.#processes.pidOf(workerId);
  }

  kill(workerId: number): void {
    this.#processes.kill(workerId);
  }

  /** The app's valid choice, or else the default. */
  choose(candidates: readonly Candidate[], name: string): number {
    const { chooseLeader } = this.options;
    const ask = chooseLeader && appChoice(chooseLeader, this.warn);
    return (ask?.(candidates, name) ?? candidates.toSorted(byPreference)[0]!).workerId;
  }

  leaderChanged(before: number | undefined, after: number | undefined): number | undefined {
    return this.#silence.changed('leads', before, after);
  }

  successorChanged(before: number | undefined, after: number | undefined): void {
    this.#silence.changed('prepares', before, after);
    const old = this.workers.get(before ?? -1);
    if (old?.hasLeft && !old.isWatched) this.workers.delete(old.workerId);
  }

  isOverloaded(worker: RoutedWorker, bytes: number): boolean {
    return this.#limits.isOverloaded(worker, bytes);
  }

  roomOf(worker: RoutedWorker): number {
    return this.#limits.roomOf(worker);
  }

  holdOpen(group: RoutedGroup): void {
    this.#coldStart.add(group);
  }

  endTerm(group: RoutedGroup, term: number, leader: number): void {
    endTerm(this, group, term, leader);
  }

  memberGone(group: RoutedGroup, workerId: number): void {
    memberGone(this, group, workerId);
  }

  // --------------------------------------------------------------------------------------------- from the workers

  #receive(peer: Peer, end: PrimaryEnd, message: unknown, via: Via): void {
    const { workerId } = peer;
    const warn = (error: Error) => this.warn(error.message, { workerId });
    const known = this.workers.get(workerId);
    // If one primary replaces another, both receive the same messages for a while. And a message of a worker that has not
    // yet read its goodbye was meant for the previous primary.
    const worker = known?.end === end && known.isOpen ? known : undefined;
    const isMeant = (envelope: Envelope) => this.#admission.isMeant(workerId, worker, envelope);
    const packet = parsePacket(message, warn, { slices: worker?.slices, isMeant });
    // The app's own messages also prove that the worker is alive: a flood of them may delay its heartbeats.
    if (!packet) return worker && this.#silence.received(worker);
    if (this.#departures.has(end)) return this.#receiveLast(peer, end, packet);
    if (!worker || packet.link === undefined) return this.#admission.receive(peer, end, packet, via);
    worker.via = via;
    for (const frame of packet.c) this.#control(worker, frame as FromWorker);
    this.#silence.received(worker);
    for (const bundle of packet.d) relay(this, worker, bundle);
  }

  /** After the goodbye. A worker that has read it sends a hello, which another end may have answered already. */
  #receiveLast({ workerId }: Peer, end: PrimaryEnd, { c }: ReadPacket): void {
    const worker = this.workers.get(workerId);
    const hello = c.find(frame => frame.k === 'hello');
    if (worker?.end !== end || !hello) return;
    if (hello.closing) this.isClosing(worker);
    else this.#gone(workerId, hello.id === worker.id);
  }

  #control(worker: RoutedWorker, frame: FromWorker): void {
    // A hello only starts a link.
    if (frame.k === 'hello') return;
    if (frame.k === 'heartbeat') return worker.sendControl({ k: 'ack', n: frame.n });
    if (frame.k === 'join') return this.#join(worker, frame);
    if (frame.k === 'address') return this.#processes.noteAddress(worker.workerId, frame);
    if (frame.k === 'transfer') return this.#transferFor(worker, frame);
    const group = 'group' in frame ? this.groups.get(frame.group) : undefined;
    if (!group?.members.has(worker.workerId)) return;
    group.receive(worker.workerId, frame);
    // What it sent for its groups came before its leave, or was discarded with its link, perhaps in the middle of a bundle.
    if (!group.members.has(worker.workerId) && --worker.groups === 0) worker.slices.clear();
    this.#forgetIfEmpty(group);
  }

  isClosing(worker: RoutedWorker): void {
    this.#silence.startOver(worker);
  }

  replaced(worker: RoutedWorker, id: string): void {
    const { workerId, isOpen } = worker;
    this.#closed(workerId);
    this.#gone(workerId, !isOpen && worker.id === id);
  }

  admit(peer: Peer, end: PrimaryEnd, hello: Hello, version: number, via: Via): RoutedWorker {
    const worker = new RoutedWorker(peer, end, hello, version, this.clock, via, () => this.#limits.release(worker));
    this.#processes.add(peer, end);
    this.#silence.startOver(worker);
    this.workers.set(peer.workerId, worker);
    return worker;
  }

  #join(worker: RoutedWorker, { group: name, eligible, lastResort, priority, handover, backoff, digest }: Join): void {
    let group = this.groups.get(name);
    if (!group?.members.has(worker.workerId) && !takesGroup(worker, name, this.warn)) return;
    if (!group) {
      group = new RoutedGroup(name, this, this.#lastTerm, this.#failovers.of(name));
      this.groups.set(name, group);
    }
    const other = group.members.get(group.leader ?? -1) ?? [...group.members.values()][0];
    const { workerId } = worker;
    const isNew = !group.members.has(workerId);
    const joinedAt = this.clock.wall();
    const member = { joinedAt, eligible, lastResort, priority, handover, ...(backoff && { backoff }) };
    group.addMember(workerId, member, digest);
    if (isNew && other !== undefined) compareOptions(group, this.workers, workerId, other, this.warn);
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
    this.#gone(workerId, false);
  }

  /** What it led is closed: with its process, or in order, because it has read a goodbye. */
  #gone(workerId: number, inOrder: boolean): void {
    for (const group of [...this.groups.values()]) {
      if (group.leader !== workerId && group.successor !== workerId) continue;
      group.apply({ type: 'exited', id: String(workerId), inOrder });
      this.#forgetIfEmpty(group);
    }
    this.workers.delete(workerId);
    this.#processes.exited(workerId);
    this.#departures.check();
  }

  silent(worker: RoutedWorker): void {
    const kills = this.options.hungLeader === 'kill';
    for (const group of [...this.groups.values()]) {
      group.apply({ type: 'silent', id: String(worker.workerId), kills });
      this.#forgetIfEmpty(group);
    }
    if (!worker.isOpen && !worker.isWatched) this.workers.delete(worker.workerId);
  }

  noLongerSilent({ workerId }: RoutedWorker): void {
    for (const group of this.groups.values()) group.apply({ type: 'alive', id: String(workerId) });
  }

  checkedSilence(): void {
    this.#departures.check();
  }

  #forgetIfEmpty(group: RoutedGroup): void {
    if (!group.isEmpty || this.groups.get(group.name) !== group) return;
    this.#lastTerm = Math.max(this.#lastTerm, group.state.lastTerm);
    group.close();
    this.groups.delete(group.name);
    this.#coldStart.remove(group);
  }
}
