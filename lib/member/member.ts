// One member at work: hears the primary, plays its role, and keeps calls, subscriptions and publications on the route to
// whoever leads.

import { decodeValue } from '../codec/decode-value.js';
import { OwnTypes } from '../codec/own-types.js';
import { readError } from '../codec/read-error.js';
import { publishDiagnostic } from '../diagnostics/channels.js';
import { debug } from '../diagnostics/debug-log.js';
import type { GroupMessage } from '../diagnostics/messages.js';
import {
  brokenFrame,
  closed,
  leaderFailed,
  NO_LEADER,
  noLeader,
  noPrimary,
  noTransfer,
  type Outcome,
  readyTimedOut,
  timedOut,
} from '../errors/errors.js';
import { costly } from '../errors/warnings.js';
import { handBack } from '../leader/hand-back.js';
import type { Service } from '../leader/service.js';
import { Failovers, type TermEnd } from '../metrics/failovers.js';
import { Served } from '../metrics/served.js';
import { type MemberOptions, memberDigest } from '../options/options.js';
import { type FrameView, readFrames } from '../protocol/frames.js';
import {
  type Bundle,
  type DeposedCause,
  type Join,
  Kind,
  type Offer,
  type ReadUpTo,
  type Resign,
  type StateUpdate,
} from '../protocol/messages.js';
import { toPortable } from '../protocol/pack-parts.js';
import { LocalRoute } from '../route/local-route.js';
import type { Route } from '../route/route.js';
import { captureContext, neutralContext } from '../utils/async-context.js';
import type { Clock, Timer } from '../utils/clock.js';
import { defer } from '../utils/deferred.js';
import { Calls } from './calls.js';
import { LeaderSession } from './leader-session.js';
import { LeadershipDiagnostics } from './leadership-diagnostics.js';
import type { Link, LinkMember, ToError } from './link.js';
import type { MemberObserver } from './observer.js';
import { ReadyWaiters } from './ready-waiters.js';
import {
  heldTerm,
  isLeading,
  isPreparing,
  newRole,
  play,
  type RoleEvent,
  type RoleOrder,
  type RoleState,
} from './role.js';
import { Routes } from './routes.js';
import { StickyPublications } from './sticky-publications.js';
import { Subscriptions } from './subscriptions.js';
import { ToldErrors } from './told-errors.js';

/** Orders as lines of NODE_DEBUG. */
const TELLS: { readonly [order in RoleOrder['do']]: string } = {
  open: 'opens the real client',
  'tell prepared': 'is prepared to take over',
  serve: 'serves calls',
  drain: 'lets its calls end',
  stop: 'starts no call any more',
  close: 'closes the real client',
  yield: 'asks to step down',
  resign: 'gives its term back',
  leave: 'leaves the group',
};

export class Member implements LinkMember {
  readonly name: string;
  readonly calls: Calls;
  readonly subscriptions: Subscriptions;
  readonly stickyPublications: StickyPublications;
  /** The app's own types. */
  readonly own: OwnTypes | undefined;
  readonly clock: Clock;
  /** Of the code that asked for the client. */
  readonly context = captureContext();
  readonly observers = new Set<MemberObserver>();
  /** What it ran as a leader. */
  readonly served = new Served();
  readonly #gone = defer();
  /** Resolves once it has left the group. */
  readonly gone = this.#gone.promise;
  #options: MemberOptions;
  readonly #link: Link;
  readonly #waiters: ReadyWaiters;
  readonly #source: GroupMessage;
  readonly #diagnostics: LeadershipDiagnostics;
  #role: RoleState;
  #update: StateUpdate | undefined;
  /** How the last term ended that is known to have. */
  #ended: TermEnd | undefined;
  /** The newest term of which it was said who leads. */
  #lastLed: number | undefined;
  /** The last error of an attempt to open the real client, while none is open. */
  #openError: Error | undefined;
  /** Somebody in this process was told of it. */
  #isFailureTold = false;
  readonly #told: ToldErrors;
  #route: Route | undefined;
  /** The last term that a route led to, and how it ended, if it has. Others may end after it before there is a route again. */
  #used: { readonly term: number; readonly cause?: DeposedCause } | undefined;
  readonly #routes: Routes;
  /** The last term whose end has come. */
  #endedTerm = 0;
  readonly #session: LeaderSession;
  /** The number of the heartbeat from which on a lease is ours. */
  #firstBeat = 0;
  /** In the last term that was served here. */
  #readUpTo: ReadUpTo | undefined;
  #noPrimaryTimer: Timer | undefined;
  /** Resolves once the primary was sent the last term that this member gave back. */
  #toldOfResigning = Promise.resolve();
  /** It leads no more, or only as long as nobody else may. */
  #isAside: false | 'unless needed' | 'for good' = false;
  #whenPlayed: (() => void)[] = [];

  constructor(
    options: MemberOptions,
    link: Link,
    /** Of all members that had this name in this process. */
    readonly failovers = new Failovers(),
  ) {
    this.name = options.name;
    this.clock = link.clock;
    this.#options = options;
    this.#link = link;
    this.#told = new ToldErrors(link);
    this.#waiters = new ReadyWaiters(this.clock);
    this.#source = { side: 'member', member: link.self.workerId, group: this.name };
    this.#diagnostics = new LeadershipDiagnostics(this.#source);
    this.#routes = new Routes({
      group: this.name,
      link,
      read: bundle => this.#read(bundle),
      receive: bundle => this.#receive(bundle),
      warn: text => this.warning(text),
      reached: () => this.#resolveReady(),
    });
    this.#session = new LeaderSession({
      member: this,
      teller: this.#source,
      routes: this.#routes,
      play: event => this.#play(event),
      observe: say => this.#observe(say),
      read: bundle => this.#read(bundle),
      hasLease: now => this.#hasLease(now),
    });
    this.#role = newRole(link.self.workerId);
    const { maxLeadersLost } = this.#options;
    this.own = OwnTypes.of(options.types, options.errors);
    const { own } = this;
    this.calls = new Calls({
      clock: this.clock,
      own,
      maxLeadersLost,
      costly: ({ method, sticky, losses }) =>
        this.warning(
          sticky === undefined
            ? costly(this.name, 'a call of', method, losses)
            : costly(this.name, 'the publication that is sticky under', sticky, losses),
        ),
      timeout: (method, ms, outcome) => this.timeoutError(method, ms, outcome),
      overloaded: what => publishDiagnostic('overload', { ...this.#source, workerId: link.self.workerId, what }),
    });
    this.subscriptions = new Subscriptions({
      clock: this.clock,
      own,
      maxLeadersLost,
      costly: ({ key, losses }) => this.warning(costly(this.name, 'the subscription to', key, losses)),
    });
    this.stickyPublications = new StickyPublications({ calls: this.calls, clock: this.clock });
  }

  /** Joins the group. */
  start(): void {
    // It may have left before it could join.
    if (this.isLeaving) return;
    this.#link.add(this);
    if (this.#link.isLinked) return;
    this.#noPrimaryTimer = this.clock.setTimer(() => {
      if (!this.#link.isLinked) this.warning(this.#noPrimary(this.#options.primaryTimeoutMs).message);
    }, this.#options.primaryTimeoutMs);
  }

  get options(): MemberOptions {
    return this.#options;
  }

  get isLeader(): boolean {
    return isLeading(this.#role);
  }

  get isLeaving(): boolean {
    return this.#role.isLeaving || this.#role.now.at === 'gone';
  }

  /** How the last term ended, as far as this member was told. */
  get ended(): TermEnd | undefined {
    return this.#ended;
  }

  /** Everybody who used it is about to leave it: it is replaced where another definition of its name comes. */
  get isRetired(): boolean {
    return this.isLeaving || (this.observers.size > 0 && [...this.observers].every(({ isClosed }) => isClosed));
  }

  get leader(): { readonly workerId: number; readonly pid: number } | undefined {
    return this.#update?.leader;
  }

  get term(): number {
    return this.#role.now.at === 'leading' ? this.#role.now.term : this.#role.update.term;
  }

  get link(): Link {
    return this.#link;
  }

  /** Bytes of calls that wait here for a leader, and of all that waits for the channel to take it. */
  get queuedBytes(): number {
    const channel = this.#link.isLinked ? this.#link.outbox.waitingBytes : 0;
    return this.calls.waitingBytes + channel + this.#routes.queuedBytes + (this.#session.service?.heldBytes ?? 0);
  }

  get route(): Route | undefined {
    return this.#route;
  }

  /** Why data goes by the relay, where the primary asked for the direct route. */
  get routeProblem(): string | undefined {
    return this.#routes.problem;
  }

  /** The real client could not be opened. Whoever waits in `ready()` gets the error there; else it is an event, once an outage. */
  openFailed(error: unknown): void {
    if (!this.#waiters.isEmpty || this.#isFailureTold) return;
    this.#isFailureTold = true;
    this.#observe(observer => observer.error(error));
  }

  /**
   * Resolves when a leader is ready.
   * @param owner the handle that waits, for {@link endWaits}
   */
  async ready(readyTimeoutMs: number, owner?: object): Promise<void> {
    if (this.#isReady) return;
    if (this.#link.toError) throw this.#link.toError();
    const { primaryTimeoutMs } = this.#options;
    const limits = [
      { ms: readyTimeoutMs, error: () => this.#readyError(readyTimeoutMs) },
      { ms: primaryTimeoutMs, error: () => (this.#link.isLinked ? undefined : this.#noPrimary(primaryTimeoutMs)) },
    ];
    await this.#waiters.wait(limits, owner);
  }

  /** A leader is ready, and data gets to it. */
  get #isReady(): boolean {
    return this.#route !== undefined && (this.#route.kind === 'local' || this.#routes.isReached);
  }

  #resolveReady(): void {
    if (this.#isReady) this.#waiters.resolve();
  }

  /** A handle waits for no leader any more. */
  endWaits(owner: object, error: Error): void {
    this.#waiters.reject(error, owner);
  }

  /** Whether this member may lead changed. */
  setEligible(eligible: boolean): void {
    this.#options = { ...this.#options, eligible };
    this.#link.update(this);
  }

  /**
   * The process is to end, once the app is done with it. From now on the member leads only as long as nobody else may, so
   * that what is under way here and in other workers can still call. The primary takes from it what it leads.
   */
  giveWay(): void {
    this.#isAside ||= 'unless needed';
    this.#link.update(this);
  }

  /** Hands over what it leads, and leads no more; resolves when its real client is closed and the primary was told. */
  async stepAside(): Promise<void> {
    this.#isAside = 'for good';
    this.#link.update(this);
    await this.resign();
    // Else it would die with the process.
    await this.#inTime(() => this.#toldOfResigning);
  }

  /** Steps down, if it leads; resolves when its real client is closed. */
  async resign(): Promise<void> {
    const { now } = this.#role;
    if (!('term' in now)) return;
    this.#play({ type: 'resign' });
    const isOver = () => !('term' in this.#role.now) || this.#role.now.term !== now.term;
    while (!isOver()) await new Promise<void>(resolve => this.#whenPlayed.push(resolve));
  }

  /**
   * Hands the group over, to the member of another worker; resolves when that one is ready. Waits for a leader first, but
   * where nobody is about to lead the primary says so at once.
   * @param owner the handle that waits, for {@link endWaits}
   */
  async transfer(workerId: number | undefined, readyTimeoutMs: number, owner: object): Promise<void> {
    // The primary may have said goodbye in the same message.
    // That calls can't get to its leader is no reason to wait: another one may be reached.
    const mayAsk = () => this.#update?.phase === 'vacant' || this.#update?.phase === 'ready';
    do if (!this.#link.isLinked || !mayAsk()) await this.ready(readyTimeoutMs, owner);
    while (!this.#link.isLinked);
    const failed = await this.#link.handOvers.ask(this.name, workerId);
    if (failed) throw noTransfer(this.name, workerId, failed);
  }

  /** Leaves the group, once its calls have ended or the time for that is over. */
  async leave(): Promise<void> {
    this.#play({ type: 'leave' });
    await this.gone;
  }

  // --------------------------------------------------------------------------------------------- from the primary

  join(): Join {
    const { name, eligible, priority, handover } = this.#options;
    const may = {
      eligible: eligible && !this.#isAside,
      ...(eligible && this.#isAside === 'unless needed' && { lastResort: true }),
    };
    return { k: 'join', group: name, ...may, priority, handover, digest: memberDigest(this.#options) };
  }

  linked(): void {
    this.#noPrimaryTimer?.clear();
    publishDiagnostic('join', { ...this.#source, ...this.#link.self });
  }

  stateChanged(news: StateUpdate): void {
    // The channel keeps order, so this is the newest.
    const error = news.error && this.#told.read(news.error);
    if (news.cause) this.#termEnded({ term: this.#ledBefore(news), cause: news.cause, error });
    this.#diagnostics.publish(news, error);
    this.#update = news;
    // A group may be without a leader before it is known that the term is over: its leader is fenced.
    if (news.leader) this.#lastLed = news.term;
    if (news.phase === 'failed') this.#openError = error;
    if (news.phase === 'ready') {
      this.#openError = undefined;
      this.#isFailureTold = false;
    }
    if (news.methods) this.#observe(observer => observer.methods(news.methods!));
    this.#play({ type: 'update', term: news.term, phase: news.phase, leader: news.leader?.workerId });
    if (news.phase !== 'failed') return;
    this.#isFailureTold ||= !this.#waiters.isEmpty;
    this.#waiters.reject(leaderFailed(this.name, this.#openError));
  }

  #termEnded(ended: TermEnd): void {
    this.#ended = ended;
    const { term, cause } = ended;
    if (term !== undefined && term === this.#used?.term) this.#used = { term, cause };
  }

  /** The last term before this news that had a leader. */
  #ledBefore({ term, leader }: StateUpdate): number | undefined {
    const last = this.#lastLed;
    return last !== undefined && (last < term || !leader) ? last : this.#ended?.term;
  }

  handover(term: number): void {
    this.#play({ type: 'handover', term });
  }

  prepare(term: number): void {
    this.#play({ type: 'prepare', term });
  }

  offer(offer: Offer): void {
    this.#routes.offered(offer);
  }

  warning(text: string): void {
    publishDiagnostic('warning', { ...this.#source, message: text });
    this.#observe(observer => observer.warning(text));
  }

  leased(): void {
    this.#openOnceLeased();
    this.#session.service?.release();
  }

  lost(toError: ToError): Promise<unknown> | undefined {
    this.#update = undefined;
    debug(this.#source, () => `there is no primary: ${toError().message}`);
    // Its results are still good; what is left then is lost with the primary, not with a leader.
    this.#session.service?.stop();
    const hasCalls = this.calls.waiting + this.calls.inFlight > 0;
    this.calls.failAll(toError);
    this.subscriptions.interrupt();
    this.#play({ type: 'lost' });
    this.#routes.destroy();
    this.failovers.forget();
    this.#diagnostics.forget();
    this.#waiters.reject(toError());
    if (this.#role.now.at === 'closing') return this.#session.closing;
    // One turn is enough for their callers to get the errors.
    return hasCalls ? Promise.resolve() : undefined;
  }

  data(bundle: Bundle): void {
    if (bundle.f !== undefined || bundle.h[0] === Kind.MEMBER_LEFT) this.#routes.relayed(bundle);
    else this.#read(bundle);
  }

  /** Frames for the leader that this member is, or was. */
  #receive(bundle: Bundle): void {
    const { service } = this.#session;
    if (service?.term === bundle.t) service.receive(bundle);
    // Until the primary hears that the real client is closed, calls still come.
    else if (this.#isClosing(bundle.t)) handBack(bundle, this.#session.senderOf(bundle.t));
  }

  #isClosing(term: number): boolean {
    const { now } = this.#role;
    return now.at === 'closing' && now.term === term;
  }

  #read(bundle: Bundle): void {
    try {
      // Once for all: nothing of the user's runs between two of them.
      const now = this.clock.now();
      readFrames(bundle, frame => this.#frame(frame, bundle.t, now));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      for (let i = 1; i < bundle.h.length; i += 4) this.calls.receiveBroken(bundle.h[i]!, bundle.t);
    }
  }

  #frame(frame: FrameView, term: number, now: number): void {
    if (this.calls.receive(frame, term, now) || this.subscriptions.receive(frame, term)) return;
    if (frame.kind === Kind.END) this.#endTerm(term, frame.id);
    else if (this.#routes.remote?.term === term && this.#routes.remote.handle(frame.kind, frame.id, frame.json)) return;
    else if (frame.kind === Kind.EVENT && this.#route?.term === term) this.#upstream(frame);
  }

  #upstream(frame: FrameView): void {
    const { text, ext, parts } = frame.payload();
    const decode = () => decodeValue(JSON.parse(text), ext, parts, undefined, false, this.own);
    try {
      const said = decode();
      if (!Array.isArray(said) || typeof said[0] !== 'string')
        throw brokenFrame('event', 'a list that begins with a name');
      this.#observe(observer => observer.upstream(said[0], () => (decode() as unknown[]).slice(1)));
    } catch (error) {
      this.#observe(observer => observer.error(error));
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
      this.#updateRoute();
    });
  }

  // -------------------------------------------------------------------------------------------------------- role

  /** Connections and the like that come of it outlive whoever caused it, and must not keep that one's context. */
  #play(event: RoleEvent): void {
    neutralContext.runInAsyncScope(() => this.#playNow(event));
  }

  #playNow(event: RoleEvent): void {
    const wasLeader = this.isLeader;
    const before = this.#role;
    const { state, orders } = play(before, event);
    this.#role = state;
    this.#beatFor(heldTerm(before), heldTerm(state));
    if (isPreparing(state) !== isPreparing(before)) this.#beatAhead(isPreparing(state));
    for (const order of orders) this.#carryOut(order);
    this.#openOnceLeased();
    this.#updateRoute();
    if (wasLeader !== this.isLeader) this.#emitRole(wasLeader);
    for (const resolve of this.#whenPlayed.splice(0)) resolve();
  }

  #openOnceLeased(): void {
    const { now } = this.#role;
    if (now.at !== 'opening' || now.client !== 'awaits lease') return;
    // The primary may have chosen this member before it heard that it leads no more.
    if (this.#isAside === 'for good') return this.#play({ type: 'resign' });
    const at = this.clock.now();
    if (this.#hasLease(at) || this.#isJustAppointed(now.term, at)) this.#play({ type: 'leased' });
  }

  /** Its appointment is so young that nobody else can hold a later one, acknowledged or not. */
  #isJustAppointed(term: number, now: number): boolean {
    if (this.#update?.term !== term || this.#update.appointedAt === undefined) return false;
    return this.#link.isAwaited(this.#update.appointedAt, now);
  }

  /** Heartbeats for as long as a term is held. Each term needs an acknowledgement of its own. */
  #beatFor(before: number | undefined, after: number | undefined): void {
    if (before === after) return;
    if (before !== undefined) this.#link.stopBeating();
    if (after !== undefined) this.#firstBeat = this.#link.startBeating();
  }

  /** They are no lease, but show that the preparation goes on. */
  #beatAhead(isPreparing: boolean): void {
    if (isPreparing) this.#firstBeat = this.#link.startBeating();
    else this.#link.stopBeating();
  }

  #emitRole(wasLeader: boolean): void {
    const { update } = this.#role;
    const { cause, error } = (wasLeader ? this.#ownEnd() : this.#ended) ?? {};
    const event = { term: update.term, ...(cause && { cause }), ...(error && { error }) };
    this.#observe(observer => (wasLeader ? observer.follower(event) : observer.leader(event)));
  }

  /** How the term ends that this member led, where it ends by its own word. */
  #ownEnd(): Omit<TermEnd, 'term'> | undefined {
    const { now } = this.#role;
    if (now.at !== 'closing' || !now.cause) return undefined;
    return { cause: now.cause, error: now.error && readError(toPortable(now.error)) };
  }

  #carryOut(order: RoleOrder): void {
    debug(this.#source, () => ('term' in order ? `${TELLS[order.do]} (term ${order.term})` : TELLS[order.do]));
    switch (order.do) {
      case 'open':
        if (this.isLeader) this.#session.expect(order.term);
        return void this.#session.open(order.term);
      case 'tell prepared':
        return this.#link.sendControl({
          k: 'prepared',
          group: this.name,
          term: order.term,
          methods: this.#session.methods,
        });
      case 'serve':
        return this.#session.serve(order.term);
      case 'drain':
        return this.#session.drain(order.term);
      case 'stop':
        return this.#stop();
      case 'close':
        return void this.#session.close(order.term);
      case 'yield':
        return this.#session.yield(order.term, order.now);
      case 'resign':
        return this.#resigned(order);
      case 'leave':
        return this.#leave();
    }
  }

  #resigned({ term, cause, error }: Extract<RoleOrder, { do: 'resign' }>): void {
    const told = error && { error: this.#told.send(error) };
    const frame: Resign = { k: 'resign', group: this.name, cause, ...told, ...this.#readIn(term) };
    this.#toldOfResigning = new Promise(resolve => this.#link.sendControlInOrder(frame, resolve));
  }

  #readIn(term: number): ReadUpTo {
    return this.#readUpTo?.term === term ? this.#readUpTo : { term };
  }

  #hasLease(now: number): boolean {
    return this.#link.hasLease(this.#firstBeat, now);
  }

  #stop(): void {
    const service = this.#session.stop();
    if (service) this.#readUpTo = { term: service.term, read: [...service.received].flat() };
    const route = this.#route;
    if (!service || route?.kind !== 'local') return;
    this.#shut();
    this.calls.end(route, service.received.get(this.#link.self.workerId) ?? 0);
  }

  #leave(): void {
    publishDiagnostic('leave', { ...this.#source, ...this.#link.self });
    // In this order: the leader has all of its data before the primary says that it left.
    void this.#inTime(
      () => this.#routes.leave(),
      () => this.#link.remove(this, this.#readUpTo),
    ).then(() => this.#gone.resolve());
    this.calls.failAll(outcome => closed('The shared client', outcome));
    this.#shut();
    this.failovers.forget();
    this.subscriptions.close();
    this.stickyPublications.clear();
    this.#waiters.reject(closed('The shared client'));
    this.#noPrimaryTimer?.clear();
    this.calls.close();
  }

  /** Takes each step once the one before is done, or `drainTimeoutMs` are over; resolves likewise. */
  async #inTime(...steps: (() => Promise<void>)[]): Promise<void> {
    const limit = defer();
    const timer = this.clock.setTimer(() => limit.resolve(), this.#options.drainTimeoutMs);
    for (const step of steps) await Promise.race([step(), limit.promise]);
    timer.clear();
  }

  // -------------------------------------------------------------------------------------------------------- route

  /** Takes the route that fits where the group stands now. */
  #updateRoute(): void {
    const { now, update } = this.#role;
    const { service } = this.#session;
    if (service) return this.#take(true, service.term, () => this.#localRoute(service));
    const isLedElsewhere = update.phase === 'ready' && update.leader !== this.#link.self.workerId && now.at !== 'gone';
    // The end of a term and the news of it come in any order.
    const isOver = update.term <= this.#endedTerm;
    if (!isLedElsewhere || isOver || !this.#link.isLinked) return this.#shut();
    this.#take(false, update.term, () => this.#routes.to(update.term));
  }

  #take(isLocal: boolean, term: number, build: () => Route): void {
    if (this.#route?.term === term && (this.#route.kind === 'local') === isLocal) return;
    this.#shut();
    // What comes back of the older term was made before what waits now, and is to be sent before it.
    if (this.#routes.remote && this.#routes.remote.term !== term) return;
    const route = build();
    this.#route = route;
    const failover = this.failovers.ready(term, this.clock.now(), this.#update?.cause && this.#ended);
    const after = failover ? `, ${failover.durationMs.toFixed(1)} ms after the leader before it was lost` : '';
    debug(this.#source, () => `calls go by the ${route.kind} route (term ${term})${after}`);
    const lostTerm = this.#lostTerm;
    this.#used = { term };
    this.subscriptions.open(route, lostTerm);
    this.calls.open(route, () => this.stickyPublications.republish(), lostTerm);
    this.#resolveReady();
  }

  /** The last term that a route led to, if its leader was lost with what was in its hands. */
  get #lostTerm(): number | undefined {
    const { cause, term } = this.#used ?? {};
    const isLoss = cause && cause !== 'resigned' && cause !== 'failed' && cause !== 'broken';
    return isLoss ? term : undefined;
  }

  #localRoute(service: Service): Route {
    const { workerId } = this.#link.self;
    return new LocalRoute(this.name, service.term, workerId, this.clock, bundle => service.receive(bundle));
  }

  #shut(): void {
    if (!this.#route) return;
    this.failovers.lost(this.#route.term, this.clock.now());
    this.#route = undefined;
    this.calls.shut();
    this.subscriptions.shut();
    this.stickyPublications.shut();
  }

  // ------------------------------------------------------------------------------------------------------ errors

  /** Why something that was asked for didn't come in time. */
  timeoutError(method: string, ms: number, outcome: Outcome): Error {
    if (this.#link.toError) return this.#link.toError(outcome);
    if (!this.#link.isLinked) return this.#noPrimary(ms, outcome);
    if (this.#openError && !this.#route) return leaderFailed(this.name, this.#openError, outcome);
    return timedOut(method, ms, outcome, this.#isReady ? undefined : this.#whyNoLeader);
  }

  #noPrimary(ms: number, outcome?: Outcome): Error {
    return noPrimary(ms, outcome, this.#link.advice);
  }

  #readyError(ms: number): Error {
    if (!this.#link.isLinked) return this.#noPrimary(ms);
    if (this.#openError) return leaderFailed(this.name, this.#openError);
    return noLeader(readyTimedOut(this.name, ms, this.#whyNoLeader));
  }

  /** As far as it is known here. */
  get #whyNoLeader(): string {
    if (this.#route) return `${NO_LEADER.unreached}: ${this.#routes.problem ?? NO_LEADER.unknown}`;
    if (this.#update?.leader) return NO_LEADER.opening;
    return this.#update?.cause === 'broken' ? NO_LEADER.broken : NO_LEADER.nobody;
  }

  #observe(say: (observer: MemberObserver) => void): void {
    for (const observer of this.observers) say(observer);
  }
}
