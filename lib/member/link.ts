// This process's one link to its primary: hello and welcome, the heartbeat and the lease, and who of the members a frame is for.

import {
  closed,
  noCommonProtocol,
  type Outcome,
  primaryClosed,
  primaryLost,
  type SharedClientError,
} from '../errors/errors.js';
import { passedOn } from '../errors/warnings.js';
import type { Bundle } from '../protocol/bundle.js';
import { Received } from '../protocol/envelope.js';
import { newId } from '../protocol/ids.js';
import {
  type ControlFrame,
  type Envelope,
  type FromPrimary,
  type Join,
  MARKER,
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
import type { Clock, Timer } from '../utils/clock.js';
import { createDirectMeans, type DirectMeans } from './direct-means.js';
import { HandOvers } from './hand-overs.js';

const FIRST_HELLO_MS = 25;
const MOST_HELLO_MS = 1000;

/** As long as nothing has answered, so many hellos take the internal way alone; then it's every other one. */
const INTERNAL_HELLOS = 5;

/** What the link needs of a member. */
export interface LinkMember {
  readonly name: string;
  join(): Join;
  /** The primary answered; the member has joined. */
  linked(): void;
  stateChanged(news: StateUpdate): void;
  handover(term: number): void;
  prepare(term: number): void;
  /** Where its leader can be reached past the primary. */
  offer(offer: Offer): void;
  warning(text: string): void;
  data(bundle: Bundle): void;
  /** The lease was renewed. */
  leased(): void;
  /** There is no primary: what waits for it ends. A promise: Node's exit is to wait for it. */
  lost(toError: ToError): Promise<unknown> | undefined;
}

/** Makes the error for a call that ends because there is no primary. */
export type ToError = (outcome?: Outcome) => SharedClientError;

export interface LinkOptions {
  readonly clock: Clock;
  readonly end: WorkerEnd;
  readonly versions?: readonly number[];
  /** Without it there is no direct route. */
  createDirect?(): DirectTransport;
  /** Frames that were ours but broken. */
  warn(message: string): void;
}

export class Link {
  readonly clock: Clock;
  readonly id = newId();
  readonly #end: WorkerEnd;
  readonly #versions: readonly number[];
  readonly #warn: LinkOptions['warn'];
  readonly #createDirect: LinkOptions['createDirect'];
  readonly #members = new Map<string, LinkMember>();
  /**
   * Names whose member has left, with the heartbeat that went after its leave. Until that is acknowledged, whatever
   * comes for the name was meant for that member, and the next one doesn't join.
   */
  readonly #leaving = new Map<string, number>();
  /**
   * The way by which a first answer came, and by which we speak from then on. The primary answers by the way of what it
   * got last, so an answer shows that the way works in both directions:
   *
   *     asking internally ── an answer came internally ──────────────────────> internal
   *          │ no answer to INTERNAL_HELLOS
   *          v
   *     asking by both in turn ── what was asked publicly was answered first ─> public
   */
  #via: Via | undefined;
  #hellos = 0;
  /** What came of our primary; while linked. */
  #received: Received | undefined;
  /** Real clients of before a goodbye are still being closed. */
  #isClosing = false;
  #isOver = false;
  #hasWarnedOfPassedOn = false;
  #outbox: Outbox | undefined;
  #whenRoom: (() => void)[] = [];
  #slices = new SliceReader();
  #welcome: Welcome | undefined;
  #direct: DirectMeans | undefined;
  #toError: ToError | undefined;
  #helloTimer: Timer | undefined;
  #beatTimer: Timer | undefined;
  #beating = 0;
  #beats = 0;
  /** In this tick. */
  #hasBeaten = false;
  /** When the heartbeats were sent that aren't acknowledged yet, by number. */
  readonly #beatSentAt = new Map<number, number>();
  /** Only while linked. */
  readonly handOvers = new HandOvers(request => this.sendControl(request));
  #acked = 0;
  #leaseUntil = 0;

  constructor({ clock, end, versions = PROTOCOL_VERSIONS, createDirect, warn }: LinkOptions) {
    this.clock = clock;
    this.#end = end;
    this.#versions = versions;
    this.#warn = warn;
    this.#createDirect = createDirect;
    end.listen({ message: (message, via) => this.#receive(message, via), closed: event => this.#closed(event) });
    this.#hello(FIRST_HELLO_MS);
  }

  get kind(): WorkerEnd['kind'] {
    return this.#end.kind;
  }

  get self(): { readonly workerId: number; readonly pid: number } {
    return this.#end.self;
  }

  /** Why nobody answers, where that is known. */
  get advice(): string | undefined {
    return this.#end.advice;
  }

  get isLinked(): boolean {
    return this.#outbox !== undefined;
  }

  /** Why there will be no primary for this process any more. */
  get toError(): ToError | undefined {
    return this.#toError;
  }

  /** Where data for the primary goes; only while linked. */
  get outbox(): Outbox {
    return this.#outbox!;
  }

  /** What may wait for one process. */
  get maxQueuedBytes(): number {
    return this.#welcome?.maxQueuedBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Called once, when some of the data that waits for the primary was written. */
  whenRoom(callback: () => void): void {
    this.#whenRoom.push(callback);
  }

  /** What the direct route needs; only where the primary asked for it. */
  get direct(): DirectMeans | undefined {
    return this.#direct;
  }

  add(member: LinkMember): void {
    this.#members.set(member.name, member);
    if (this.#outbox) this.#join(member);
    else if (this.#toError) void member.lost(this.#toError);
  }

  /** Tells the primary what changed of a member. */
  update(member: LinkMember): void {
    if (!this.#leaving.has(member.name)) this.#outbox?.control(member.join());
  }

  /**
   * Resolves when all that the member said was written, or is known lost: until then it would die with the process.
   *
   * @param heard in the term that it may give back by leaving
   */
  async remove(member: LinkMember, heard?: ReadUpTo): Promise<void> {
    const { name } = member;
    if (this.#members.get(name) !== member) return;
    this.#members.delete(name);
    // It may have waited to join.
    if (!this.#outbox || this.#leaving.has(name)) return;
    await new Promise<void>(resolve => this.#leave(name, heard, resolve));
  }

  sendControl(frame: ControlFrame): void {
    this.#outbox?.control(frame);
  }

  /**
   * After all data that was sent before.
   * @param written called once, when it was written or is known lost
   */
  sendControlInOrder(frame: ControlFrame, written?: () => void): void {
    if (this.#outbox) this.#outbox.controlInOrder(frame, written);
    else written?.();
  }

  /**
   * A member was appointed, or prepares to lead: heartbeats begin, with one at once.
   * @returns the number of the first heartbeat whose acknowledgement is a lease for this appointment
   */
  startBeating(): number {
    this.#beating++;
    // Of many groups that are led from one tick on: one is enough for all.
    if (!this.#hasBeaten) this.#beat();
    return this.#beats;
  }

  stopBeating(): void {
    if (--this.#beating > 0) return;
    this.#hasBeaten = false;
    this.#beatTimer?.clear();
    this.#beatTimer = undefined;
    this.#beatSentAt.clear();
  }

  /** Whether the lease of an appointment is valid at `now`; `first` is what {@link startBeating} returned. */
  hasLease(first: number, now: number): boolean {
    return this.#acked >= first && now < this.#leaseUntil;
  }

  /** Whether the primary, which appointed a leader `at` that moment, still waits for it to be heard. */
  isAwaited(at: number, now: number): boolean {
    return now < at + this.#welcome!.leaderTimeoutMs;
  }

  close(): void {
    this.#isOver = true;
    this.#helloTimer?.clear();
    this.#beatTimer?.clear();
    this.#outbox?.flush();
    this.#outbox?.close();
    this.#outbox = undefined;
    this.handOvers.failAll(closed('The shared client'));
    this.#end.close();
  }

  #hello(nextMs: number): void {
    const { workerId, pid } = this.#end.self;
    const probe = new Uint8Array(1);
    const closing = this.#isClosing;
    const versions = this.#versions;
    const hello = { k: 'hello', versions, id: this.id, workerId, pid, probe, ...(closing && { closing }) } as const;
    const isInternal = ++this.#hellos <= INTERNAL_HELLOS || this.#hellos % 2 === 1;
    const via = this.#via ?? (isInternal ? 'internal' : 'public');
    this.#end.send({ [MARKER]: this.#versions[0], up: 0, c: [hello] }, () => {}, via);
    // A primary that is set up later never heard this one.
    const ms = closing ? this.#welcome!.heartbeatMs : nextMs;
    this.#helloTimer = this.clock.setTimer(() => this.#hello(Math.min(nextMs * 2, MOST_HELLO_MS)), ms);
  }

  #receive(message: unknown, via: Via): void {
    const isMeant = (envelope: Envelope) => this.#isMeant(envelope);
    const packet = parsePacket(message, error => this.#warn(error.message), { slices: this.#slices, isMeant });
    if (!packet) return;
    if (!this.#outbox) this.#answered(packet, via);
    if (!this.#outbox) return;
    for (const frame of packet.c) this.#control(frame as FromPrimary);
    // It may have said goodbye.
    if (!this.#outbox) return;
    for (const bundle of packet.d) this.#memberOf(bundle.g)?.data(bundle);
  }

  /** As long as there is no link, it depends on what is in it. */
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
      this.#via ??= via;
      this.#received = new Received('down', link);
      this.#received.accepts({ link, ...envelope });
      this.#configure(answer);
      this.#begin(answer, link);
    }
  }

  #control(frame: FromPrimary): void {
    if (frame.k === 'welcome') return this.#configure(frame);
    // Only what answers a hello.
    if (frame.k === 'rejected') return;
    if (frame.k === 'ack') return this.#acknowledged(frame.n);
    if (frame.k === 'goodbye') return this.#goodbye();
    if (frame.k === 'transferred') return this.handOvers.answered(frame);
    const member = this.#memberOf(frame.group);
    if (frame.k === 'update') {
      member?.stateChanged(frame);
      if (frame.leasedAt !== undefined) this.#lease(frame.leasedAt, this.#beats);
    } else if (frame.k === 'handover') member?.handover(frame.term);
    else if (frame.k === 'prepare') member?.prepare(frame.term);
    else if (frame.k === 'offer') member?.offer(frame);
    else if (frame.k === 'warning') member?.warning(frame.text);
  }

  /** The primary's options, now and whenever they change. */
  #configure(welcome: Welcome): void {
    this.#welcome = welcome;
    if (welcome.route !== 'relay' && this.#createDirect)
      this.#direct ??= createDirectMeans(this.#createDirect(), this.clock, welcome, {
        // What was written is read even if this process is killed the next moment, and so nothing of it stays.
        announce: (address, proceed) => this.#outbox?.controlInOrder({ k: 'address', address }, proceed),
        removed: address => this.#outbox?.controlInOrder({ k: 'address', address, gone: true }),
      });
  }

  #begin({ version, probe }: Welcome, link: number): void {
    this.#helloTimer?.clear();
    this.#outbox = new Outbox({
      clock: this.clock,
      version,
      link,
      direction: 'up',
      carriesBytes: probe instanceof Uint8Array,
      isByReference: this.#end.isByReference,
      send: (packet, written) => this.#end.send(packet, written, this.#via!),
      onRoom: () => {
        for (const callback of this.#whenRoom.splice(0)) callback();
      },
    });
    for (const member of this.#members.values()) this.#join(member);
  }

  #leave(name: string, heard: ReadUpTo | undefined, written: () => void): void {
    this.#leaving.set(name, ++this.#beats);
    this.#outbox!.controlInOrder({ k: 'leave', group: name, ...heard });
    this.#outbox!.controlInOrder({ k: 'heartbeat', n: this.#beats }, written);
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
    this.#renew(n);
    for (const [name, beat] of this.#leaving) {
      if (beat !== n) continue;
      this.#leaving.delete(name);
      const next = this.#members.get(name);
      if (next) this.#join(next);
    }
  }

  /** The primary closed; another may be set up in its place. */
  #goodbye(): void {
    this.#outbox?.close();
    this.#outbox = undefined;
    this.#received = undefined;
    this.#slices = new SliceReader();
    // Whoever is set up next knows nothing of this link.
    this.#leaving.clear();
    this.handOvers.failAll(primaryClosed());
    const waits = this.#loseMembers(primaryClosed);
    this.#isClosing = waits.length > 0;
    this.#hello(FIRST_HELLO_MS);
    if (this.#isClosing) void Promise.allSettled(waits).then(() => this.#closedAll());
  }

  /** No real client of the last primary's groups is open here any more: the next one may appoint others. */
  #closedAll(): void {
    this.#isClosing = false;
    if (this.#toError || this.#isOver) return;
    this.#helloTimer?.clear();
    this.#hello(FIRST_HELLO_MS);
  }

  #loseMembers(toError: ToError): Promise<unknown>[] {
    const waits = [...this.#members.values()].map(member => member.lost(toError));
    return waits.filter(wait => wait !== undefined);
  }

  #closed({ intended, holdExit }: { intended: boolean; holdExit(until: Promise<unknown>): void }): void {
    const waits = this.#lose(primaryLost);
    // Who has nothing to wait for exits as without the library.
    if (!intended && waits.length > 0) holdExit(Promise.allSettled(waits));
  }

  #lose(toError: ToError): Promise<unknown>[] {
    this.#toError ??= toError;
    this.#helloTimer?.clear();
    this.#outbox?.close();
    this.#outbox = undefined;
    this.handOvers.failAll(toError());
    return this.#loseMembers(toError);
  }

  #beat(): void {
    this.#beatTimer?.clear();
    this.#hasBeaten = true;
    this.clock.defer(() => {
      this.#hasBeaten = false;
    });
    const n = ++this.#beats;
    this.#beatSentAt.set(n, this.clock.now());
    this.#outbox?.control({ k: 'heartbeat', n });
    this.#beatTimer = this.clock.setTimer(() => this.#beat(), this.#welcome!.heartbeatMs);
  }

  /** The lease runs from when the heartbeat was sent, not from when its acknowledgement came. */
  #renew(n: number): void {
    const sentAt = this.#beatSentAt.get(n);
    if (sentAt === undefined || n < this.#acked) return;
    for (const older of this.#beatSentAt.keys()) if (older <= n) this.#beatSentAt.delete(older);
    this.#lease(sentAt, n);
  }

  #lease(since: number, n: number): void {
    this.#acked = n;
    this.#leaseUntil = since + this.#welcome!.leaderTimeoutMs;
    for (const member of this.#members.values()) member.leased();
  }
}
