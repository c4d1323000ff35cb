// The relay route in the primary: reads envelopes, passes payloads on unread, and gives back what it still holds when a
// term ends. It changes nothing about who leads.

import { publishDiagnostic } from '../diagnostics/channels.js';
import { droppedWithdrawals } from '../errors/warnings.js';
import { type Bundle, Kind, Overload } from '../protocol/bundle.js';
import { classOf, isCall } from '../protocol/classes.js';
import { BundleBuilder, bytesOf, pickFrames, signal, splitFrames } from '../protocol/frames.js';
import type { Mutable } from '../utils/mutable.js';
import type { RoutedGroup } from './group.js';
import type { RoutedWorker } from './routed-worker.js';

/** What the relay needs of the host. */
export interface RelayOwner {
  readonly workers: ReadonlyMap<number, RoutedWorker>;
  readonly groups: ReadonlyMap<string, RoutedGroup>;
  readonly traffic: { frames: number; bundles: number; bytes: number };
  /** Whether `bytes` more may not wait for this worker. */
  isOverloaded(worker: RoutedWorker, bytes: number): boolean;
  /** Bytes of values that may be kept for this worker. */
  roomOf(worker: RoutedWorker): number;
  /** Something needs attention. */
  warn(message: string, detail: object): void;
}

/** A bundle came from a worker. What doesn't fit the group as it stands is dropped; `endTerm` says what was not. */
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
  // What a member says about its route has no number.
  if (bundle.n !== undefined) group.received.set(from.workerId, bundle.n);
  const bytes = count(host, bundle);
  if (!host.isOverloaded(leader, bytes)) return leader.outbox.data(passed, bytes);
  publishDiagnostic('overload', { side: 'primary', group: bundle.g, workerId: leader.workerId, what: 'calls' });
  const refused = pickFrames(passed, isAsked);
  if (refused) refuse(from, leader, refused);
  keepSmall(host, leader, passed);
}

/** Of what there is no room for, that which must not be lost. */
function keepSmall(host: RelayOwner, leader: RoutedWorker, bundle: Bundle): void {
  const { workerId } = leader;
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
 * The leader was told to let its calls end, after all that was passed on before: whatever came now could find it gone.
 * It doesn't count as received, so the rest of it is the member's own again at the end of the term.
 */
function handBack(host: RelayOwner, from: RoutedWorker, leader: RoutedWorker, bundle: Bundle): void {
  const calls = pickFrames(bundle, isCall);
  if (calls) answer(from, calls, Kind.RETURNED, '0');
  const rest = pickFrames(bundle, kind => kind === Kind.CANCEL || kind === Kind.SWITCH || kind === Kind.RESUME);
  if (!rest) return;
  if (host.isOverloaded(leader, bytesOf(rest))) keepSmall(host, leader, rest);
  else leader.outbox.data(rest);
}

function fromLeader(host: RelayOwner, group: RoutedGroup, from: RoutedWorker, bundle: Bundle): void {
  const { to } = bundle;
  const bytes = count(host, bundle);
  const passed = passedOn(bundle);
  const { members } = group;
  // More than there are: some have died meanwhile, or it's broken and names one many times.
  const ids = to === '*' ? members.keys() : to!.length > members.size ? new Set(to) : to!;
  const but = bundle.but && new Set(bundle.but);
  for (const workerId of ids) {
    const worker = members.has(workerId) && workerId !== from.workerId ? host.workers.get(workerId) : undefined;
    if (!worker || but?.has(workerId)) continue;
    const isOverloaded = host.isOverloaded(worker, bytes);
    // A value must not overtake those that are kept back, even where it is small enough to find room.
    if (isOverloaded || worker.backlog.size > 0) conflate(host, worker, passed, isOverloaded);
    else worker.outbox.data(passed, bytes);
  }
}

/** The worker doesn't read: of values the newest stay, results without room end their calls, all else is small and needed. */
function conflate(host: RelayOwner, worker: RoutedWorker, bundle: Bundle, isOverloaded: boolean): void {
  const results = isOverloaded ? pickFrames(bundle, isResult) : undefined;
  const overload = { side: 'primary', group: bundle.g, workerId: worker.workerId } as const;
  if (results) {
    publishDiagnostic('overload', { ...overload, what: 'results' });
    answer(worker, results, Kind.OVERLOADED, Overload.RESULT);
  }
  const rest = pickFrames(bundle, kind => !waitsWithValues(kind) && !(isOverloaded && isResult(kind)));
  if (rest) worker.outbox.data(rest);
  const values = splitFrames(bundle, waitsWithValues);
  if (values.length > 0) publishDiagnostic('overload', { ...overload, what: 'values' });
  for (const frame of values) worker.backlog.keep(frame);
  worker.backlog.trim(host.roomOf(worker));
}

/**
 * No data of this term passes any more. What the leader's channel hasn't begun to take goes back to its callers, and
 * then each member hears which of its bundles was the last to get here: those after it are dropped, and are its own again.
 */
export function endTerm(host: RelayOwner, group: RoutedGroup, term: number, leader: number): void {
  const worker = host.workers.get(leader);
  worker?.withdrawals.forget(group.name, term);
  worker?.outbox
    .takeBack(({ g, t }) => g === group.name && t === term)
    .forEach(bundle => {
      giveBack(host, bundle);
    });
  for (const workerId of group.members.keys()) {
    const worker = host.workers.get(workerId);
    worker?.backlog.forget(group.name, term);
    worker?.outbox.data(signal(group.name, term, Kind.END, group.received.get(workerId) ?? 0));
  }
  group.received.clear();
}

function giveBack(host: RelayOwner, bundle: Bundle): void {
  const caller = host.workers.get(bundle.f ?? -1);
  const calls = pickFrames(bundle, isCall);
  if (caller && calls) answer(caller, calls, Kind.RETURNED, '0');
}

/** The leader hears of it after all that the member sent. */
export function memberGone(host: RelayOwner, group: RoutedGroup, workerId: number): void {
  const { leader } = group;
  if (leader === undefined || leader === workerId) return;
  host.workers.get(leader)?.outbox.data(signal(group.name, group.term, Kind.MEMBER_LEFT, workerId));
}

/** Says the same of each call in a bundle. */
function answer(worker: RoutedWorker, calls: Bundle, kind: number, text: string): void {
  const answers = new BundleBuilder(calls.g, calls.t);
  for (let i = 0; i < calls.h.length; i += 4) answers.add(kind, calls.h[i + 1]!, text);
  worker.outbox.data(answers.seal());
}

/** The same without what only the primary needs. Hot: it is made for each bundle. */
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

const isAsked = (kind: number) => isCall(kind) || classOf(kind) === 'subscription';
const isResult = (kind: number) => classOf(kind) === 'result';
const waitsWithValues = (kind: number) => classOf(kind) === 'value';
