// This process's one connection to its primary: which primary it has, and the dispatch of frames to members.

import { closed } from '../errors/call-errors.js';
import { noCommonProtocol, primaryClosed, primaryLost } from '../errors/primary-errors.js';
import type { Outcome, SharedClientError } from '../errors/shared-client-error.js';
import { passedOn } from '../errors/warnings.js';
import type { Bundle } from '../protocol/bundle.js';
import { Received } from '../protocol/envelope.js';
import { newId } from '../protocol/ids.js';
import {
  type ControlFrame,
  type Envelope,
  type FromPrimary,
  type Join,
  type Offer,
  PROTOCOL_VERSIONS,
  type ReadPacket,
  type ReadUpTo,
  type StateUpdate,
  type Welcome,
} from '../protocol/messages.js';
import { Outbox } from '../protocol/outbox.js';
import { parsePacket } from '../protocol/parse.js';
import { SliceReader } from '../protocol/slices.js';
import type { DirectTransport } from '../transport/direct.js';
import type { Via, WorkerEnd } from '../transport/transport.js';
import type { Clock } from '../utils/clock.js';
import { createDirectMeans, type DirectMeans } from './direct-means.js';
import { HandOvers } from './hand-overs.js';
import { Hellos } from './hellos.js';
import { Lease } from './lease.js';

/** What the link needs from a member. */
export interface LinkMember {
  readonly name: string;
  join(): Join;
  /** The primary answered, and the member has joined. */
  linked(): void;
  stateChanged(update: StateUpdate): void;
  handover(term: number): void;
  prepare(term: number): void;
  /** Where the leader accepts direct connections. */
  offer(offer: Offer): void;
  warning(text: string): void;
  data(bundle: Bundle): void;
  /** The lease was renewed. */
  leased(): void;
  /** There is no primary: everything that waits for it ends. The exit of the process waits for a returned promise. */
  lost(toError: ToError): Promise<unknown> | undefined;
}

/** Creates the error for a call that ends because there is no primary. */
export type ToError = (outcome?: Outcome) => SharedClientError;

export interface LinkOptions {
  readonly clock: Clock;
  readonly end: WorkerEnd;
  readonly versions?: readonly number[];
  /** Without it there is no direct route. */
  createDirect?(): DirectTransport;
  /** The fleet, if this is the link of a fleet group. */
  readonly fleet?: string;
  /** A second condition for the lease: in a fleet group, the lease of the host's leader. */
  hasHostLease?(now: number): boolean;
  /** Receives descriptions of frames that belong to this library but are broken. */
  warn(message: string): void;
}

export class Link {
  readonly clock: Clock;
  /** The fleet, if this is the link of a fleet group. */
  readonly fleet: string | undefined;
  readonly id = newId();
  readonly #end: WorkerEnd;
  readonly #versions: readonly number[];
  readonly #warn: LinkOptions['warn'];
  readonly #createDirect: LinkOptions['createDirect'];
  readonly #members = new Map<string, LinkMember>();
  /**
   * Names whose member has left, with the number of the heartbeat that was sent after its leave. Until that heartbeat is
   * acknowledged, frames for the name are meant for the old member, and a new one does not join.
   */
  readonly #leaving = new Map<string, number>();
  /** Tracks what was received from the current primary; only while linked. */
  #received: Received | undefined;
  #isOver = false;
  #hasWarnedOfPassedOn = false;
  #outbox: Outbox | undefined;
  #whenRoom: (() => void)[] = [];
  #slices = new SliceReader();
  #welcome: Welcome | undefined;
  #direct: DirectMeans | undefined;
  #toError: ToError | undefined;
  /** Only while linked. */
  readonly handOvers = new HandOvers(request => this.sendControl(request));
  readonly lease: Lease;
  readonly #hellos: Hellos;

  constructor(options: LinkOptions) {
    const { clock, end, versions = PROTOCOL_VERSIONS, createDirect, fleet, hasHostLease = () => true, warn } = options;
    this.clock = clock;
    this.fleet = fleet;
    this.#end = end;
    this.#versions = versions;
    this.#warn = warn;
    this.#createDirect = createDirect;
    this.lease = new Lease(
      clock,
      n => this.#outbox?.control({ k: 'heartbeat', n }),
      () => {
        for (const member of this.#members.values()) member.leased();
      },
      hasHostLease,
    );
    this.#hellos = new Hellos(clock, end, this.id, versions);
    end.listen({ message: (message, via) => this.#receive(message, via), closed: event => this.#closed(event) });
    this.#hellos.start();
  }

  get kind(): WorkerEnd['kind'] {
    return this.#end.kind;
  }

  get self(): { readonly workerId: number; readonly pid: number } {
    return this.#end.self;
  }

  /** Why no primary answers, if that is known. */
  get advice(): string | undefined {
    return this.#end.advice;
  }

  /** Identifies the life of the current primary, or of PM2's log. Unknown without one, and with an older release. */
  get primaryLife(): string | undefined {
    return this.#welcome?.life;
  }

  get isLinked(): boolean {
    return this.#outbox !== undefined;
  }

  /** Creates the errors that report why this process will never have a primary again; undefined until then. */
  get toError(): ToError | undefined {
    return this.#toError;
  }

  /** The outbox for data to the primary; only while linked. */
  get outbox(): Outbox {
    return this.#outbox!;
  }

  /** Maximum bytes that may wait for one process. */
  get maxQueuedBytes(): number {
    return this.#welcome?.maxQueuedBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Calls back once, when some of the data that waits for the primary was written. */
  whenRoom(callback: () => void): void {
    this.#whenRoom.push(callback);
  }

  /** What the direct route needs; only if the primary enabled it. */
  get direct(): DirectMeans | undefined {
    return this.#direct;
  }

  add(member: LinkMember): void {
    this.#members.set(member.name, member);
    if (this.#outbox) this.#join(member);
    else if (this.#toError) void member.lost(this.#toError);
  }

  /** Notifies the primary of a change of a member. */
  update(member: LinkMember): void {
    if (!this.#leaving.has(member.name)) this.#outbox?.control(member.join());
  }

  /**
   * Resolves when everything that the member sent was written or is known to be lost. Until then it could be lost with the
   * process.
   *
   * @param readUpTo how far the member read in the term that its leaving may end
   */
  async remove(member: LinkMember, readUpTo?: ReadUpTo): Promise<void> {
    const { name } = member;
    if (this.#members.get(name) !== member) return;
    this.#members.delete(name);
    // It may not have joined yet.
    if (!this.#outbox || this.#leaving.has(name)) return;
    await new Promise<void>(resolve => this.#leave(name, readUpTo, resolve));
  }

  sendControl(frame: ControlFrame): void {
    this.#outbox?.control(frame);
  }

  /**
   * Sends after all data that was sent before.
   * @param written called once, when it was written or is known to be lost
   */
  sendControlInOrder(frame: ControlFrame, written?: () => void): void {
    if (this.#outbox) this.#outbox.controlInOrder(frame, written);
    else written?.();
  }

  close(): void {
    this.#isOver = true;
    this.#hellos.stop();
    this.lease.close();
    // Without its leave the primary would keep a member that nobody runs, and could appoint it.
    this.#outbox?.end();
    this.#outbox = undefined;
    this.handOvers.failAll(closed('The shared client'));
    this.#end.close();
  }

  #receive(message: unknown, via: Via): void {
    const isMeant = (envelope: Envelope) => this.#isMeant(envelope);
    const packet = parsePacket(message, error => this.#warn(error.message), { slices: this.#slices, isMeant });
    if (!packet) return;
    if (!this.#outbox) this.#answered(packet, via);
    if (!this.#outbox) return;
    for (const frame of packet.c) this.#control(frame as FromPrimary);
    // It may have been a goodbye.
    if (!this.#outbox) return;
    for (const bundle of packet.d) this.#memberOf(bundle.g)?.data(bundle);
  }

  /** Without a link, `#answered` decides by the content of the packet. */
  #isMeant(envelope: Envelope): boolean {
    if (envelope.down !== undefined && this.#received?.accepts(envelope) !== false) return true;
    if (!this.#hasWarnedOfPassedOn) this.#warn(passedOn());
    this.#hasWarnedOfPassedOn = true;
    return false;
  }

  #answered({ c, link, ...envelope }: ReadPacket, via: Via): void {
    const answer = c.find(frame => (frame.k === 'welcome' || frame.k === 'rejected') && frame.id === this.id);
    if (answer?.k === 'rejected') {
      this.#lose(outcome => noCommonProtocol(this.#versions, answer.versions, outcome));
    } else if (answer?.k === 'welcome' && link !== undefined && !this.#toError) {
      this.#hellos.answered(via);
      this.#received = new Received('down', link);
      this.#received.accepts({ link, ...envelope });
      this.#configure(answer);
      this.#begin(answer, link);
    }
  }

  #control(frame: FromPrimary): void {
    if (frame.k === 'welcome') return this.#configure(frame);
    // A rejection matters only as an answer to a hello.
    if (frame.k === 'rejected') return;
    if (frame.k === 'ack') return this.#acknowledged(frame.n);
    if (frame.k === 'goodbye') return this.#goodbye();
    if (frame.k === 'transferred') return this.handOvers.answered(frame);
    const member = this.#memberOf(frame.group);
    if (frame.k === 'update') {
      member?.stateChanged(frame);
      if (frame.leasedAt !== undefined) this.lease.renew(frame.leasedAt, this.lease.lastNumber);
    } else if (frame.k === 'handover') member?.handover(frame.term);
    else if (frame.k === 'prepare') member?.prepare(frame.term);
    else if (frame.k === 'offer') member?.offer(frame);
    else if (frame.k === 'warning') member?.warning(frame.text);
  }

  /** Applies the primary's options, now and whenever they change. */
  #configure(welcome: Welcome): void {
    this.#welcome = welcome;
    this.lease.configure(welcome);
    if (welcome.route !== 'relay' && this.#createDirect)
      this.#direct ??= createDirectMeans(this.#createDirect(), this.clock, welcome, {
        // A written frame is read even if this process is killed right after, so nothing is left behind at the address.
        announce: (address, proceed) => this.#outbox?.controlInOrder({ k: 'address', address }, proceed),
        removed: address => this.#outbox?.controlInOrder({ k: 'address', address, gone: true }),
      });
  }

  #begin({ version, probe }: Welcome, link: number): void {
    this.#outbox = new Outbox({
      clock: this.clock,
      version,
      link,
      direction: 'up',
      carriesBytes: probe instanceof Uint8Array,
      isByReference: this.#end.isByReference,
      send: (packet, written) => this.#end.send(packet, written, this.#hellos.via!),
      onRoom: () => {
        for (const callback of this.#whenRoom.splice(0)) callback();
      },
    });
    for (const member of this.#members.values()) this.#join(member);
  }

  #leave(name: string, readUpTo: ReadUpTo | undefined, written: () => void): void {
    const n = this.lease.nextNumber();
    this.#leaving.set(name, n);
    this.#outbox!.controlInOrder({ k: 'leave', group: name, ...readUpTo });
    this.#outbox!.controlInOrder({ k: 'heartbeat', n }, written);
  }

  #join(member: LinkMember): void {
    if (this.#leaving.has(member.name)) return;
    this.#outbox!.control(member.join());
    member.linked();
  }

  #memberOf(name: string): LinkMember | undefined {
    return this.#leaving.has(name) ? undefined : this.#members.get(name);
  }

  #acknowledged(n: number): void {
    this.lease.acknowledged(n);
    for (const [name, beat] of this.#leaving) {
      if (beat !== n) continue;
      this.#leaving.delete(name);
      const next = this.#members.get(name);
      if (next) this.#join(next);
    }
  }

  /** The primary closed; another one may be set up in its place. */
  #goodbye(): void {
    this.#outbox?.close();
    this.#outbox = undefined;
    this.#received = undefined;
    this.#slices = new SliceReader();
    // The next primary knows nothing about this link.
    this.#leaving.clear();
    this.handOvers.failAll(primaryClosed());
    const waits = this.#loseMembers(primaryClosed);
    const isClosing = waits.length > 0;
    this.#hellos.start(isClosing ? this.#welcome!.heartbeatMs : undefined);
    if (isClosing) void Promise.allSettled(waits).then(() => this.#closedAll());
  }

  /** All real clients of the last primary's groups are closed here, so the next primary may appoint others. */
  #closedAll(): void {
    if (!this.#toError && !this.#isOver) this.#hellos.start();
  }

  #loseMembers(toError: ToError): Promise<unknown>[] {
    const waits = [...this.#members.values()].map(member => member.lost(toError));
    return waits.filter(wait => wait !== undefined);
  }

  #closed({ intended, holdExit }: { intended: boolean; holdExit(until: Promise<unknown>): void }): void {
    const waits = this.#lose(primaryLost);
    // If nothing waits, the process exits as it would without the library.
    if (!intended && waits.length > 0) holdExit(Promise.allSettled(waits));
  }

  #lose(toError: ToError): Promise<unknown>[] {
    this.#toError ??= toError;
    this.#hellos.stop();
    this.#outbox?.close();
    this.#outbox = undefined;
    this.handOvers.failAll(toError());
    return this.#loseMembers(toError);
  }
}
