// The primary's view of one worker: its channel, what waits for it, and when it last sent something.

import { Backlog } from '../protocol/backlog.js';
import { newLink, Received } from '../protocol/envelope.js';
import { type ControlFrame, type Hello, PROTOCOL_VERSIONS } from '../protocol/messages.js';
import { Outbox } from '../protocol/outbox.js';
import { SliceReader } from '../protocol/slices.js';
import { Withdrawals } from '../protocol/withdrawals.js';
import type { Peer, PrimaryEnd, Via } from '../transport/transport.js';
import type { Clock } from '../utils/clock.js';

export class RoutedWorker {
  /** The id from its hello: one incarnation of the library. */
  readonly id: string;
  readonly version: number;
  /** The process that sent the hello. If a wrapper starts Node, this is not the forked process. */
  readonly pid: number;
  readonly link = newLink();
  readonly received = new Received('up', this.link);
  /** The way of its last message, which answers use too: the worker finds out which way works, see `Link`. */
  via: Via;
  readonly outbox: Outbox;
  readonly slices = new SliceReader({ isRelay: true });
  /** The newest of the values that did not fit into the outbox. */
  readonly backlog: Backlog;
  /** Withdrawals for this worker as a leader that has no space for more. */
  readonly withdrawals = new Withdrawals();
  /** Number of groups that it is in. */
  groups = 0;
  /** The worker was notified that it has reached the maximum. */
  hasTooManyGroups = false;
  /** On the primary's running clock. */
  lastSeenAt = 0;
  /** Number of groups that it leads. */
  leads = 0;
  /** Number of groups that it prepares to lead. */
  prepares = 0;
  isSilent = false;
  isOpen = true;
  /** It has left all groups and cannot join again: its channel has closed, or it was sent a goodbye. */
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

  /** It sends heartbeats, so its silence is significant. */
  get isWatched(): boolean {
    return this.leads + this.prepares > 0;
  }

  /** Bytes that wait in the primary for this worker, or came from it incomplete. */
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

/** The highest version that both sides support. */
export function commonVersion(theirs: readonly number[]): number | undefined {
  return PROTOCOL_VERSIONS.find(version => theirs.includes(version));
}
