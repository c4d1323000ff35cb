// Looks into the library where a user can't: the member behind a handle, the leaders at work, and what they say.

import type { ClientCore } from '../../lib/client/client-core.js';
import { Sender, type SenderOptions } from '../../lib/leader/sender.js';
import { Service } from '../../lib/leader/service.js';
import { Topic, type TopicOwner } from '../../lib/leader/topic.js';
import { Member } from '../../lib/member/member.js';
import { Kind, kindOf } from '../../lib/protocol/bundle.js';
import { classOf } from '../../lib/protocol/classes.js';
import type { DirectLeader } from '../../lib/route/direct/direct-leader.js';
import type { Router } from '../../lib/router/router.js';

/** What waits somewhere, by the worker that it waits for. */
export type Waiting = readonly (readonly [workerId: number, bytes: number])[];

export function waitingInPrimary(primary: object): Waiting {
  const { workers } = (primary as { readonly router: Router }).router;
  return [...workers].map(([workerId, { queuedBytes }]) => [workerId, queuedBytes]);
}

/** In a leader, for the members that it speaks to directly. */
export function waitingInLeader({ sender }: Service): Waiting {
  const lanes = (sender as unknown as { readonly options: SenderOptions }).options.lanes as DirectLeader | undefined;
  return (lanes?.active ?? []).map(workerId => [workerId, lanes!.of(workerId)!.waitingBytes]);
}

/** Of it the values that its members have not acknowledged: results wait behind them. */
export function valuesInLeader({ sender }: Service): Waiting {
  const lanes = (sender as unknown as { readonly options: SenderOptions }).options.lanes as DirectLeader | undefined;
  const bytesFor = (workerId: number) => {
    const values = lanes!.of(workerId)!.stream.unacked.map(bundle => bundle.pick(isValue, [workerId])?.bytes ?? 0);
    return values.reduce((sum, bytes) => sum + bytes, 0);
  };
  return (lanes?.active ?? []).map(workerId => [workerId, bytesFor(workerId)]);
}

const isValue = (kind: number) => classOf(kind) === 'value';

/** In a leader, for the primary: what all of its process says to others, and the values that its group keeps back. */
export function waitingForPrimary({ sender }: Service): number {
  const { outbox } = (sender as unknown as { readonly options: SenderOptions }).options;
  return outbox.waitingBytes + sender.keptBytes;
}

/** Who leads a group: as `status()` says, without the rest of it. */
export function leadershipOf(primary: object, name: string) {
  const group = (primary as { readonly router: Router }).router.groups.get(name);
  return (
    group && {
      term: group.term,
      state: group.state.at.stage,
      leader: group.leader,
      successor: group.successor,
    }
  );
}

/** The member that a handle belongs to. */
export function memberOf(handle: object): Member {
  const core = Object.getOwnPropertySymbols(handle).find(({ description }) => description === 'core');
  if (!core) throw new Error('A handle has no core any more: fix memberOf().');
  return (handle as Record<symbol, ClientCore>)[core]!.member;
}

/** A leader at work, from the first frame or lease that it got until it stopped. */
export interface SeenService {
  readonly service: Service;
  readonly group: string;
  readonly workerId: number;
}

/** Of the simulation that runs: there is one at a time. */
let services = new Map<Service, SeenService>();
const stopped = new WeakSet<Service>();

/** Told of what any leader does, before it does it. */
export interface LeaderWatcher {
  /** A value, a replay or an event. */
  emits(sender: Sender): void;
  /** It has come to a subscription of this worker's. */
  subscribes(group: string, workerId: number): void;
}

const NOBODY: LeaderWatcher = { emits() {}, subscribes() {} };
let watcher = NOBODY;

export function watchLeaders(by = NOBODY): ReadonlyMap<Service, SeenService> {
  watcher = by;
  services = new Map();
  return services;
}

function see(service: Service): void {
  if (services.has(service) || stopped.has(service)) return;
  const { group, self } = (service.sender as unknown as { readonly options: SenderOptions }).options;
  services.set(service, { service, group, workerId: self });
}

const { receive, release, event, stop } = Service.prototype;

Service.prototype.receive = function (bundle) {
  see(this);
  receive.call(this, bundle);
};
Service.prototype.release = function () {
  see(this);
  release.call(this);
};
Service.prototype.event = function (name, args) {
  see(this);
  event.call(this, name, args);
};
Service.prototype.stop = function () {
  stop.call(this);
  services.delete(this);
  stopped.add(this);
};

const EMISSIONS: ReadonlySet<number> = new Set([Kind.VALUE, Kind.VALUE_ONE, Kind.REPLAY, Kind.EVENT]);

const { payloadTo, payloadToMany, payloadToAll } = Sender.prototype;

Sender.prototype.payloadTo = function (workerId, kind, id, payload) {
  if (EMISSIONS.has(kindOf(kind))) watcher.emits(this);
  payloadTo.call(this, workerId, kind, id, payload);
};
Sender.prototype.payloadToMany = function (workerIds, kind, id, payload) {
  if (EMISSIONS.has(kindOf(kind))) watcher.emits(this);
  payloadToMany.call(this, workerIds, kind, id, payload);
};
Sender.prototype.payloadToAll = function (kind, id, payload) {
  watcher.emits(this);
  payloadToAll.call(this, kind, id, payload);
};

const { add } = Topic.prototype;

Topic.prototype.add = function (subscriber) {
  watcher.subscribes((this as unknown as { readonly owner: TopicOwner }).owner.name, subscriber.workerId);
  add.call(this, subscriber);
};

const linkedSince = new WeakMap<Member, number>();

/** When the primary last answered the process of a member that had none. */
export const linkedAt = (member: Member): number => linkedSince.get(member) ?? 0;

const { linked } = Member.prototype;

Member.prototype.linked = function () {
  linkedSince.set(this, this.clock.now());
  linked.call(this);
};
