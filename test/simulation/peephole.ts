// Looks into the library where a user can't: the member behind a handle, and what a leader says to the members.

import type { Base } from '../../lib/client/base.js';
import { Sender } from '../../lib/leader/sender.js';
import type { Member } from '../../lib/member/member.js';
import { EXT, Kind } from '../../lib/protocol/messages.js';

/** The member that a handle belongs to. */
export function memberOf(handle: object): Member {
  const base = Object.getOwnPropertySymbols(handle).find(({ description }) => description === 'base');
  if (!base) throw new Error('A handle has no base any more: mend memberOf().');
  return (handle as Record<symbol, Base>)[base]!.member;
}

/** Told of every value, replay and event that any leader emits, before it does; only one simulation runs at a time. */
let watcher: (sender: Sender) => void = () => {};

export function watchSenders(tell: (sender: Sender) => void): void {
  watcher = tell;
}

const EMISSIONS: ReadonlySet<number> = new Set([Kind.VALUE, Kind.VALUE_ONE, Kind.REPLAY, Kind.EVENT]);

const { payloadTo, payloadToMany, payloadToAll } = Sender.prototype;

Sender.prototype.payloadTo = function (workerId, kind, id, payload) {
  if (EMISSIONS.has(kind & ~EXT)) watcher(this);
  payloadTo.call(this, workerId, kind, id, payload);
};
Sender.prototype.payloadToMany = function (workerIds, kind, id, payload) {
  if (EMISSIONS.has(kind & ~EXT)) watcher(this);
  payloadToMany.call(this, workerIds, kind, id, payload);
};
Sender.prototype.payloadToAll = function (kind, id, payload) {
  watcher(this);
  payloadToAll.call(this, kind, id, payload);
};
