// One worker as the primary sees it: its channel, what waits for it, and when it was last heard.

import { Backlog } from '../protocol/backlog.js';
import { newLink, Received } from '../protocol/envelope.js';
import { type ControlFrame, type Hello, PROTOCOL_VERSIONS } from '../protocol/messages.js';
import { Outbox } from '../protocol/outbox.js';
import { SliceReader } from '../protocol/slices.js';
import { Withdrawals } from '../protocol/withdrawals.js';
import type { Peer, PrimaryEnd, Via } from '../transport/transport.js';
import type { Clock } from '../utils/clock.js';

export class RoutedWorker {
  /** The incarnation of the library that said hello. */
  readonly id: string;
  readonly version: number;
  /** The process that said it, which isn't the one that was forked where a wrapper starts Node. */
  readonly pid: number;
  readonly link = newLink();
  readonly received = new Received('up', this.link);
  /** How it last spoke to us, and so how it is answered: the worker finds out what works, see `Link`. */
  via: Via;
  readonly outbox: Outbox;
  readonly slices = new SliceReader({ isRelay: true });
  /** The newest values of what couldn't wait in the outbox for lack of room. */
  readonly backlog: Backlog;
  /** What members took back while it, their leader, has no room for more. */
  readonly withdrawals = new Withdrawals();
  /** In how many groups it is. */
  groups = 0;
  /** It was told that it is in as many as it may be. */
  hasTooManyGroups = false;
  /** In the primary's running time. */
  lastSeenAt = 0;
  /** How many groups it leads. */
  leads = 0;
  /** How many groups it prepares to lead. */
  prepares = 0;
  isSilent = false;
  /** Its channel is open. */
  isOpen = true;
  /** It is a member of no group any more, and won't be one: its channel has closed, or it was told goodbye. */
  hasLeft = false;

  constructor(
    readonly peer: Peer,
    readonly end: PrimaryEnd,
    hello: Hello,
    version: number,
    clock: Clock,
    via: Via,
    onRoom: () => void,
  ) {
    this.id = hello.id;
    this.pid = hello.pid;
    this.version = version;
    this.via = via;
    this.outbox = new Outbox({
      clock,
      version,
      link: this.link,
      direction: 'down',
      carriesBytes: hello.probe instanceof Uint8Array,
      isByReference: end.isByReference,
      send: (packet, written) => end.send(peer.workerId, packet, written, this.via),
      onRoom,
    });
    this.backlog = new Backlog();
  }

  /** It sends heartbeats, so its silence tells something. */
  get isWatched(): boolean {
    return this.leads + this.prepares > 0;
  }

  /** Bytes that wait in the primary for it, and of it. */
  get queuedBytes(): number {
    return this.outbox.queuedBytes + this.backlog.bytes + this.withdrawals.bytes + this.slices.bytes;
  }

  get workerId(): number {
    return this.peer.workerId;
  }

  sendControl(frame: ControlFrame): void {
    this.outbox.control(frame);
  }

  close(): void {
    this.isOpen = false;
    this.outbox.close();
    this.backlog.clear();
    this.withdrawals.clear();
    this.slices.clear();
  }
}

/** The highest version that both speak. */
export function commonVersion(theirs: readonly number[]): number | undefined {
  return PROTOCOL_VERSIONS.find(version => theirs.includes(version));
}
