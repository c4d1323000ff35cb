// The leader's end of the direct route in one term: who is connected, which members are spoken to past the primary, and
// what of theirs must wait for what they sent by the relay.

import { brokenFrame } from '../../errors/errors.js';
import { type Bundle, Kind } from '../../protocol/bundle.js';
import { isAnswer } from '../../protocol/classes.js';
import { type BundleBuilder, ownBundle } from '../../protocol/frames.js';
import type { Clock } from '../../utils/clock.js';
import { ALWAYS_FREE_BYTES, DirectSender, type Limits } from './direct-sender.js';
import type { FramedConnection, FrameHandlers } from './framed-connection.js';
import { Stream } from './stream.js';
import { type DirectHello, encodeAck, encodeWords, What } from './wire.js';

export interface DirectLeaderOptions extends Limits {
  readonly group: string;
  readonly term: number;
  readonly clock: Clock;
  /** Frames of a member. */
  deliver(bundle: Bundle): void;
  /** Says something to one member by the relay, after all that was said to it by the relay before. */
  tellByRelay(workerId: number, kind: number, id: number, text: string): void;
  putOnRelay(bundle: BundleBuilder): void;
}

/** What is known of one worker's member. */
interface PeerState {
  /** By which it is spoken to. */
  active?: DirectSender | undefined;
  /** By stream: a connection is there, but the member's word by the relay isn't. */
  readonly pending: Map<number, DirectSender>;
  /** It is gone, and its connection is read to the end: what came by the relay since. */
  waiting?: Bundle[] | undefined;
  /** Nothing goes to it by the relay. */
  hasNoRelay: boolean;
}

/** Streams of one member that wait for its word: only of the last one it can still come. */
const MOST_PENDING = 8;

/** How long what was said may take to leave at the end of a term, and to be read where that is waited for. */
const FINISH_MS = 500;

export class DirectLeader {
  readonly #options: DirectLeaderOptions;
  readonly #parties = new Map<number, PeerState>();
  /** How many members are spoken to directly. */
  #activeCount = 0;
  #isFinished = false;

  constructor(options: DirectLeaderOptions) {
    this.#options = options;
  }

  get term(): number {
    return this.#options.term;
  }

  /** The way to a member that is spoken to directly. */
  of(workerId: number): DirectSender | undefined {
    return this.#activeCount === 0 ? undefined : this.#parties.get(workerId)?.active;
  }

  /** Bytes that haven't left this process. */
  get queuedBytes(): number {
    return this.#lanes.reduce((bytes, lane) => bytes + lane.queuedBytes, 0);
  }

  /** All members that are spoken to directly. */
  get active(): number[] {
    return this.#activeCount === 0 ? [] : [...this.#parties].filter(([, { active }]) => active).map(([id]) => id);
  }

  /** A member that has proved itself is there. @returns who hears of the connection from now on */
  meet(hello: DirectHello, line: FramedConnection): Omit<FrameHandlers, 'words'> | undefined {
    const lane = this.#isFinished ? undefined : this.#laneFor(hello);
    if (!lane) return undefined;
    const { stream } = lane;
    lane.line?.destroy();
    lane.line = line;
    line.connection.write([encodeWords(What.WELCOME, { received: stream.received })]);
    // Before the member's word by the relay nothing is put, so nothing is written either.
    stream.attach(line.connection, hello.received);
    lane.onRoom();
    return {
      ack: number => this.#acked(lane, number),
      final: () => {},
      bundle: (number, acked, bundle) => {
        // Its member knows that this wasn't taken, or will.
        if (this.#isFinished) return;
        this.#acked(lane, acked);
        if (!stream.receive(number, bundle)) throw brokenFrame('a number', 'the next');
      },
      drained: () => stream.drained(),
      closed: () => {
        lane.line = undefined;
        stream.detach();
        lane.onClosed?.();
      },
    };
  }

  /** What came by the relay, in order. It is delivered when its turn has come. */
  relayed(bundle: Bundle): void {
    const isGone = bundle.f === undefined && bundle.h[0] === Kind.MEMBER_LEFT;
    const workerId = isGone ? bundle.h[1]! : bundle.f!;
    const party = this.#parties.get(workerId);
    if (party?.waiting) party.waiting.push(ownBundle(bundle));
    else if (isGone && party) this.#gone(party, bundle);
    else {
      this.#options.deliver(bundle);
      if (!isGone) this.#handle(workerId, bundle);
    }
  }

  /**
   * Says to each member how far it was heard, and closes the connections.
   * Resolves when all that was said has left this process, or may take no longer.
   *
   * To whom the relay can't say it, it must have been read: if a member wrote to a connection that is closed here already,
   * the system would drop what lies there unread, and it couldn't know any more what its leader took.
   */
  async finish(): Promise<void> {
    this.#isFinished = true;
    this.#finishByRelay();
    const open = this.#lanes.filter(lane => lane.line !== undefined);
    if (open.length === 0) return;
    await new Promise<void>(resolve => {
      let left = open.length;
      const timer = this.#options.clock.setTimer(resolve, FINISH_MS);
      const written = () => {
        if (--left > 0) return;
        timer.clear();
        resolve();
      };
      for (const lane of open) {
        const { stream, hasNoRelay } = lane;
        const { connection } = lane.line!;
        stream.flush(true);
        connection.write([encodeAck(stream.delivered, What.FINAL)]);
        // A member closes its end once it has read the end of ours.
        if (hasNoRelay) lane.onClosed = written;
        connection.end(hasNoRelay ? () => {} : written);
      }
    });
    this.destroy();
  }

  /**
   * Whose connection is broken, or breaks before all of it was read, hears how far it was heard all the same, and what was
   * answered. An answer that comes twice is heard once; values of the next leader follow those that are lost.
   */
  #finishByRelay(): void {
    const { tellByRelay, putOnRelay } = this.#options;
    for (const [workerId, { active, hasNoRelay }] of this.#parties) {
      if (!active || hasNoRelay) continue;
      const { id, stream } = active;
      tellByRelay(workerId, Kind.RESUMED, id, String(stream.delivered));
      for (const bundle of stream.unacked) {
        const answers = bundle.pick(isAnswer, [workerId]);
        if (answers) putOnRelay(answers);
      }
    }
  }

  /** Closes all connections. */
  destroy(): void {
    this.#isFinished = true;
    for (const { line } of this.#lanes) line?.destroy();
    this.#parties.clear();
    this.#activeCount = 0;
  }

  #laneFor({ from, stream, goesOn, hasNoRelay }: DirectHello): DirectSender | undefined {
    let party = this.#parties.get(from);
    if (goesOn) return party?.active?.id === stream ? party.active : party?.pending.get(stream);
    if (!party) {
      party = { pending: new Map(), hasNoRelay };
      this.#parties.set(from, party);
    }
    const lane = this.#newLane(from, stream, hasNoRelay);
    party.pending.set(stream, lane);
    if (party.pending.size > MOST_PENDING) dropOldest(party.pending);
    if (hasNoRelay) this.#activate(party, lane);
    return lane;
  }

  get #lanes(): DirectSender[] {
    return [...this.#parties.values()].flatMap(({ active, pending }) => [
      ...(active ? [active] : []),
      ...pending.values(),
    ]);
  }

  #newLane(from: number, id: number, hasNoRelay: boolean): DirectSender {
    const { group, term, clock, deliver } = this.#options;
    const stream = new Stream({
      group,
      term,
      clock,
      from,
      numbers: { last: 0 },
      // Of one that has nothing else; another says it by the relay.
      ...(hasNoRelay && { first: 1 }),
      deliver,
    });
    const { maxQueuedBytes, maxQueuedTotalBytes } = this.#options;
    const isOverloaded = (waiting: number, bytes: number) =>
      waiting + bytes > maxQueuedBytes || this.#waitingBytes - lane.keptBytes + bytes > maxQueuedTotalBytes;
    const room = () => {
      const free = Math.min(
        maxQueuedBytes - stream.waitingBytes,
        maxQueuedTotalBytes - this.#waitingBytes + lane.keptBytes,
      );
      return Math.max(free, ALWAYS_FREE_BYTES);
    };
    const lane: DirectSender = new DirectSender(id, stream, hasNoRelay, group, term, isOverloaded, room);
    return lane;
  }

  get #waitingBytes(): number {
    return this.#lanes.reduce((bytes, lane) => bytes + lane.waitingBytes, 0);
  }

  #acked(lane: DirectSender, number: number): void {
    lane.stream.acked(number);
    lane.onRoom();
  }

  /** A member's word about its route is the last frame of a bundle: nothing follows it by the relay. */
  #handle(workerId: number, { h, x }: Bundle): void {
    if (this.#isFinished) return;
    const [kind, id] = [h[h.length - 4], h[h.length - 3]!];
    const number = Number(/\d+(?=\]$)/.exec(x)?.[0]);
    if (kind === Kind.SWITCH) this.#switch(workerId, id, number);
    else if (kind === Kind.RESUME) this.#resume(workerId, id, number);
  }

  #switch(workerId: number, id: number, first: number): void {
    const party = this.#parties.get(workerId);
    const lane = party?.pending.get(id);
    if (!lane) return;
    this.#options.tellByRelay(workerId, Kind.SWITCHED, id, '0');
    // What is missing comes by the next connection.
    if (!lane.stream.expect(first)) disconnect(lane);
    this.#activate(party!, lane);
  }

  /** What the worker had before is over. */
  #activate(party: PeerState, lane: DirectSender): void {
    this.#drop(party);
    for (const [id, older] of party.pending) {
      party.pending.delete(id);
      if (older === lane) break;
      older.line?.destroy();
    }
    party.active = lane;
    this.#activeCount++;
    lane.stream.release();
  }

  #resume(workerId: number, id: number, received: number): void {
    const party = this.#parties.get(workerId);
    const lane = party?.active;
    if (lane?.id !== id) return;
    this.#drop(party!);
    const rest = lane.takeRest(received);
    this.#options.tellByRelay(workerId, Kind.RESUMED, id, String(lane.stream.received));
    for (const bundle of rest) this.#options.putOnRelay(bundle.readdress([workerId]));
  }

  #gone(party: PeerState, gone: Bundle): void {
    const waiting: Bundle[] = [];
    const over = () => {
      this.#drop(party);
      party.waiting = undefined;
      this.#options.deliver(gone);
      for (const bundle of waiting) this.relayed(bundle);
    };
    if (!party.active?.line) return over();
    party.waiting = waiting;
    party.active.line.connection.settle(over);
  }

  #drop(party: PeerState): void {
    if (!party.active) return;
    disconnect(party.active);
    party.active = undefined;
    this.#activeCount--;
  }
}

function disconnect(lane: DirectSender): void {
  lane.line?.destroy();
  lane.line = undefined;
  lane.stream.detach();
}

function dropOldest(pending: Map<number, DirectSender>): void {
  const [id, lane] = pending.entries().next().value!;
  pending.delete(id);
  lane.line?.destroy();
}
