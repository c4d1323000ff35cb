// The real client of a task's group on one host: what the host's leader does in the fleet. It takes part in the election with
// a member of the fleet group, and informs the workers of its host.

import { createOnLink } from '../client/create-on-link.js';
import { createStoredTask } from '../client/leader-task.js';
import type { LeaderTask } from '../client/types-leader-task.js';
import { hostHooksOf } from '../leader/host-hooks.js';
import type { FleetView, OpenContext, ResolvedLeaderTask } from '../options/options.js';
import { Seat, type SeatOptions } from './seat.js';

/** The topic of {@link FleetView}. */
export const VIEW = 'fleet';

export interface HostCandidateOptions extends Omit<SeatOptions, 'name' | 'hasCalls'> {
  readonly task: ResolvedLeaderTask;
}

/** Its public methods are those that other workers of the host can call. */
export class HostCandidate {
  readonly #seat: Seat;
  readonly inner: LeaderTask;
  #listener: ((view: FleetView) => void) | undefined;

  constructor({ task, ...options }: HostCandidateOptions, context: OpenContext) {
    const hooks = hostHooksOf(context);
    const seat = new Seat({ ...options, name: task.name, hasCalls: false }, hooks, context.term, () =>
      this.#listener?.(seat.view),
    );
    this.#seat = seat;
    const { eligible, priority } = options.fleet;
    const { drainTimeoutMs } = seat;
    const create = createOnLink(seat.link, { drainTimeoutMs: hooks.drainTimeoutMs });
    this.inner = createStoredTask(create, { ...task, client: { eligible, priority, drainTimeoutMs } }, seat);
  }

  // ------------------------------------------------------------------------------- for the workers of this host

  subscribe(_topic: string, listener: (view: FleetView) => void): void {
    this.#listener = listener;
    listener(this.#seat.view);
  }

  unsubscribe(): void {
    this.#listener = undefined;
  }

  transfer(hostName?: string): Promise<void> {
    return this.#seat.transfer(hostName);
  }

  // ---------------------------------------------------------------------------------------------- for the leader

  /** The task leaves the fleet group, and what it led is released. */
  async close(): Promise<void> {
    await this.inner.close();
    await this.#seat.leave();
  }

  get isLeading(): boolean {
    return this.#seat.isLeading;
  }
}
