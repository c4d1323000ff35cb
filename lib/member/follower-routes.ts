// A member's routes to leaders in other workers: to the current leader, and to the next one.

import type { Bundle } from '../protocol/bundle.js';
import type { FrameView } from '../protocol/frame-reader.js';
import type { Offer } from '../protocol/messages.js';
import { DirectRoute } from '../route/direct/direct-route.js';
import { RelayRoute, type Route } from '../route/route.js';
import type { MemberContext } from './member-context.js';

type RemoteRoute = RelayRoute | DirectRoute;

export class FollowerRoutes {
  #remote: RemoteRoute | undefined;
  /** Without a relay: the route to the leader of a term that is not ready yet. Connecting early saves the wait later. */
  #next: RemoteRoute | undefined;
  #offer: Offer | undefined;
  /** The last term whose leader was reached directly. */
  #reached: number | undefined;

  constructor(
    private readonly member: Pick<MemberContext, 'name' | 'link' | 'problem'>,
    /** Reads a bundle from the leader. */
    private readonly read: (bundle: Bundle) => void,
    /** Data reaches the leader, for the first time or again. */
    private readonly reached: () => void,
    /** The leader has given this member up. */
    private readonly givenUp: (route: Route) => void,
  ) {}

  /** The route to the last leader in another worker, until everything of its term has been read. */
  get remote(): RemoteRoute | undefined {
    return this.#remote;
  }

  /** The same route, if it may become direct. */
  get #direct(): DirectRoute | undefined {
    return this.#remote instanceof DirectRoute ? this.#remote : undefined;
  }

  /** Bytes that wait for a direct connection. */
  get queuedBytes(): number {
    return this.#direct?.queuedBytes ?? 0;
  }

  /** Whether data reaches the leader in another worker, as far as this member knows. */
  get isReached(): boolean {
    const { link, problem } = this.member;
    return !link.direct?.hasNoRelay || (this.#reached === this.#remote?.term && !problem.text);
  }

  to(term: number): RemoteRoute {
    this.#remote ??= this.#takeNext(term) ?? this.#begin(term);
    return this.#remote;
  }

  /** The address at which the leader of a term accepts direct connections. */
  offered(offer: Offer): void {
    this.#offer = offer;
    const { term } = offer;
    if (this.#remote?.term === term) this.#direct?.offered(offer);
    else if (this.member.link.direct?.hasNoRelay) {
      this.#dropNext();
      this.#next = this.#begin(term);
    }
  }

  /** Handles a frame from a leader about the route, received by the relay. @returns whether it was one */
  handle(term: number, { kind, id, json }: FrameView): boolean {
    return this.#remote?.term === term && this.#direct?.handle(kind, id, json) === true;
  }

  /** The term is over. Drops the route that was prepared for it but never taken. */
  forget(term: number): void {
    if (this.#next?.term === term) this.#dropNext();
  }

  /** The term is over. Calls `done` once everything that its leader wrote has been read. */
  finish(done: () => void): void {
    const route = this.#remote!;
    const finished = () => {
      if (this.#remote !== route) return;
      this.#remote = undefined;
      // A problem of the next term's route may already be known and must stay.
      this.member.problem.forget(route.term);
      done();
    };
    if (route instanceof DirectRoute) route.finish(finished);
    else finished();
  }

  /** Resolves when everything that was sent has left this process, or the time limit for that has passed. */
  async leave(): Promise<void> {
    const route = this.#direct;
    this.#remote = undefined;
    this.#dropNext();
    if (route?.kind === 'direct') await new Promise<void>(resolve => route.leave(resolve));
    else route?.destroy();
  }

  /** There is no primary any more. */
  destroy(): void {
    this.#direct?.destroy();
    this.#dropNext();
    this.#remote = undefined;
    this.#offer = undefined;
  }

  #takeNext(term: number): RemoteRoute | undefined {
    if (this.#next?.term !== term) return undefined;
    const next = this.#next;
    this.#next = undefined;
    return next;
  }

  #dropNext(): void {
    if (this.#next instanceof DirectRoute) this.#next.destroy();
    this.#next = undefined;
  }

  #begin(term: number): RemoteRoute {
    const { name: group, link, problem } = this.member;
    const { outbox, direct, clock } = link;
    problem.forget();
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
      isElsewhere: link.fleet !== undefined,
      deliver: this.read,
      changed: text => this.#changed(route, text),
      gone: () => this.#gone(route),
    });
    if (this.#offer?.term === term) route.offered(this.#offer);
    return route;
  }

  #gone(route: DirectRoute): void {
    if (this.#next === route) this.#next = this.#begin(route.term);
    else this.givenUp(route);
  }

  #changed(route: DirectRoute, problem: string | undefined): void {
    this.member.problem.report(route.term, route.kind, problem);
    if (route.kind !== 'direct') return;
    this.#reached = route.term;
    this.reached();
  }
}
