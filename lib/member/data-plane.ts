// A member's data: its calls, subscriptions and sticky publications, and the route to the current leader.

import { decodeValue } from '../codec/decode-value.js';
import { publishDiagnostic } from '../diagnostics/channels.js';
import { debug } from '../diagnostics/debug-log.js';
import { closed } from '../errors/call-errors.js';
import type { Outcome } from '../errors/shared-client-error.js';
import { brokenFrame } from '../errors/value-errors.js';
import { costly } from '../errors/warnings.js';
import type { Service } from '../leader/service.js';
import type { TermEnd } from '../metrics/failovers.js';
import { type Bundle, Kind } from '../protocol/bundle.js';
import { type FrameView, readFrames } from '../protocol/frame-reader.js';
import { isLoss } from '../protocol/group-state.js';
import type { Offer } from '../protocol/messages.js';
import { LocalRoute } from '../route/local-route.js';
import type { Route } from '../route/route.js';
import { Calls } from './calls.js';
import { FollowerRoutes } from './follower-routes.js';
import type { ToError } from './link.js';
import type { MemberContext } from './member-context.js';
import type { RoleState } from './role.js';
import { StickyPublications } from './sticky-publications.js';
import { Subscriptions } from './subscriptions.js';

export interface DataPlaneOptions {
  /** Creates the error for a call that was not answered in time. */
  timeout(method: string, ms: number, outcome: Outcome): Error;
  /** Data reaches a leader, for the first time or again. */
  reached(): void;
  /** Everything that the last leader wrote has been read, so the route to the next one may be taken. */
  finished(): void;
}

export class DataPlane {
  readonly calls: Calls;
  readonly subscriptions: Subscriptions;
  readonly stickyPublications: StickyPublications;
  readonly #member: MemberContext;
  readonly #options: DataPlaneOptions;
  readonly #routes: FollowerRoutes;
  #route: Route | undefined;
  /** The last term that a route led to, and whether its leader was lost. Other terms may end before there is a route again. */
  #used: { readonly term: number; readonly isLost?: boolean } | undefined;
  /** The last term that is known to be over, by its END frame. */
  #endedTerm = 0;

  constructor(member: MemberContext, options: DataPlaneOptions) {
    this.#member = member;
    this.#options = options;
    const { name, link, clock, source, own } = member;
    const { maxLeadersLost } = member.options;
    const warn = (text: string) => member.warning(text);
    this.#routes = new FollowerRoutes(
      member,
      bundle => this.read(bundle),
      options.reached,
      route => this.#givenUp(route),
    );
    this.calls = new Calls({
      clock,
      own,
      maxLeadersLost,
      costly: ({ method, sticky, losses }) =>
        warn(
          sticky === undefined
            ? costly(name, 'a call of', method, losses)
            : costly(name, 'the publication that is sticky under', sticky, losses),
        ),
      timeout: options.timeout,
      overloaded: what => publishDiagnostic('overload', { ...source, workerId: link.self.workerId, what }),
    });
    this.subscriptions = new Subscriptions({
      clock,
      own,
      maxLeadersLost,
      costly: ({ key, losses }) => warn(costly(name, 'the subscription to', key, losses)),
    });
    this.stickyPublications = new StickyPublications({ calls: this.calls, clock });
  }

  get route(): Route | undefined {
    return this.#route;
  }

  /** A leader is ready, and data reaches it. */
  get isReady(): boolean {
    return this.#route !== undefined && (this.#route.kind === 'local' || this.#routes.isReached);
  }

  /** Bytes of calls that wait for a leader, or for a direct connection. */
  get queuedBytes(): number {
    return this.calls.waitingBytes + this.#routes.queuedBytes;
  }

  // --------------------------------------------------------------------------------------------- from the leader

  /** Reads a bundle from a leader. */
  read(bundle: Bundle): void {
    try {
      // Read once for all frames of the bundle, which are handled synchronously.
      const now = this.#member.clock.now();
      readFrames(bundle, frame => this.#frame(frame, bundle.t, now));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      for (let i = 1; i < bundle.h.length; i += 4) this.calls.receiveBroken(bundle.h[i]!, bundle.t);
    }
  }

  #frame(frame: FrameView, term: number, now: number): void {
    if (frame.kind === Kind.BEGUN) this.stickyPublications.begun(frame.id, term);
    if (this.calls.receive(frame, term, now) || this.subscriptions.receive(frame, term)) return;
    if (frame.kind === Kind.END) this.#endTerm(term, frame.id);
    else if (this.#routes.handle(term, frame)) return;
    else if (frame.kind === Kind.EVENT && this.#route?.term === term) this.#upstream(frame);
  }

  #upstream(frame: FrameView): void {
    const { text, ext, parts } = frame.payload();
    const decode = () => decodeValue(JSON.parse(text), ext, parts, undefined, false, this.#member.own);
    try {
      const event = decode();
      if (!Array.isArray(event) || typeof event[0] !== 'string')
        throw brokenFrame('event', 'a list that begins with a name');
      this.#member.observe(observer => observer.upstream(event[0], () => (decode() as unknown[]).slice(1)));
    } catch (error) {
      this.#member.observe(observer => observer.error(error));
    }
  }

  #endTerm(term: number, received: number): void {
    this.#endedTerm = Math.max(this.#endedTerm, term);
    this.#routes.forget(term);
    const route = this.#routes.remote;
    if (route?.term !== term) return;
    if (this.#route === route) this.#shut();
    this.#routes.finish(() => {
      this.calls.end(route, received);
      this.#options.finished();
    });
  }

  /** The leader lives on, but has dropped what it had of this member. */
  #givenUp(route: Route): void {
    this.subscriptions.interrupt();
    this.#shut();
    this.#routes.finish(() => {
      this.calls.end(route, 0);
      this.#options.finished();
    });
  }

  // ------------------------------------------------------------------------------------------------------- routes

  /** The address at which the leader of a term accepts direct connections. */
  offer(offer: Offer): void {
    this.#routes.offered(offer);
  }

  /** Records how a term ended. If its leader was lost, the calls that it had count the loss. */
  termEnded({ term, cause }: TermEnd): void {
    if (term === undefined || term !== this.#used?.term) return;
    // A member that was away reads only how the last of several terms ended. One that is known to be lost stays lost.
    this.#used = { term, isLost: this.#used.isLost || isLoss(cause) };
  }

  /** Records terms whose leaders were lost while this member had no primary. */
  termsLost(terms: readonly number[]): void {
    const { term } = this.#used ?? {};
    if (term !== undefined && terms.includes(term)) this.#used = { term, isLost: true };
  }

  /** Takes the route that fits the current state of the group. `service` is set if this member leads. */
  updateRoute({ now, update }: RoleState, service: Service | undefined): void {
    const { link } = this.#member;
    if (service) return this.#take(true, service.term, () => this.#localRoute(service));
    const isLedElsewhere = update.phase === 'ready' && update.leader !== link.self.workerId && now.at !== 'gone';
    // The END of a term and the state update about it arrive in any order.
    const isOver = update.term <= this.#endedTerm;
    if (!isLedElsewhere || isOver || !link.isLinked) return this.#shut();
    this.#take(false, update.term, () => this.#routes.to(update.term));
  }

  #take(isLocal: boolean, term: number, build: () => Route): void {
    if (this.#route?.term === term && (this.#route.kind === 'local') === isLocal) return;
    this.#shut();
    // Calls that come back from the older term were made before those that wait now, and must be sent first.
    if (this.#routes.remote && this.#routes.remote.term !== term) return;
    const { clock, view, failovers, source } = this.#member;
    const route = build();
    this.#route = route;
    const failover = failovers.ready(term, clock.now(), view.update?.cause && view.ended);
    const after = failover ? `, ${failover.durationMs.toFixed(1)} ms after the leader before it was lost` : '';
    debug(source, () => `calls go by the ${route.kind} route (term ${term})${after}`);
    const lostTerm = this.#lostTerm;
    this.#used = { term };
    this.subscriptions.open(route, lostTerm);
    this.calls.open(route, () => this.stickyPublications.republish(lostTerm), lostTerm);
    if (this.isReady) this.#options.reached();
  }

  /** The last term that a route led to, if its leader was lost together with the calls that it had. */
  get #lostTerm(): number | undefined {
    return this.#used?.isLost ? this.#used.term : undefined;
  }

  #localRoute(service: Service): Route {
    const { name, link, clock } = this.#member;
    return new LocalRoute(name, service.term, link.self.workerId, clock, bundle => service.receive(bundle));
  }

  /** This member's own service has stopped. */
  serviceStopped(service: Service): void {
    const route = this.#route;
    if (route?.kind !== 'local') return;
    this.#shut();
    this.calls.end(route, service.received.get(this.#member.link.self.workerId) ?? 0);
  }

  #shut(): void {
    if (!this.#route) return;
    const { failovers, clock } = this.#member;
    failovers.lost(this.#route.term, clock.now());
    this.#route = undefined;
    this.calls.shut();
    this.subscriptions.shut();
    this.stickyPublications.shut();
  }

  // ---------------------------------------------------------------------------------------------------------- end

  /** There is no primary any more. @returns whether any calls were ended by this */
  interrupt(toError: ToError): boolean {
    const hasCalls = this.calls.waiting + this.calls.inFlight > 0;
    this.calls.failAll(toError);
    this.subscriptions.interrupt();
    return hasCalls;
  }

  destroyRoutes(): void {
    this.#routes.destroy();
    this.#member.failovers.forget();
  }

  /** Resolves when everything that was sent has left this process, or the time limit for that has passed. */
  leaveRoutes(): Promise<void> {
    return this.#routes.leave();
  }

  close(): void {
    this.calls.failAll(outcome => closed('The shared client', outcome));
    this.#shut();
    this.#member.failovers.forget();
    this.subscriptions.close();
    this.stickyPublications.clear();
    this.calls.close();
  }
}
