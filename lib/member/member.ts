// One worker's membership in a group, for its handles and the link: its role, and its data on the route to the leader.

import { OwnTypes } from '../codec/own-types.js';
import { publishDiagnostic } from '../diagnostics/channels.js';
import { debug } from '../diagnostics/debug-log.js';
import type { GroupMessage } from '../diagnostics/messages.js';
import { closed, noTransfer } from '../errors/call-errors.js';
import { Failovers } from '../metrics/failovers.js';
import { Served } from '../metrics/served.js';
import { type MemberOptions, memberDigest } from '../options/options.js';
import { type Bundle, Kind } from '../protocol/bundle.js';
import type { Join, Offer, StateUpdate } from '../protocol/messages.js';
import type { Route } from '../route/route.js';
import { captureContext } from '../utils/async-context.js';
import type { Clock, Timer } from '../utils/clock.js';
import { defer } from '../utils/deferred.js';
import type { Calls } from './calls.js';
import { DataPlane } from './data-plane.js';
import { FleetWatch } from './fleet-watch.js';
import { GroupView } from './group-view.js';
import type { Link, LinkMember, ToError } from './link.js';
import type { MemberContext } from './member-context.js';
import type { MemberObserver } from './observer.js';
import { PortableErrors } from './portable-errors.js';
import { Readiness } from './readiness.js';
import { RolePlayer } from './role-player.js';
import { RouteProblem } from './route-problem.js';
import type { StickyPublications } from './sticky-publications.js';
import type { Subscriptions } from './subscriptions.js';

export class Member implements LinkMember, MemberContext {
  readonly name: string;
  readonly calls: Calls;
  readonly subscriptions: Subscriptions;
  readonly stickyPublications: StickyPublications;
  readonly clock: Clock;
  /** The async context of the code that asked for the client. */
  readonly context = captureContext();
  readonly observers = new Set<MemberObserver>();
  /** Counts the calls that it ran as a leader. */
  readonly served = new Served();
  readonly #gone = defer();
  /** Resolves once it has left the group. */
  readonly gone = this.#gone.promise;
  #options: MemberOptions;
  readonly source: GroupMessage;
  readonly own: OwnTypes | undefined;
  readonly view: GroupView;
  readonly problem: RouteProblem;
  readonly #role: RolePlayer;
  readonly #data: DataPlane;
  readonly readiness: Readiness;
  /** What is known of the fleet, if the group is part of one. */
  readonly fleet: FleetWatch | undefined;
  #noPrimaryTimer: Timer | undefined;

  constructor(
    options: MemberOptions,
    readonly link: Link,
    /** Shared by all members that had this name in this process. */
    readonly failovers = new Failovers(),
  ) {
    this.name = options.name;
    this.clock = link.clock;
    this.#options = options;
    this.own = OwnTypes.of(options.types, options.errors);
    const { fleet, self } = link;
    this.source = { side: 'member', member: self.workerId, group: this.name, ...(fleet !== undefined && { fleet }) };
    this.view = new GroupView(new PortableErrors(link), this.source);
    this.problem = new RouteProblem(this);
    this.#data = new DataPlane(this, {
      timeout: (method, ms, outcome) => this.readiness.timeoutError(method, ms, outcome),
      reached: () => {
        this.readiness.reached();
        this.observe(observer => observer.reached?.());
      },
      finished: () => this.#updateRoute(),
    });
    this.calls = this.#data.calls;
    this.subscriptions = this.#data.subscriptions;
    this.stickyPublications = this.#data.stickyPublications;
    this.readiness = new Readiness(this, this.#data);
    this.fleet =
      options.across &&
      new FleetWatch(options.across, this, {
        reached: () => this.readiness.reached(),
        failed: error => this.readiness.fleetFailed(error),
      });
    this.#role = new RolePlayer(this, {
      read: bundle => this.#data.read(bundle),
      contextOf: id => this.calls.contextOf(id),
      openFailed: error => this.readiness.openFailed(error),
      stopped: service => this.#data.serviceStopped(service),
      played: () => this.#updateRoute(),
      leave: () => this.#leave(),
    });
  }

  start(): void {
    // It may have left before it could join.
    if (this.isLeaving) return;
    this.link.add(this);
    if (this.link.isLinked) return;
    this.#noPrimaryTimer = this.clock.setTimer(() => {
      if (!this.link.isLinked) this.warning(this.readiness.noPrimary(this.#options.primaryTimeoutMs).message);
    }, this.#options.primaryTimeoutMs);
  }

  get options(): MemberOptions {
    return this.#options;
  }

  get isLeader(): boolean {
    return this.#role.isLeader;
  }

  get isLeaving(): boolean {
    const { isLeaving, now } = this.#role.state;
    return isLeaving || now.at === 'gone';
  }

  /** It is leaving, or all of its handles are closing. It is replaced if another definition with its name is created. */
  get isRetired(): boolean {
    return this.isLeaving || (this.observers.size > 0 && [...this.observers].every(({ isClosed }) => isClosed));
  }

  get term(): number {
    const { now, update } = this.#role.state;
    return now.at === 'leading' ? now.term : update.term;
  }

  /** Bytes of calls that wait here for a leader, and of everything that waits for the channel to accept it. */
  get queuedBytes(): number {
    const channel = this.link.isLinked ? this.link.outbox.waitingBytes : 0;
    return channel + this.#data.queuedBytes + this.#role.session.queuedBytes;
  }

  get route(): Route | undefined {
    return this.#data.route;
  }

  /** Changes whether this member may lead. */
  setEligible(eligible: boolean): void {
    this.#options = { ...this.#options, eligible };
    this.link.update(this);
  }

  /**
   * The process is about to end, once the application is done. From now on the member leads only while no other member may,
   * so that code that still runs here or in other workers can make calls. The primary hands its groups over.
   */
  giveWay(): void {
    this.#role.aside ||= 'unless needed';
    this.link.update(this);
  }

  /**
   * Hands over what it leads and never leads again. Resolves when its real client is closed and the primary was notified.
   */
  async stepAside(): Promise<void> {
    this.#role.aside = 'for good';
    this.link.update(this);
    await this.resign();
    // Otherwise the message would be lost with the process.
    await this.#inTime(() => this.#role.resignSent);
  }

  /** Steps down, if it leads; resolves when its real client is closed. */
  resign(): Promise<void> {
    return this.#role.resign();
  }

  /**
   * Hands the group over to the member of another worker; resolves when that one is ready. Waits for a leader first. If
   * nobody is about to lead, the primary reports that at once.
   * @param owner the handle that waits, for {@link Readiness.end}
   */
  async transfer(workerId: number | undefined, readyTimeoutMs: number, owner: object): Promise<void> {
    // The primary may have sent its goodbye in the same message.
    // That calls cannot reach the current leader is no reason to wait: another leader may be reachable.
    const mayAsk = () => this.view.update?.phase === 'vacant' || this.view.update?.phase === 'ready';
    do if (!this.link.isLinked || !mayAsk()) await this.readiness.wait(readyTimeoutMs, owner);
    while (!this.link.isLinked);
    const failed = await this.link.handOvers.request(this.name, workerId);
    if (failed) throw noTransfer(this.name, workerId, failed);
  }

  /** Leaves the group, once its calls have ended or the time limit for that has passed. */
  async leave(): Promise<void> {
    this.#role.play({ type: 'leave' });
    await this.gone;
  }

  #leave(): void {
    publishDiagnostic('leave', { ...this.source, ...this.link.self });
    // In this order: the leader must have all of the member's data before the primary announces that it left.
    void this.#inTime(
      () => this.#data.leaveRoutes(),
      () => this.link.remove(this, this.#role.readUpTo),
    ).then(() => this.#gone.resolve());
    this.#data.close();
    this.fleet?.close();
    this.readiness.end(closed('The shared client'));
    this.#noPrimaryTimer?.clear();
  }

  /** Runs the steps in order. Waits for each, but for all of them at most `drainTimeoutMs`. */
  async #inTime(...steps: (() => Promise<void>)[]): Promise<void> {
    const limit = defer();
    const timer = this.clock.setTimer(() => limit.resolve(), this.#options.drainTimeoutMs);
    for (const step of steps) await Promise.race([step(), limit.promise]);
    timer.clear();
  }

  // --------------------------------------------------------------------------------------------- from the primary

  join(): Join {
    return joinOf(this.#options, this.#role.aside);
  }

  linked(): void {
    this.#noPrimaryTimer?.clear();
    publishDiagnostic('join', { ...this.source, ...this.link.self });
  }

  stateChanged(update: StateUpdate): void {
    const ended = this.view.apply(update);
    if (ended) this.fleet?.lost();
    if (ended) this.#data.termEnded(ended);
    if (update.lost) this.#data.termsLost(update.lost);
    const { term, phase, leader, methods } = update;
    if (phase === 'ready') this.readiness.opened();
    // In a fleet, the methods are those of its leader.
    if (methods && !this.fleet) this.observe(observer => observer.methods(methods));
    this.#role.play({ type: 'update', term, phase, leader: leader?.workerId });
    this.readiness.stateChanged(update);
  }

  handover(term: number): void {
    this.#role.play({ type: 'handover', term });
  }

  prepare(term: number): void {
    this.#role.play({ type: 'prepare', term });
  }

  offer(offer: Offer): void {
    this.#data.offer(offer);
  }

  leased(): void {
    this.#role.leased();
  }

  /**
   * Frames from members, or about one that left, are for this member as the leader. All other frames come from the leader.
   */
  data(bundle: Bundle): void {
    if (bundle.f !== undefined || bundle.h[0] === Kind.MEMBER_LEFT) this.#role.session.receive(bundle);
    else this.#data.read(bundle);
  }

  lost(toError: ToError): Promise<unknown> | undefined {
    const { session } = this.#role;
    this.view.forget();
    debug(this.source, () => `there is no primary: ${toError().message}`);
    // Results that the service has are still valid. What is left after that is lost with the primary, not with a leader.
    session.service?.stop();
    const hasCalls = this.#data.interrupt(toError);
    this.#role.play({ type: 'lost' });
    session.destroyRoutes();
    this.#data.destroyRoutes();
    this.readiness.end(toError());
    if (this.#role.state.now.at === 'closing') return session.closing;
    // One turn is enough for the callers to receive the errors.
    return hasCalls ? Promise.resolve() : undefined;
  }

  // ------------------------------------------------------------------------------------------- to those who use it

  #updateRoute(): void {
    this.#data.updateRoute(this.#role.state, this.#role.session.service);
  }

  observe(notify: (observer: MemberObserver) => void): void {
    for (const observer of this.observers) notify(observer);
  }

  warning(text: string): void {
    publishDiagnostic('warning', { ...this.source, message: text });
    this.observe(observer => observer.warning(text));
  }
}

function joinOf(options: MemberOptions, aside: RolePlayer['aside']): Join {
  const { name, eligible, priority, across, backoff } = options;
  // The host's leader opens nothing that another one has to close first.
  const handover = across ? 'exclusive' : options.handover;
  const pauses = backoff && ([backoff.minMs, backoff.maxMs] as const);
  const may = { eligible: eligible && !aside, ...(eligible && aside === 'unless needed' && { lastResort: true }) };
  return {
    k: 'join',
    group: name,
    ...may,
    priority,
    handover,
    ...(pauses && { backoff: pauses }),
    digest: memberDigest(options),
  };
}
