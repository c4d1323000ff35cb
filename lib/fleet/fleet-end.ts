// The end of a link whose primary is the record of a fleet group: what the member sends becomes events of the election, and
// the member is sent what a primary would send.

import { clockJumped, damagedRecord, recordLost, storeWentBack } from '../errors/fleet-warnings.js';
import { isSameUpdate, updateOf } from '../group/queries.js';
import { type Bundle, Kind } from '../protocol/bundle.js';
import { signal } from '../protocol/frames.js';
import { newId } from '../protocol/ids.js';
import {
  type ControlFrame,
  type FromPrimary,
  type Hello,
  MARKER,
  type Packet,
  PROTOCOL_VERSIONS,
  type StateUpdate,
} from '../protocol/messages.js';
import type { Peer, WorkerEnd, WorkerEndHandlers } from '../transport/transport.js';
import type { Clock, Timer } from '../utils/clock.js';
import { memberKey } from '../utils/secret.js';
import type { Connection } from './connection.js';
import { elect, isReleasing, mayAct, newElection, wakeAt } from './election.js';
import type { Election, ElectionEvent, ElectionOrder, Observed } from './election-state.js';
import type { Reading, Wire } from './engine.js';
import { FleetStreams, type StreamPeer } from './fleet-streams.js';
import { Peers } from './peers.js';
import { parseRecord, readableIn } from './record.js';

export interface FleetEndOptions {
  readonly clock: Clock;
  readonly connection: Connection;
  /** The key of the group's record, and the name that users know. */
  readonly key: string;
  readonly name: string;
  readonly host: string;
  readonly hostName: string;
  readonly hostTerm: number;
  readonly leaseMs: number;
  readonly actMs: number;
  readonly renewMs: number;
  /** Whether members of other hosts connect to the leader. */
  readonly hasCalls: boolean;
  /** How many other groups this process leads in the fleet. */
  leads(): number;
  /** Whether this process holds the lease of its host. */
  hasHostLease(now: number): boolean;
  /** The election has a new state. */
  changed(state: Election): void;
  warn(message: string): void;
}

const [VERSION] = PROTOCOL_VERSIONS as [number];

/** Nothing else can send to this link. */
const LINK = 0;

/** What waits for one host, and for all of them: as in a primary. */
const MOST_QUEUED_BYTES = 64 * 1024 * 1024;
const MOST_QUEUED_TOTAL_BYTES = 256 * 1024 * 1024;

/** A member that leaves waits this long for the release of its term. */
const LEAVE_MS = 1000;

const WARNINGS = { 'went back': storeWentBack, lost: recordLost, unreadable: damagedRecord, clock: clockJumped };

export class FleetEnd implements WorkerEnd {
  readonly kind = 'fleet';
  readonly self: Peer = { workerId: Math.floor(Math.random() * 2 ** 40) + 1, pid: process.pid };
  readonly #options: FleetEndOptions;
  /** The connections between the members; undefined if there are none. */
  readonly streams: FleetStreams | undefined;
  readonly #peers: Peers | undefined;
  readonly #nonce = newId();
  #handlers: WorkerEndHandlers | undefined;
  #delivered = 0;
  #state: Election;
  #update: StateUpdate | undefined;
  #wire: Wire | undefined;
  #stopListening: (() => void) | undefined;
  #group = '';
  #offered: string | undefined;
  #timer: Timer | undefined;
  #leaving: { readonly timer: Timer; readonly done: () => void } | undefined;

  constructor(options: FleetEndOptions) {
    const { host, hostName, hostTerm, leaseMs, actMs, renewMs, clock } = options;
    this.#options = options;
    const candidate = { host, hostName, hostTerm, leaseMs, nonce: this.#nonce, member: this.self.workerId };
    this.#state = newElection({ ...candidate, actMs, renewMs }, clock.now());
    if (!options.hasCalls) return;
    const { presence } = options.connection;
    const self: StreamPeer = { process: presence.process, host, hostTerm, member: this.self.workerId };
    const peers = new Peers(presence, self, {
      gone: (peer, successor) => this.#gone(peer, successor),
    });
    this.#peers = peers;
    this.streams = new FleetStreams({
      clock,
      self,
      mayConnect: peer => this.#state.lead !== undefined && peers.connected(peer),
      left: peer => peers.left(peer),
    });
  }

  get state(): Election {
    return this.#state;
  }

  /** Whether this host may act as the leader. */
  mayAct(now: number): boolean {
    return mayAct(this.#state, { now, wall: this.#options.clock.wall() });
  }

  listen(handlers: WorkerEndHandlers): void {
    this.#handlers = handlers;
    this.#options.connection.use(this);
  }

  send(message: object, written: () => void): void {
    let isLeaving = false;
    // Data of a leader for all its members is in a packet without control frames: the connections carry it.
    for (const frame of (message as Packet).c ?? []) {
      isLeaving ||= frame.k === 'leave';
      this.#note(frame);
    }
    if (isLeaving && isReleasing(this.#state)) this.#awaitRelease(written);
    else this.#options.clock.defer(written);
  }

  close(): void {
    this.#handlers = undefined;
    this.#timer?.clear();
    this.#stopListening?.();
    this.#stopListening = undefined;
    this.#peers?.close();
    this.streams?.close();
  }

  /** The leader is to hand over, to the host of this name if it is not empty. */
  transfer(to: string): void {
    this.#elect({ type: 'transfer', to });
  }

  /** The task is done for good. */
  done(): void {
    this.#elect({ type: 'done' });
  }

  // ------------------------------------------------------------------------------------------- from the connection

  up(wire: Wire): void {
    this.#stopListening?.();
    this.#wire = wire;
    const { announces, messages } = wire;
    if (messages) this.streams?.up(messages);
    // The member tries to connect at once.
    this.#offered = undefined;
    this.#stopListening = wire.listen(this.#options.key, reading =>
      this.#elect({ type: 'announced', ...observed(reading) }),
    );
    this.#elect({ type: 'up', announces });
  }

  down(): void {
    this.streams?.down();
    this.#elect({ type: 'down' });
  }

  /** The member's handles emit it, and diagnostics publish it, as if a primary had sent it. */
  warn(text: string): void {
    this.#deliver([{ k: 'warning', group: this.#group, text }]);
  }

  // ----------------------------------------------------------------------------------------------- from the member

  #note(frame: ControlFrame): void {
    switch (frame.k) {
      case 'hello':
        return this.#greet(frame);
      case 'join': {
        const { group, eligible, priority } = frame;
        this.#group = group;
        this.#update = undefined;
        return this.#elect({ type: 'join', eligible, priority });
      }
      case 'leave':
        return this.#elect({ type: 'leave' });
      case 'heartbeat':
        return this.#elect({ type: 'beat', n: frame.n });
      case 'ready':
        return this.#elect({ type: 'ready', term: frame.term, methods: frame.methods });
      case 'offer': {
        const { term, address, secret } = frame;
        return this.#elect({ type: 'offer', term, address, secret });
      }
      case 'yield':
        return this.#elect({ type: 'yield', term: frame.term });
      case 'resign':
        return this.#elect({ type: 'resign', term: frame.term, cause: frame.cause, error: frame.error });
    }
  }

  #greet({ id }: Hello): void {
    const { actMs, renewMs, clock } = this.#options;
    const { workerId } = this.self;
    const welcome = {
      k: 'welcome',
      version: VERSION,
      id,
      workerId,
      heartbeatMs: renewMs,
      leaderTimeoutMs: actMs,
      maxQueuedBytes: MOST_QUEUED_BYTES,
      maxQueuedTotalBytes: MOST_QUEUED_TOTAL_BYTES,
    } as const;
    clock.defer(() => this.#deliver([{ ...welcome, route: 'direct-only', probe: undefined }]));
  }

  #awaitRelease(written: () => void): void {
    const timer = this.#options.clock.setTimer(() => this.#endLeaving(), LEAVE_MS);
    this.#leaving = { timer, done: written };
  }

  #endLeaving(): void {
    const { timer, done } = this.#leaving!;
    this.#leaving = undefined;
    timer.clear();
    done();
  }

  // ------------------------------------------------------------------------------------------------- the election

  readonly #tick = (): void => this.#elect({ type: 'tick' });

  #elect(event: ElectionEvent): void {
    if (!this.#handlers) return;
    const { clock, leads, hasHostLease, changed } = this.#options;
    const moment = {
      now: clock.now(),
      wall: clock.wall(),
      random: Math.random(),
      leads: leads(),
      hasHostLease: hasHostLease(clock.now()),
    };
    const { state, orders } = elect(this.#state, event, moment);
    this.#state = state;
    this.#peers?.lead(state.lead?.term);
    this.#sendUpdate(orders);
    this.#sendOffer();
    for (const order of orders) this.#carryOut(order);
    this.#schedule();
    if (this.#leaving && !isReleasing(this.#state)) this.#endLeaving();
    changed(this.#state);
  }

  /** A timer may fire early, so it is set anew after each event. */
  #schedule(): void {
    const { clock } = this.#options;
    this.#timer?.clear();
    const at = wakeAt(this.#state);
    if (at !== undefined) this.#timer = clock.setTimer(this.#tick, at - clock.now());
  }

  #sendUpdate(orders: readonly ElectionOrder[]): void {
    const { group } = this.#state;
    if (!group || this.#group === '') return;
    const update = updateOf(this.#group, group, id => ({ workerId: this.#memberOf(id), pid: 0 }));
    const before = this.#update;
    if (before && isSameUpdate(before, update)) return;
    this.#update = update;
    const lead = orders.findLast(order => order.do === 'lead');
    const frame = lead?.term === update.term ? { ...update, leasedAt: lead.leasedAt } : update;
    this.#deliver(
      [frame],
      endedBy(before, update).map(term => signal(this.#group, term, Kind.END, 0)),
    );
  }

  /** Where the leader of another host is reached. */
  #sendOffer(): void {
    const record = readableIn(this.#state.seen);
    const update = this.#update;
    if (!record?.address || !update?.leader || update.leader.workerId === this.self.workerId) return;
    const { term, address, secret = '' } = record;
    if (update.term !== term || this.#offered === address + secret) return;
    this.#offered = address + secret;
    const key = memberKey(secret, this.#group, term, this.self.workerId);
    this.#deliver([{ k: 'offer', group: this.#group, term, address, secret: key }]);
  }

  /** A member of another host has left, or its process or host is gone. */
  #gone({ member }: StreamPeer, successor?: number): void {
    this.streams!.drop(member);
    const { lead } = this.#state;
    if (lead) this.#deliver([], [signal(this.#group, lead.term, Kind.MEMBER_LEFT, member, successor)]);
  }

  #memberOf(nonce: string): number {
    const record = readableIn(this.#state.seen);
    return record?.nonce === nonce ? record.member : this.self.workerId;
  }

  #carryOut(order: ElectionOrder): void {
    const { key, name, warn } = this.#options;
    switch (order.do) {
      case 'read':
        return void this.#wire!.register.read(key).then(
          reading => this.#elect({ type: 'read', ...observed(reading) }),
          () => this.#elect({ type: 'unanswered' }),
        );
      case 'write': {
        const { record, expected } = order;
        return void this.#wire!.register.write(key, JSON.stringify(record), expected).then(
          revision => this.#elect(revision === 'conflict' ? { type: 'conflict' } : { type: 'written', revision }),
          () => this.#elect({ type: 'unanswered' }),
        );
      }
      case 'announce':
        return this.#wire!.announce(key, { revision: order.revision, text: JSON.stringify(order.record) });
      case 'hand over':
        return this.#deliver([{ k: 'handover', group: this.#group, term: order.term }]);
      case 'acknowledge':
        return this.#deliver(order.beats.map(n => ({ k: 'ack', n })));
      case 'warn':
        return warn(WARNINGS[order.about](name));
    }
  }

  #deliver(c: readonly FromPrimary[], d: readonly Bundle[] = []): void {
    this.#handlers?.message({ [MARKER]: VERSION, link: LINK, down: ++this.#delivered, c, d }, 'public');
  }
}

/** The term that the members have to be told is over: all that its leader wrote has been read, since nothing can be. */
const endedBy = (before: StateUpdate | undefined, { term, leader }: StateUpdate): number[] =>
  before?.leader && (before.term !== term || !leader) ? [before.term] : [];

const observed = ({ revision, text }: Reading): Observed => ({
  revision,
  record: text === undefined ? undefined : parseRecord(text),
});
