// The leader's end of the direct route in one term: the connections, the members that use the direct route, and the data
// that must wait for earlier data on the relay.

import { brokenFrame } from '../../errors/value-errors.js';
import { type Bundle, Kind } from '../../protocol/bundle.js';
import { isAnswer } from '../../protocol/classes.js';
import { type BundleBuilder, ownBundle } from '../../protocol/frames.js';
import type { Clock, Timer } from '../../utils/clock.js';
import { Clocks } from './clocks.js';
import { ALWAYS_FREE_BYTES, DirectSender, type Limits } from './direct-sender.js';
import type { FramedConnection, FrameHandlers } from './framed-connection.js';
import { Stream } from './stream.js';
import { type DirectHello, encodeAck, encodeHandshake, What } from './wire.js';

/** The handlers of a member's connection. */
export interface MemberHandlers extends Omit<FrameHandlers, 'fields'> {
  /** The member's answer to a question for its clock. */
  clock(fields: unknown): void;
}

export interface DirectLeaderOptions extends Limits {
  readonly group: string;
  readonly term: number;
  readonly clock: Clock;
  /** Delivers frames of a member. */
  deliver(bundle: Bundle): void;
  /** Sends a frame to one member over the relay, after everything that was sent to it over the relay before. */
  sendByRelay(workerId: number, kind: number, id: number, text: string): void;
  putOnRelay(bundle: BundleBuilder): void;
}

/** State of one worker's member. */
interface PeerState {
  /** Sends to the member on the direct route. */
  active?: DirectSender | undefined;
  /** By stream: the connection is open, but the member's SWITCH frame has not arrived over the relay. */
  readonly pending: Map<number, DirectSender>;
  /** The member is gone and its connection is being read to the end: bundles that arrived over the relay since. */
  waiting?: Bundle[] | undefined;
  /** The member never uses the relay. */
  hasNoRelay: boolean;
}

/** Streams of one member that wait for SWITCH. It can only arrive for the newest one. */
const MOST_PENDING = 8;

/** Clocks of two machines differ in rate by little, so the difference is measured this often. */
export const CLOCK_MS = 60_000;

/** At the end of a term: maximum time for waiting data to leave this process or, for members without a relay, to be read. */
const FINISH_MS = 500;

export class DirectLeader {
  readonly #options: DirectLeaderOptions;
  readonly #parties = new Map<number, PeerState>();
  /** Number of members that use the direct route. */
  #activeCount = 0;
  #isFinished = false;
  #clockTimer: Timer | undefined;

  constructor(options: DirectLeaderOptions) {
    this.#options = options;
  }

  get term(): number {
    return this.#options.term;
  }

  /** The sender for a member that uses the direct route. */
  of(workerId: number): DirectSender | undefined {
    return this.#activeCount === 0 ? undefined : this.#parties.get(workerId)?.active;
  }

  /** Bytes that have not left this process. */
  get queuedBytes(): number {
    return this.#lanes.reduce((bytes, lane) => bytes + lane.queuedBytes, 0);
  }

  /** All members that use the direct route. */
  get active(): number[] {
    return this.#activeCount === 0 ? [] : [...this.#parties].filter(([, { active }]) => active).map(([id]) => id);
  }

  /**
   * A member has completed the handshake.
   * @param ahead how far the clock of this machine is ahead of the member's, at least; undefined if it is the same one
   * @returns the handlers for its connection
   */
  meet(hello: DirectHello, line: FramedConnection, ahead?: number): MemberHandlers | undefined {
    if (this.#isFinished) return undefined;
    const lane = this.#laneFor(hello);
    if (!lane) return hello.hasNoRelay ? refuse(line) : undefined;
    const { stream } = lane;
    const clocks = new Clocks(ahead);
    if (ahead !== undefined) this.#measureClocks();
    lane.line?.destroy();
    lane.line = line;
    lane.clocks = clocks;
    line.connection.write([encodeHandshake(What.WELCOME, { received: stream.received })]);
    // Nothing is put before SWITCH arrives over the relay, so nothing is written yet.
    stream.attach(line.connection, hello.received);
    lane.onRoom();
    return {
      ack: number => this.#acked(lane, number),
      final: () => {},
      bundle: (number, acked, bundle) => {
        // The member learns from FINAL or RESUMED that this bundle was not accepted.
        if (this.#isFinished) return;
        this.#acked(lane, acked);
        if (!stream.receive(number, clocks.translate(bundle))) throw brokenFrame('a number', 'the next');
      },
      drained: () => stream.drained(),
      clock: fields => clocks.answered(fields),
      closed: () => {
        lane.line = undefined;
        stream.detach();
        lane.onClosed?.();
      },
    };
  }

  /** Accepts data from the relay, in order, and delivers it when its turn comes. */
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
   * Sends each member the number of the last bundle that was delivered, and closes the connections.
   * Resolves when all data has left this process, or after a timeout.
   *
   * If a member has no relay, this waits until it has read everything: if it wrote to a connection that is already closed
   * here, the system would drop its unread data, and the member could not know what its leader had accepted.
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
        // A member closes its end once it has read the end of this one.
        if (hasNoRelay) lane.onClosed = written;
        connection.end(hasNoRelay ? () => {} : written);
      }
    });
    this.destroy();
  }

  /**
   * Repeats the last delivered number and the unacknowledged answers over the relay, for connections that are broken or
   * break before everything was read. A member ignores a second answer. Lost values need no repetition: those of the next
   * leader follow.
   */
  #finishByRelay(): void {
    const { sendByRelay, putOnRelay } = this.#options;
    for (const [workerId, { active, hasNoRelay }] of this.#parties) {
      if (!active || hasNoRelay) continue;
      const { id, stream } = active;
      sendByRelay(workerId, Kind.RESUMED, id, String(stream.delivered));
      for (const bundle of stream.unacked) {
        const answers = bundle.pick(isAnswer, [workerId]);
        if (answers) putOnRelay(answers);
      }
    }
  }

  destroy(): void {
    this.#isFinished = true;
    this.#clockTimer?.clear();
    for (const { line } of this.#lanes) line?.destroy();
    this.#parties.clear();
    this.#activeCount = 0;
  }

  #measureClocks(): void {
    const { clock } = this.#options;
    this.#clockTimer ??= clock.setTimer(() => {
      this.#clockTimer = undefined;
      const lanes = this.#lanes.filter(({ line, clocks }) => line && clocks?.isElsewhere);
      for (const { line, clocks } of lanes) {
        clocks!.asked(clock.now());
        line!.connection.write([encodeHandshake(What.CLOCK, {})]);
      }
      if (lanes.length > 0) this.#measureClocks();
    }, CLOCK_MS);
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
      // A member without a relay starts at 1; others send the number in SWITCH.
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

  /** SWITCH or RESUME is always the last frame of a bundle: nothing follows it over the relay. */
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
    this.#options.sendByRelay(workerId, Kind.SWITCHED, id, '0');
    // The next connection sends the missing bundles.
    if (!lane.stream.expect(first)) disconnect(lane);
    this.#activate(party!, lane);
  }

  /** Ends the member's previous stream and the older pending ones. */
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
    this.#options.sendByRelay(workerId, Kind.RESUMED, id, String(lane.stream.received));
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

/** The leader has given this member up, which therefore has to begin anew. */
function refuse({ connection }: FramedConnection): MemberHandlers {
  connection.write([encodeHandshake(What.GONE, {})]);
  connection.end(() => {});
  const ignore = () => {};
  return { ack: ignore, final: ignore, bundle: ignore, drained: ignore, clock: ignore, closed: ignore };
}
