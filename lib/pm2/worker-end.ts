// The worker's end under PM2, where no primary runs this library. What members send is written into the log on the bus,
// and the answers of a primary are derived from it. Connects the parts of this folder and owns the view.

import { noBus, silentBus } from '../errors/warnings.js';
import type { Choose } from '../group/choose.js';
import { termHeldBy } from '../group/queries.js';
import type { Claim } from '../protocol/bus-frames.js';
import type { LogState } from '../protocol/log-state.js';
import { type ControlFrame, MARKER, type Packet } from '../protocol/messages.js';
import { parseBusPacket } from '../protocol/parse.js';
import type { Bus } from '../transport/bus.js';
import type { Peer, WorkerEnd, WorkerEndHandlers } from '../transport/transport.js';
import type { Clock } from '../utils/clock.js';
import { Args } from './args.js';
import { Claims } from './claims.js';
import { Downlink } from './downlink.js';
import { LogWriter, VERSION } from './log-writer.js';
import { endMetrics } from './metrics.js';
import { Offers, type SecretStore } from './offers.js';
import { OwnMembers } from './own-members.js';
import { readLog } from './read-log.js';
import { StateFeed } from './state-feed.js';
import { StateSync } from './state-sync.js';
import { StepAside } from './step-aside.js';
import { succeed } from './succession.js';
import { Transfers } from './transfers.js';
import { loseConnection, newView, reduceView, type Seen, type View, type ViewOrder } from './view.js';
import { Watch } from './watch.js';

export interface Pm2WorkerEndOptions {
  readonly clock: Clock;
  readonly bus: Bus;
  /** Identifies this incarnation among all others. */
  readonly id: string;
  readonly heartbeatMs: number;
  readonly leaderTimeoutMs: number;
  readonly maxQueuedBytes: number;
  readonly maxQueuedTotalBytes: number;
  readonly secrets: SecretStore;
  /** Data may be sent over the bus. @default false */
  readonly busData?: boolean;
  readonly choose?: Choose | undefined;
  /** Receives errors about broken packets of this library. */
  warn(message: string): void;
}

export class Pm2WorkerEnd implements WorkerEnd {
  readonly kind = 'pm2';
  readonly self: Peer;
  readonly #options: Pm2WorkerEndOptions;
  readonly #writer: LogWriter;
  readonly #downlink: Downlink;
  readonly #feed: StateFeed;
  readonly #members: OwnMembers;
  readonly #stateSync: StateSync;
  readonly #claims: Claims;
  readonly #watch: Watch;
  readonly #transfers: Transfers;
  readonly #offers: Offers;
  readonly #aside: StepAside;
  /** Resolves once this worker no longer leads any group, by {@link stepAside} or because it was closed. */
  readonly isAside: Promise<void>;
  #view: View;
  #advice: string | undefined;

  constructor(options: Pm2WorkerEndOptions) {
    const { clock, bus, id: me, choose, busData, secrets: store } = options;
    const { heartbeatMs, leaderTimeoutMs, maxQueuedBytes, maxQueuedTotalBytes } = options;
    const { workerId, pid, process } = bus.self;
    this.#options = options;
    this.self = { workerId, pid };
    this.#view = newView(me);
    const args = new Args();
    const log = () => this.#view.log;
    const downlink = new Downlink({ workerId, heartbeatMs, leaderTimeoutMs, maxQueuedBytes, maxQueuedTotalBytes });
    const writer = new LogWriter({ clock, bus, me, hasState: () => log() !== undefined, writes: n => watch.sent(n) });
    const offers = new Offers({
      clock,
      store,
      me,
      workerId,
      busData,
      send: offer => void writer.write([offer]),
      offered: completed => downlink.deliver(feed.offered(completed)),
    });
    const feed = new StateFeed({ me, workerId, args, offers, downlink, writer });
    const transfers = new Transfers(me, frame => downlink.deliver([frame]));
    const claim = (frame: Claim) => writer.claim(frame);
    const watch = new Watch({
      clock,
      me,
      heartbeatMs,
      leaderTimeoutMs,
      ping: () => writer.write([]).n,
      silent: leader => succeed(leader, { clock, me, choose, log, claim }),
      unanswered: () => this.#lose(),
    });
    this.#downlink = downlink;
    this.#writer = writer;
    this.#offers = offers;
    this.#feed = feed;
    this.#transfers = transfers;
    this.#watch = watch;
    this.#members = new OwnMembers({ me, args, offers, transfers, downlink, log });
    this.#claims = new Claims({ clock, me, choose, send: claim });
    this.#aside = new StepAside(me);
    this.isAside = this.#aside.done;
    this.#stateSync = new StateSync({
      clock,
      process,
      leaderTimeoutMs,
      view: () => this.#view,
      ask: n => void writer.write([{ k: 'ask', n, process }]),
      found: n => void writer.write([{ k: 'bootstrap', n }]),
      listProcesses: () => bus.listProcesses(),
    });
  }

  /** The reason why the state is not known, for error texts. */
  get advice(): string {
    return this.#advice ?? silentBus();
  }

  /** The state that all workers agree on, if it is known. */
  get log(): LogState | undefined {
    return this.#view.log;
  }

  listen(handlers: WorkerEndHandlers): void {
    this.#downlink.open(handlers);
    this.#options.bus.listen({
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
      if (frame.k === 'hello') this.#downlink.greet(frame.id);
      else frames.push(...this.#members.note(frame));
    }
    if (frames.length > 0) this.#writer.write(frames, written);
    else this.#options.clock.defer(written);
  }

  close(): void {
    /* c8 ignore next -- closed twice only where the daemon dies meanwhile */
    if (!this.#downlink.isOpen) return;
    if (this.#downlink.hasBegun) this.#writer.write([{ k: 'part' }]);
    this.#stop();
    this.#options.bus.close();
  }

  /** Gives up all groups that this worker leads; it leads none from now on. Resolves when others may lead them. */
  stepAside(): Promise<void> {
    if (this.#aside.begin()) this.#write(this.#members.leadNoMore());
    this.#write(this.#aside.consider(this.log));
    return this.isAside;
  }

  #stop(): void {
    this.#downlink.close();
    this.#stateSync.stop();
    this.#claims.clear();
    this.#watch.stop();
    this.#offers.stop();
    this.#view = newView(this.#options.id);
    this.#aside.end();
  }

  #write(frames: readonly ControlFrame[]): void {
    if (frames.length > 0) this.#writer.write(frames);
  }

  // -------------------------------------------------------------------------------------------------- from the log

  #read(message: unknown, at: number): void {
    const packet = parseBusPacket(message, error => this.#options.warn(error.message));
    // Packets of another version of the protocol belong to another log.
    /* c8 ignore next -- there is only one version yet */
    if (packet?.[MARKER] !== VERSION) return;
    const answer = packet.c!.find(frame => frame.k === 'state');
    if (answer) return this.#see({ type: 'answer', answer });
    this.#watch.noteSign(packet.i);
    this.#see({ type: 'packet', packet, at });
    this.#feed.warnOfOthers(packet, this.log);
  }

  #see(seen: Seen): void {
    const { view, orders } = reduceView(this.#view, seen);
    this.#view = view;
    if (view.log) this.#feed.update(view.log, this.#writer.takeClaimTime(seen));
    for (const order of orders) this.#carryOut(order);
    this.#consider();
  }

  #carryOut(order: ViewOrder): void {
    switch (order.do) {
      case 'answer':
        return this.#writer.answer(order.answer, order.process);
      case 'answer none':
        return this.#write([{ k: 'none', process: this.#options.bus.self.process }]);
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

  #begin(): void {
    const { heartbeatMs, leaderTimeoutMs, bus } = this.#options;
    const { process, workerId, pid } = bus.self;
    this.#stateSync.stop();
    this.#write([{ k: 'enter', process, workerId, pid, heartbeatMs, leaderTimeoutMs }, ...this.#members.all]);
    this.#downlink.begin(this.log!.life);
  }

  #noteOwn({ packet, at }: Extract<ViewOrder, { do: 'note own' }>): void {
    const { n, c = [] } = packet;
    this.#watch.echoed(n);
    for (const frame of c) {
      if (frame.k === 'ask') void this.#stateSync.questionRead(at);
      // Claims before it in the log have been processed. So if this worker still leads, it led when it sent the heartbeat.
      else if (frame.k === 'heartbeat' && this.log) this.#downlink.beatRead(frame.n);
    }
  }

  #consider(): void {
    const { log } = this.#view;
    this.#watch.see(log);
    if (!log) this.#transfers.lose();
    if (log) this.#claims.consider(log);
    else this.#claims.clear();
    if (!log) this.#stateSync.tryToBootstrap();
    this.#write(this.#aside.consider(log));
  }

  /** Packets may be missed from now on. A member that would not notice the loss of its leadership must not lead. */
  #lose(): void {
    const { state } = this.#feed;
    this.#view = loseConnection(this.#view);
    this.#writer.forgetClaims();
    if (state) this.#giveUp(state);
    this.#consider();
    this.#stateSync.start();
  }

  #giveUp(log: LogState): void {
    const frames = Object.entries(log.groups).flatMap(([group, state]): ControlFrame[] => {
      const term = termHeldBy(state, this.#options.id);
      return term === undefined ? [] : [{ k: 'resign', group, term, cause: 'resigned' }];
    });
    if (frames.length === 0) return;
    const packet = { ...this.#writer.write(frames), y: 0 as const };
    this.#feed.update(readLog(log, { type: 'packet', packet, at: this.#options.clock.wall() }).log);
  }
}
