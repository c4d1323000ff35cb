// The callers of ready() that wait for a leader, and the reason why there is none.

import { leaderFailed, NO_LEADER, noLeader, readyTimedOut, timedOut } from '../errors/call-errors.js';
import { noPrimary } from '../errors/primary-errors.js';
import type { Outcome } from '../errors/shared-client-error.js';
import type { StateUpdate } from '../protocol/messages.js';
import type { DataPlane } from './data-plane.js';
import type { MemberContext } from './member-context.js';
import { ReadyWaiters } from './ready-waiters.js';

export class Readiness {
  readonly #waiters: ReadyWaiters;
  /** A caller in this process has already received the error that the real client could not be opened with. */
  #isFailureReported = false;

  constructor(
    private readonly member: MemberContext,
    private readonly data: Pick<DataPlane, 'isReady' | 'route'>,
  ) {
    this.#waiters = new ReadyWaiters(member.clock);
  }

  /**
   * Resolves when a leader is ready.
   * @param owner the handle that waits, for {@link end}
   */
  async wait(readyTimeoutMs: number, owner?: object): Promise<void> {
    if (this.isReady) return;
    const { link, options } = this.member;
    if (link.toError) throw link.toError();
    const { primaryTimeoutMs } = options;
    const limits = [
      { ms: readyTimeoutMs, error: () => this.#readyError(readyTimeoutMs) },
      { ms: primaryTimeoutMs, error: () => (link.isLinked ? undefined : this.noPrimary(primaryTimeoutMs)) },
    ];
    await this.#waiters.wait(limits, owner);
  }

  /** Rejects all waiters, or those of `owner`. */
  end(error: Error, owner?: object): void {
    this.#waiters.reject(error, owner);
  }

  /** Data reaches a leader, as far as the route knows. */
  reached(): void {
    if (this.isReady) this.#waiters.resolve();
  }

  /** The host that leads the fleet could not open the real client. */
  fleetFailed(error: unknown): void {
    this.#waiters.reject(leaderFailed(this.member.name, error));
  }

  /** Data reaches a leader, and the real client is open. */
  get isReady(): boolean {
    return this.data.isReady && this.member.fleet?.isReady !== false;
  }

  /**
   * The real client could not be opened here. Waiters receive the error. Without waiters it is an event, once per outage.
   */
  openFailed(error: unknown): void {
    if (!this.#waiters.isEmpty || this.#isFailureReported) return;
    this.#isFailureReported = true;
    this.member.observe(observer => observer.error(error));
  }

  /** The primary sent an update, and the role has handled it. */
  stateChanged({ phase }: StateUpdate): void {
    if (phase !== 'failed') return;
    this.#isFailureReported ||= !this.#waiters.isEmpty;
    this.#waiters.reject(leaderFailed(this.member.name, this.member.view.openError));
  }

  /** The real client is open in some worker. */
  opened(): void {
    this.#isFailureReported = false;
  }

  /** Creates the error for something that did not complete in time. */
  timeoutError(method: string, ms: number, outcome: Outcome): Error {
    const { name, link, view } = this.member;
    if (link.toError) return link.toError(outcome);
    if (!link.isLinked) return this.noPrimary(ms, outcome);
    if (view.openError && !this.data.route) return leaderFailed(name, view.openError, outcome);
    return timedOut(method, ms, outcome, this.isReady ? undefined : this.#whyNoLeader);
  }

  noPrimary(ms: number, outcome?: Outcome): Error {
    return noPrimary(ms, outcome, this.member.link.advice);
  }

  #readyError(ms: number): Error {
    const { name, link, view } = this.member;
    if (!link.isLinked) return this.noPrimary(ms);
    if (view.openError) return leaderFailed(name, view.openError);
    return noLeader(readyTimedOut(name, ms, this.#whyNoLeader));
  }

  get #whyNoLeader(): string {
    const { view, problem, fleet } = this.member;
    if (this.data.isReady && fleet) return NO_LEADER.fleet(fleet.name, fleet.view);
    if (this.data.route) return `${NO_LEADER.unreached}: ${problem.text ?? NO_LEADER.unknown}`;
    if (view.update?.leader) return NO_LEADER.opening;
    return view.update?.cause === 'broken' ? NO_LEADER.broken : NO_LEADER.nobody;
  }
}
