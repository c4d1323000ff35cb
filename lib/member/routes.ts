// Which routes a member's data takes: its own way to a leader elsewhere, and past the primary to the others where it leads.

import { memberRefused, notDirect, unreached } from '../errors/warnings.js';
import type { Sender } from '../leader/sender.js';
import type { Bundle, Offer } from '../protocol/messages.js';
import { DirectLeader } from '../route/direct/direct-leader.js';
import { DirectRoute } from '../route/direct/direct-route.js';
import { RelayRoute, type RemoteRoute } from '../route/route.js';
import type { Timer } from '../utils/clock.js';
import type { Link } from './link.js';

export interface RoutesOptions {
  readonly group: string;
  readonly link: Link;
  /** What the leader says. */
  read(bundle: Bundle): void;
  /** What members say to us, who lead. */
  receive(bundle: Bundle): void;
  warn(text: string): void;
  /** Data gets to the leader again, or for the first time. */
  reached(): void;
}

/**
 * What a failover costs is spent on the first calls, which go by the relay: doors are opened, and connections made, when
 * most of those have their answers.
 */
export const INVITE_AFTER_MS = 20;

export class Routes {
  readonly #options: RoutesOptions;
  #remote: RemoteRoute | undefined;
  /** Where nothing goes by the relay: to the leader of a term that isn't ready yet, so that nobody waits for the connection then. */
  #next: RemoteRoute | undefined;
  #offer: Offer | undefined;
  #led: DirectLeader | undefined;
  #inviting: Timer | undefined;
  #problem: { readonly term: number; readonly text: string } | undefined;
  /** The last term whose leader was reached past the primary. */
  #reached: number | undefined;

  constructor(options: RoutesOptions) {
    this.#options = options;
  }

  /** The last way to a leader elsewhere, until its term has come to its end. */
  get remote(): RemoteRoute | undefined {
    return this.#remote;
  }

  /** Why data goes by the relay, where it should not. */
  get problem(): string | undefined {
    return this.#problem?.text;
  }

  /** Whether data gets to the leader elsewhere, as far as it is known. */
  get isReached(): boolean {
    const { direct } = this.#options.link;
    return !direct?.hasNoRelay || (this.#reached === this.#remote?.term && !this.#problem);
  }

  /** Bytes that wait for direct connections. */
  get queuedBytes(): number {
    return (this.#remote?.queuedBytes ?? 0) + (this.#led?.queuedBytes ?? 0);
  }

  // ---------------------------------------------------------------------------------------------- to the leader

  to(term: number): RemoteRoute {
    this.#remote ??= this.#takeNext(term) ?? this.#begin(term);
    return this.#remote;
  }

  offered(offer: Offer): void {
    this.#offer = offer;
    const { term } = offer;
    if (this.#remote?.term === term) this.#remote.offered(offer);
    else if (this.#options.link.direct?.hasNoRelay) {
      this.#dropNext();
      this.#next = this.#begin(term);
    }
  }

  /** The term is over, and was never taken here. */
  forget(term: number): void {
    if (this.#next?.term === term) this.#dropNext();
  }

  /** The term is over. `done` comes once all was read that its leader wrote. */
  finish(done: () => void): void {
    const route = this.#remote;
    route?.finish(() => {
      if (this.#remote !== route) return;
      this.#remote = undefined;
      // That of the next term may be known already.
      if (this.#problem?.term === route.term) this.#problem = undefined;
      done();
    });
  }

  /** Resolves when what was sent has left this process, or may take no longer. */
  async leave(): Promise<void> {
    const route = this.#remote;
    this.#remote = undefined;
    this.#dropNext();
    if (route?.kind === 'direct') await new Promise<void>(resolve => route.leave(resolve));
    else route?.destroy();
  }

  // ------------------------------------------------------------------------------------------------ to the others

  /** This member will lead. Where nothing goes by the relay the others hear where, so that nobody waits for that then. */
  expect(term: number, sender: () => Sender): void {
    if (this.#options.link.direct?.hasNoRelay) this.lead(term, sender);
  }

  /**
   * This member leads.
   * @returns undefined where all goes by the relay
   */
  lead(term: number, sender: () => Sender): DirectLeader | undefined {
    const { group, link, receive } = this.#options;
    const { direct, clock } = link;
    const known = this.lanesOf(term);
    if (!direct || known) return known;
    const { maxQueuedBytes, maxQueuedTotalBytes } = direct;
    const leader = new DirectLeader({
      group,
      term,
      clock,
      maxQueuedBytes,
      maxQueuedTotalBytes,
      deliver: receive,
      tellByRelay: (workerId, kind, id, text) => sender().toByRelay(workerId, kind, id, text),
      putOnRelay: bundle => sender().putOnRelay(bundle),
    });
    this.#led = leader;
    if (direct.hasNoRelay) this.#invite(leader);
    else this.#inviting = clock.setTimer(() => this.#invite(leader), INVITE_AFTER_MS);
    return leader;
  }

  /** By which the others are spoken to past the primary. */
  lanesOf(term: number): DirectLeader | undefined {
    return this.#led?.term === term ? this.#led : undefined;
  }

  #invite(leader: DirectLeader): void {
    const { group, link, warn } = this.#options;
    const { term } = leader;
    link.direct?.server.open({
      group,
      term,
      leader,
      offer: ({ address, secret }) => link.sendControl({ k: 'offer', group, term, address, secret }),
      failed: problem => this.#report(term, 'relay', problem),
      refused: workerId => warn(memberRefused(group, workerId)),
    });
  }

  /** What came by the relay from the others. */
  relayed(bundle: Bundle): void {
    const { receive } = this.#options;
    const leader = this.lanesOf(bundle.t);
    if (leader) leader.relayed(bundle, receive);
    else receive(bundle);
  }

  /** This member leads no longer. Resolves when what it said has left this process, or may take no longer. */
  async stopLeading(): Promise<void> {
    const leader = this.#stopInviting();
    await leader?.finish();
  }

  /** There is no primary any more. */
  destroy(): void {
    this.#stopInviting()?.destroy();
    this.#remote?.destroy();
    this.#dropNext();
    this.#remote = undefined;
    this.#offer = undefined;
  }

  #stopInviting(): DirectLeader | undefined {
    const leader = this.#led;
    this.#led = undefined;
    this.#inviting?.clear();
    if (leader) this.#options.link.direct?.server.close(this.#options.group, leader.term);
    return leader;
  }

  #takeNext(term: number): RemoteRoute | undefined {
    if (this.#next?.term !== term) return undefined;
    const next = this.#next;
    this.#next = undefined;
    return next;
  }

  #dropNext(): void {
    this.#next?.destroy();
    this.#next = undefined;
  }

  #begin(term: number): RemoteRoute {
    const { group, link, read } = this.#options;
    const { outbox, direct, clock } = link;
    this.#problem = undefined;
    if (!direct) return new RelayRoute(group, term, outbox);
    const { transport, hasNoRelay } = direct;
    const route: DirectRoute = new DirectRoute({
      group,
      term,
      from: link.self.workerId,
      clock,
      transport,
      outbox,
      hasNoRelay,
      deliver: read,
      changed: problem => this.#changed(route, problem),
    });
    if (this.#offer?.term === term) route.offered(this.#offer);
    return route;
  }

  #changed(route: DirectRoute, problem: string | undefined): void {
    this.#report(route.term, route.kind, problem);
    if (route.kind !== 'direct') return;
    this.#reached = route.term;
    this.#options.reached();
  }

  #report(term: number, route: 'relay' | 'direct', problem: string | undefined): void {
    const { group, link, warn } = this.#options;
    const isNew = problem !== undefined && this.#problem === undefined;
    this.#problem = problem === undefined ? undefined : { term, text: problem };
    link.sendControl({ k: 'route', group, term, route, ...(problem !== undefined && { problem }) });
    if (isNew) warn((link.direct!.hasNoRelay ? unreached : notDirect)(group, problem));
  }
}
