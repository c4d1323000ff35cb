// The relay route in the primary: reads envelopes, forwards payloads unread, and returns what it still holds when a term
// ends. It does not affect who leads.

import { publishDiagnostic } from '../diagnostics/channels.js';
import { droppedWithdrawals } from '../errors/warnings.js';
import { type Bundle, Kind, Overload } from '../protocol/bundle.js';
import { classOf, isCall, isDroppable, isOfRunningCall, isRefusable } from '../protocol/classes.js';
import { BundleBuilder, bytesOf, pickFrames, signal, splitFrames } from '../protocol/frames.js';
import type { Mutable } from '../utils/mutable.js';
import type { RoutedGroup } from './group.js';
import type { RoutedWorker } from './routed-worker.js';

/** What the relay needs of the router. */
export interface RelayOwner {
  readonly workers: ReadonlyMap<number, RoutedWorker>;
  readonly groups: ReadonlyMap<string, RoutedGroup>;
  readonly traffic: { frames: number; bundles: number; bytes: number };
  /** Whether `bytes` more would exceed the limits for this worker. */
  isOverloaded(worker: RoutedWorker, bytes: number): boolean;
  /** Bytes of values that may be kept for this worker. */
  roomOf(worker: RoutedWorker): number;
  /** Emits a warning. */
  warn(message: string, detail: object): void;
}

/** Relays a bundle of a worker. Drops bundles that do not fit the current term; `endTerm` reports which were received. */
export function relay(host: RelayOwner, from: RoutedWorker, bundle: Bundle): void {
  const group = host.groups.get(bundle.g);
  if (!group?.members.has(from.workerId) || bundle.t !== group.term) return;
  host.traffic.bundles++;
  host.traffic.frames += bundle.h.length / 4;
  if (bundle.to === undefined) toLeader(host, group, from, bundle);
  else if (group.leader === from.workerId) fromLeader(host, group, from, bundle);
}

function toLeader(host: RelayOwner, group: RoutedGroup, from: RoutedWorker, bundle: Bundle): void {
  const leader = group.isServing ? host.workers.get(group.leader!) : undefined;
  if (!leader) return;
  const passed = passedOn(bundle);
  passed.f = from.workerId;
  if (bundle.n !== undefined) passed.n = bundle.n;
  if (group.isHandingOver) return handBack(host, from, leader, passed);
  // SWITCH and RESUME frames travel in bundles without a number.
  if (bundle.n !== undefined) group.received.set(from.workerId, bundle.n);
  const bytes = count(host, bundle);
  if (!host.isOverloaded(leader, bytes)) return leader.outbox.data(passed, bytes);
  publishDiagnostic('overload', { side: 'primary', group: bundle.g, workerId: leader.workerId, what: 'calls' });
  keepSmall(host, from, leader, passed);
}

/** Keeps the frames that must not be lost although there is no space, and refuses the others. */
function keepSmall(host: RelayOwner, from: RoutedWorker, leader: RoutedWorker, bundle: Bundle): void {
  const { workerId } = leader;
  const refused = pickFrames(bundle, isRefusable);
  if (refused) refuse(from, leader, refused);
  for (const frame of splitFrames(bundle, kind => classOf(kind) === 'withdrawal')) {
    if (leader.withdrawals.keep(frame)) host.warn(droppedWithdrawals(workerId), { name: bundle.g, workerId });
  }
  const rest = pickFrames(bundle, kind => classOf(kind) === 'signal');
  if (rest) leader.outbox.data(rest);
}

function refuse(from: RoutedWorker, leader: RoutedWorker, asked: Bundle): void {
  answer(from, asked, Kind.OVERLOADED, Overload.CALL);
  for (let i = 0; i < asked.h.length; i += 4) leader.withdrawals.refuse(asked, asked.h[i + 1]!);
}

/**
 * The leader was told to finish its calls, after everything that was forwarded before. It may be gone before this bundle
 * arrives, so the calls are returned. The bundle does not count as received, so at the end of the term its member may send
 * the rest again.
 */
function handBack(host: RelayOwner, from: RoutedWorker, leader: RoutedWorker, bundle: Bundle): void {
  const calls = pickFrames(bundle, isCall);
  if (calls) answer(from, calls, Kind.RETURNED, '0');
  const rest = pickFrames(bundle, kind => isOfRunningCall(kind) || kind === Kind.SWITCH || kind === Kind.RESUME);
  if (!rest) return;
  if (host.isOverloaded(leader, bytesOf(rest))) keepSmall(host, from, leader, rest);
  else leader.outbox.data(rest);
}

function fromLeader(host: RelayOwner, group: RoutedGroup, from: RoutedWorker, bundle: Bundle): void {
  const { to } = bundle;
  const bytes = count(host, bundle);
  const passed = passedOn(bundle);
  const { members } = group;
  // The list can be longer than the group: members may have died, or it is invalid and repeats one.
  const ids = to === '*' ? members.keys() : to!.length > members.size ? new Set(to) : to!;
  const but = bundle.but && new Set(bundle.but);
  for (const workerId of ids) {
    const worker = members.has(workerId) && workerId !== from.workerId ? host.workers.get(workerId) : undefined;
    if (!worker || but?.has(workerId)) continue;
    const isOverloaded = host.isOverloaded(worker, bytes);
    // A value must not overtake kept values, even if it is small enough to fit.
    if (isOverloaded || worker.backlog.size > 0) conflate(host, worker, passed, isOverloaded);
    else worker.outbox.data(passed, bytes);
  }
}

/** The worker does not read: keeps only the newest values, and ends calls whose results do not fit. Sends the rest. */
function conflate(host: RelayOwner, worker: RoutedWorker, bundle: Bundle, isOverloaded: boolean): void {
  const results = isOverloaded ? pickFrames(bundle, isDroppable) : undefined;
  const overload = { side: 'primary', group: bundle.g, workerId: worker.workerId } as const;
  if (results) {
    publishDiagnostic('overload', { ...overload, what: 'results' });
    answer(worker, results, Kind.OVERLOADED, Overload.RESULT);
  }
  const rest = pickFrames(bundle, kind => !waitsWithValues(kind) && !(isOverloaded && isDroppable(kind)));
  if (rest) worker.outbox.data(rest);
  const values = splitFrames(bundle, waitsWithValues);
  if (values.length > 0) publishDiagnostic('overload', { ...overload, what: 'values' });
  for (const frame of values) worker.backlog.keep(frame);
  worker.backlog.trim(host.roomOf(worker));
}

/**
 * Ends the data of this term. What the leader's channel has not begun to take is returned to its callers. Then each member
 * receives the number of its last bundle that arrived here: later ones are dropped, and the member may send them again.
 */
export function endTerm(host: RelayOwner, group: RoutedGroup, term: number, leader: number): void {
  const worker = host.workers.get(leader);
  worker?.withdrawals.forget(group.name, term);
  worker?.outbox
    .takeBack(({ g, t }) => g === group.name && t === term)
    .forEach(bundle => {
      returnCalls(host, bundle);
    });
  for (const workerId of group.members.keys()) {
    const worker = host.workers.get(workerId);
    worker?.backlog.forget(group.name, term);
    worker?.outbox.data(signal(group.name, term, Kind.END, group.received.get(workerId) ?? 0));
  }
  group.received.clear();
}

function returnCalls(host: RelayOwner, bundle: Bundle): void {
  const caller = host.workers.get(bundle.f ?? -1);
  const calls = pickFrames(bundle, isCall);
  if (caller && calls) answer(caller, calls, Kind.RETURNED, '0');
}

/** In order with the data, so the leader receives everything that the member sent before. */
export function memberGone(host: RelayOwner, group: RoutedGroup, workerId: number): void {
  const { leader } = group;
  if (leader === undefined || leader === workerId) return;
  host.workers.get(leader)?.outbox.data(signal(group.name, group.term, Kind.MEMBER_LEFT, workerId));
}

/** Sends the same answer to each call of a bundle. */
function answer(worker: RoutedWorker, calls: Bundle, kind: number, text: string): void {
  const answers = new BundleBuilder(calls.g, calls.t);
  for (let i = 0; i < calls.h.length; i += 4) answers.add(kind, calls.h[i + 1]!, text);
  worker.outbox.data(answers.seal());
}

/** A copy without the fields that only the primary needs. Hot path: called for each bundle. */
function passedOn({ g, t, h, x, m, p, q, y }: Bundle): Mutable<Bundle> {
  const passed: Mutable<Bundle> = { g, t, h, x };
  if (m) passed.m = m;
  if (p) passed.p = p;
  if (q) passed.q = q;
  if (y !== undefined) passed.y = y;
  return passed;
}

function count(host: RelayOwner, bundle: Bundle): number {
  const bytes = bytesOf(bundle);
  host.traffic.bytes += bytes;
  return bytes;
}

const waitsWithValues = (kind: number) => classOf(kind) === 'value';
