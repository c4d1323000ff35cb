// Calls and subscriptions that may have caused the loss of an earlier leader. A member must be notified before its suspect
// begins: this leader may be lost with it too, and with every frame that has not left the process by then.

import { Kind } from '../protocol/bundle.js';
import { MultiMap } from '../utils/multi-map.js';
import type { LeaseGate } from './lease-gate.js';
import type { Sender } from './sender.js';

export class Suspects {
  /** Numbers of calls and subscriptions, by worker. */
  readonly #ids = new MultiMap<number, number>();

  constructor(
    private readonly gate: LeaseGate,
    private readonly sender: Sender,
  ) {}

  add(workerId: number, id: number): void {
    this.#ids.add(workerId, id);
  }

  /** Whether it may begin now. If not, all frames of its member wait. */
  mayBegin(from: number, id: number): boolean {
    if (!this.#ids.has(from, id) || this.sender.mayLeaveNow(from)) return true;
    this.gate.hold(from);
    this.sender.whenRoom(() => this.gate.release(from));
    return false;
  }

  /** Notifies the member of a suspect that it begins. */
  begin(from: number, id: number): void {
    if (this.#ids.delete(from, id)) this.sender.sendNow(from, Kind.BEGUN, id, '0');
  }

  memberLeft(workerId: number): void {
    this.#ids.deleteAll(workerId);
  }
}
