// A worker's end where there is no primary of ours: what its members say goes into the log of a bus, and what a primary
// would have answered is read from there. It puts the parts of this room together and owns the view.

import { noBus, otherOptions, silentBus, unreached } from '../errors/warnings.js';
import type { Choose } from '../group/choose.js';
import { candidatesOf, leaderOf, termHeldBy, termOf } from '../group/queries.js';
import { type Bundle, Kind } from '../protocol/bundle.js';
import { signal } from '../protocol/frames.js';
import type { LogState } from '../protocol/log-state.js';
import {
  type Address,
  type BusPacket,
  type Claim,
  type ControlFrame,
  type FromPrimary,
  type Join,
  MARKER,
  type Offer,
  type OnRoute,
  type Packet,
  PROTOCOL_VERSIONS,
  type State,
} from '../protocol/messages.js';
import { parseBusPacket } from '../protocol/parse.js';
import type { Bus } from '../transport/bus.js';
import type { Peer, WorkerEnd, WorkerEndHandlers } from '../transport/transport.js';
import type { Clock } from '../utils/clock.js';
import { defer } from '../utils/deferred.js';
import { own } from '../utils/own.js';
import { Args } from './args.js';
import { Claims } from './claims.js';
import { diffState } from './diff-state.js';
import { warningsOf } from './differences.js';
import { endMetrics } from './metrics.js';
import { type Completed, Offers, type Reach, type SecretStore } from './offers.js';
import { rank, STEP_MS } from './preference.js';
import { readLog } from './read-log.js';
import { StateSync } from './state-sync.js';
import { Transfers } from './transfers.js';
import { loseConnection, newView, reduceView, type Seen, type View, type ViewOrder } from './view.js';
import { Watch, watchedTerm } from './watch.js';

export interface Pm2WorkerEndOptions {
  readonly clock: Clock;
  readonly bus: Bus;
  /** Names this incarnation apart from all others. */
  readonly id: string;
  readonly heartbeatMs: number;
  readonly leaderTimeoutMs: number;
  readonly maxQueuedBytes: number;
  readonly maxQueuedTotalBytes: number;
  readonly secrets: SecretStore;
  /** Data may go over the bus. @default false */
  readonly busData?: boolean;
  readonly choose?: Choose | undefined;
  /** Frames that were ours but broken. */
  warn(message: string): void;
}

const VERSION = PROTOCOL_VERSIONS[0]!;

/** What our link is told comes from nowhere else. */
const LINK = 0;

export class Pm2WorkerEnd implements WorkerEnd {
  readonly kind = 'pm2';
  readonly self: Peer;
  readonly #options: Pm2WorkerEndOptions;
  readonly #bus: Bus;
  readonly #me: string;
  readonly #stateSync: StateSync;
  readonly #claims: Claims;
  readonly #watch: Watch;
  readonly #transfers: Transfers;
  readonly #offers: Offers;
  readonly #args = new Args();
  #handlers: WorkerEndHandlers | undefined;
  #view: View;
  /** The state that our members were last told of. */
  #told: LogState | undefined;
  #advice: string | undefined;
  #packets = 0;
  #delivered = 0;
  /** When the packets with claims were sent that haven't come back yet, by number. */
  readonly #claimedAt = new Map<number, number>();
  /** What our members said when they joined, to say it again. */
  readonly #joins = new Map<string, Join>();
  /** Where our member listens, or did. */
  #address: Address | undefined;
  /**
   * Heartbeats that weren't read back yet, or weren't said because the state wasn't known. Nobody led here then, but a
   * member that left waits for its own.
   */
  readonly #unreadBeats = new Set<number>();
  /** The hello of our link. */
  #hello: string | undefined;
  /** The state was known once. */
  #hasBegun = false;
  /** Terms that were given up because this process is to stop. */
  #aside: Set<number> | undefined;
  readonly #whenAside = defer();
  /** Resolves once this worker leads nothing any more, by {@link stepAside} or because it was closed. */
  readonly isAside = this.#whenAside.promise;

  constructor(options: Pm2WorkerEndOptions) {
    const { clock, bus, id: me, heartbeatMs, leaderTimeoutMs, choose } = options;
    const { workerId, pid, process } = bus.self;
    this.#options = options;
    this.#bus = bus;
    this.#me = me;
    this.self = { workerId, pid };
    this.#view = newView(me);
    this.#offers = new Offers({
      clock,
      store: options.secrets,
      me,
      workerId,
      busData: options.busData,
      say: offer => this.#say([offer]),
      tell: completed => this.#deliver(this.#offered(completed)),
    });
    this.#claims = new Claims({ clock, me, choose, say: claim => this.#claim(claim) });
    this.#transfers = new Transfers(me, frame => this.#deliver([frame]));
    this.#watch = new Watch({
      clock,
      me,
      heartbeatMs,
      leaderTimeoutMs,
      ping: () => this.#say([]),
      silent: leader => this.#succeed(leader),
      unanswered: () => this.#lose(),
    });
    this.#stateSync = new StateSync({
      clock,
      process,
      leaderTimeoutMs,
      view: () => this.#view,
      ask: n => this.#say([{ k: 'ask', n, process }]),
      found: n => this.#say([{ k: 'bootstrap', n }]),
      listProcesses: () => bus.listProcesses(),
    });
  }

  /** Why nothing is known. */
  get advice(): string {
    return this.#advice ?? silentBus();
  }

  /** The state that all agree on, where it is known. */
  get log(): LogState | undefined {
    return this.#view.log;
  }

  listen(handlers: WorkerEndHandlers): void {
    this.#handlers = handlers;
    this.#bus.listen({
      opened: () => {
        this.#advice = undefined;
        this.#stateSync.start();
      },
      message: (message, at) => this.#read(message, at),
      exited: (process, at) => this.#see({ type: 'exit', process, at }),
      broken: problem => {
        this.#advice = problem && noBus(problem);
        this.#lose();
        this.#stateSync.stop();
      },
      stopping: () => void this.stepAside(),
      closed: event => {
        if (!event.intended) endMetrics();
        this.#stop();
        handlers.closed(event);
      },
    });
  }

  send(message: object, written: () => void): void {
    const frames: ControlFrame[] = [];
    /* c8 ignore next -- a packet without control frames has data, which doesn't come here */
    for (const frame of (message as Packet).c ?? []) {
      if (frame.k === 'hello') this.#greet(frame.id);
      else frames.push(...this.#note(frame));
    }
    if (frames.length > 0) this.#say(frames, written);
    else this.#options.clock.defer(written);
  }

  close(): void {
    /* c8 ignore next -- closed twice only where the daemon dies meanwhile */
    if (!this.#handlers) return;
    if (this.#hasBegun) this.#say([{ k: 'part' }]);
    this.#stop();
    this.#bus.close();
  }

  /** Gives up all that this worker leads, and leads nothing from now on. Resolves when others may lead it. */
  stepAside(): Promise<void> {
    if (!this.#aside) {
      this.#aside = new Set();
      const joins = [...this.#joins.values()].flatMap(join => this.#note(join));
      if (joins.length > 0) this.#say(joins);
    }
    this.#stepAside();
    return this.isAside;
  }

  #stop(): void {
    this.#handlers = undefined;
    this.#stateSync.stop();
    this.#claims.clear();
    this.#watch.stop();
    this.#offers.stop();
    this.#view = newView(this.#me);
    this.#whenAside.resolve();
  }

  // ------------------------------------------------------------------------------------------------- from our link

  #greet(hello: string): void {
    this.#hello = hello;
    /* c8 ignore next -- which of hello and the first answer comes first is the machine's choice */
    if (this.#hasBegun) this.#welcome();
  }

  #welcome(): void {
    /* c8 ignore next -- as in #greet */
    if (this.#hello === undefined) return;
    const { heartbeatMs, leaderTimeoutMs, maxQueuedBytes, maxQueuedTotalBytes } = this.#options;
    this.#deliver([
      {
        k: 'welcome',
        version: VERSION,
        id: this.#hello,
        workerId: this.self.workerId,
        heartbeatMs,
        leaderTimeoutMs,
        maxQueuedBytes,
        maxQueuedTotalBytes,
        route: 'direct-only',
        probe: undefined,
      },
    ]);
  }

  /** Keeps what has to be said again to a state that doesn't have it. @returns what the others hear */
  #note(frame: ControlFrame): ControlFrame[] {
    if (frame.k === 'leave') {
      this.#joins.delete(frame.group);
      this.#args.left(frame.group);
    }
    if (frame.k === 'route') return this.#noteRoute(frame);
    if (frame.k === 'heartbeat') {
      this.#unreadBeats.add(frame.n);
      return this.#view.log ? [frame] : [];
    }
    if (frame.k === 'address') this.#address = frame.gone ? undefined : frame;
    if (frame.k === 'transfer') return this.#transfers.ask(frame, this.#view.log) ? [frame] : [];
    if (frame.k === 'offer') return [this.#hide(frame)];
    if (frame.k !== 'join') return [frame];
    const join = this.#args.note(this.#aside ? { ...frame, eligible: false } : frame);
    this.#joins.set(join.group, join);
    return [join];
  }

  /** What a member says of its own route nobody asks for here; what its leader says, all want to know. */
  #noteRoute({ group, term, problem }: OnRoute): ControlFrame[] {
    const led = own(this.#view.log?.groups ?? {}, group);
    if (problem === undefined || !led || leaderOf(led) !== this.#me || termOf(led) !== term) return [];
    return [{ k: 'offer', group, term, address: '', secret: '', problem }];
  }

  #hide(offer: Offer): Offer {
    const said = this.#offers.hide(offer, this.#args.of(offer.group));
    const { group, problem } = said;
    if (problem !== undefined) this.#deliver([{ k: 'warning', group, text: unreached(group, problem) }]);
    return said;
  }

  /** @returns the number of the packet */
  #say(frames: readonly ControlFrame[], written: () => void = () => {}): number {
    const n = this.#packets++;
    const y = this.#view.log ? 1 : 0;
    const packet: BusPacket = { [MARKER]: VERSION, i: this.#me, n, y, c: frames };
    this.#watch.said(n);
    this.#bus.send(packet, written);
    return n;
  }

  #claim(claim: Claim): void {
    const { clock } = this.#options;
    const at = clock.now();
    this.#claimedAt.set(this.#say([claim]), at);
  }

  // -------------------------------------------------------------------------------------------------- from the log

  #read(message: unknown, at: number): void {
    const packet = parseBusPacket(message, error => this.#options.warn(error.message));
    // Another protocol is another log.
    /* c8 ignore next -- there is only one version yet */
    if (packet?.[MARKER] !== VERSION) return;
    const answer = packet.c!.find(frame => frame.k === 'state');
    if (answer) return this.#see({ type: 'answer', answer });
    this.#watch.noteSign(packet.i);
    this.#see({ type: 'packet', packet, at });
    this.#warnOfOthers(packet);
  }

  #see(seen: Seen): void {
    const { view, orders } = reduceView(this.#view, seen);
    this.#view = view;
    if (view.log) this.#publishState(view.log, this.#leasedAt(seen));
    for (const order of orders) this.#carryOut(order);
    this.#consider();
  }

  /** When the claim was sent that is read now: whom it appoints has its lease from then on. */
  #leasedAt(seen: Seen): number | undefined {
    if (seen.type !== 'packet' || seen.packet.i !== this.#me) return undefined;
    const { n } = seen.packet;
    const at = this.#claimedAt.get(n);
    this.#claimedAt.delete(n);
    return at;
  }

  #publishState(log: LogState, leasedAt?: number): void {
    const before = this.#told;
    if (before === log) return;
    this.#told = log;
    this.#offers.see(before, log);
    const { control, addresses, ended, gone } = diffState(before, log, this.#me);
    const ends = ended.map(({ group, term }) => signal(group, term, Kind.END, 0));
    const offers = addresses.flatMap(reach => this.#reached(reach));
    const lease = leasedAt !== undefined && { leasedAt };
    const told = control.map(frame => (lease && this.#appoints(frame) ? { ...frame, ...lease } : frame));
    const frames = [...told, ...offers, ...warningsOf(before, log, this.#me)];
    this.#deliver(frames, [...ends, ...gone]);
  }

  #reached(reach: Reach): FromPrimary[] {
    const completed = this.#offers.complete(reach);
    return completed ? this.#offered(completed) : [];
  }

  /** Where a leader can be reached, or why it can't, and a warning where it was given other arguments. */
  #offered({ offer, kept }: Completed): FromPrimary[] {
    const { group } = offer;
    if (!kept || !this.#args.isNewlyOther(group, kept.args)) return [offer];
    this.#say([{ k: 'differs', group, option: 'args' }]);
    return [offer, { k: 'warning', group, text: otherOptions(this.self.workerId, 'args', group) }];
  }

  /** Members that were given other options than we, who lead. */
  #warnOfOthers({ i, c = [] }: BusPacket): void {
    const { peers = {}, groups = {} } = this.#view.log ?? {};
    const other = own(peers, i);
    for (const frame of c) {
      const led = frame.k === 'differs' ? own(groups, frame.group) : undefined;
      if (frame.k !== 'differs' || !other || !led || leaderOf(led) !== this.#me) continue;
      const { group, option } = frame;
      this.#deliver([{ k: 'warning', group, text: otherOptions(other.workerId, option, group) }]);
    }
  }

  #appoints(frame: FromPrimary): boolean {
    return frame.k === 'update' && frame.phase === 'opening' && frame.leader?.workerId === this.self.workerId;
  }

  #deliver(c: readonly FromPrimary[], d: readonly Bundle[] = []): void {
    if (c.length + d.length === 0) return;
    this.#handlers?.message({ [MARKER]: VERSION, link: LINK, down: ++this.#delivered, c, d }, 'public');
  }

  #carryOut(order: ViewOrder): void {
    switch (order.do) {
      case 'answer':
        return this.#answer(order.answer, order.process);
      case 'say none':
        return void this.#say([{ k: 'none', process: this.#bus.self.process }]);
      case 'ask':
        return this.#stateSync.start();
      case 'note sign of life':
        return this.#stateSync.noteSignOfLife();
      case 'begin':
        return this.#begin();
      case 'lose':
        return this.#lose();
      case 'note own':
        return this.#noteOwn(order);
      case 'settle':
        return this.#transfers.settle(order);
    }
  }

  /** Past the log: nobody else reads it, so it has no number there. */
  #answer(answer: State, process: string): void {
    const packet: BusPacket = { [MARKER]: VERSION, i: this.#me, n: 0, y: 1, c: [answer] };
    this.#bus.send(packet, () => {}, process);
  }

  #begin(): void {
    const { heartbeatMs, leaderTimeoutMs } = this.#options;
    const { process, workerId, pid } = this.#bus.self;
    this.#stateSync.stop();
    this.#say([
      { k: 'enter', process, workerId, pid, heartbeatMs, leaderTimeoutMs },
      ...(this.#address ? [this.#address] : []),
      ...this.#joins.values(),
    ]);
    const unread = [...this.#unreadBeats];
    this.#unreadBeats.clear();
    this.#deliver(unread.map(n => ({ k: 'ack', n })));
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#welcome();
  }

  #noteOwn({ packet, at }: Extract<ViewOrder, { do: 'note own' }>): void {
    const { n, c = [] } = packet;
    this.#watch.echoed(n);
    for (const frame of c) {
      if (frame.k === 'ask') void this.#stateSync.questionRead(at);
      // What was claimed before it in the log has been told already: if we still lead, we did when it was sent.
      else if (frame.k === 'heartbeat' && this.#view.log && this.#unreadBeats.delete(frame.n))
        this.#deliver([{ k: 'ack', n: frame.n }]);
    }
  }

  #consider(): void {
    const { log } = this.#view;
    this.#watch.see(log);
    if (!log) this.#transfers.lose();
    if (log) this.#claims.consider(log);
    else this.#claims.clear();
    if (!log) this.#stateSync.tryToBootstrap();
    this.#stepAside();
  }

  // ------------------------------------------------------------------------------------------------- what we decide

  /** What is said isn't read any more: who doesn't hear whether it leads must not lead. */
  #lose(): void {
    const log = this.#told;
    this.#view = loseConnection(this.#view);
    this.#claimedAt.clear();
    if (log) this.#giveUp(log);
    this.#consider();
    this.#stateSync.start();
  }

  #giveUp(log: LogState): void {
    const frames = Object.entries(log.groups).flatMap(([group, state]): ControlFrame[] => {
      const term = termHeldBy(state, this.#me);
      return term === undefined ? [] : [{ k: 'resign', group, term, cause: 'resigned' }];
    });
    if (frames.length === 0) return;
    const n = this.#say(frames);
    const packet: BusPacket = { [MARKER]: VERSION, i: this.#me, n, y: 0, c: frames };
    this.#publishState(readLog(log, { type: 'packet', packet, at: this.#options.clock.wall() }).log);
  }

  #stepAside(): void {
    const aside = this.#aside;
    if (!aside) return;
    const { log } = this.#view;
    const frames: ControlFrame[] = [];
    let isFree = true;
    for (const [group, { at }] of Object.entries(log?.groups ?? {})) {
      if (at.stage === 'vacant' || at.leader !== this.#me) continue;
      isFree = false;
      // What opens yields once it is open: until then its member may have a lease that the log doesn't know of.
      if (at.stage === 'opening' || aside.has(at.term)) continue;
      aside.add(at.term);
      frames.push({ k: 'yield', group, term: at.term });
    }
    if (frames.length > 0) this.#say(frames);
    if (isFree) this.#whenAside.resolve();
  }

  /** A leader, or a successor, is silent for its time. */
  #succeed(silent: string): void {
    const { log } = this.#view;
    for (const [group, state] of Object.entries(log!.groups)) {
      const after = watchedTerm(state, silent, this.#me);
      if (after === undefined) continue;
      const { seen } = log!.peers[silent]!;
      const claim = () => {
        const { groups = {}, peers = {} } = this.#view.log ?? {};
        const now = own(groups, group);
        if (!now || termHeldBy(now, silent) !== after || own(peers, silent)?.seen !== seen) return;
        this.#claim({ k: 'claim', group, after, seen });
      };
      this.#options.clock.setTimer(claim, this.#rankAmong(group, silent) * STEP_MS);
    }
  }

  #rankAmong(name: string, silent: string): number {
    const log = this.#view.log!;
    const ids = new Set([...candidatesOf(log.groups[name]!, silent), this.#me]);
    return rank(log, name, [...ids], this.#me, this.#options.choose);
  }
}
