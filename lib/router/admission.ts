// Decides which packets of a worker's channel are accepted: answers hellos, and begins a link with each worker that sends one.

import { passedOn, protocolTooFar } from '../errors/warnings.js';
import type { ResolvedPrimaryOptions } from '../options/options.js';
import { type Envelope, type Hello, MARKER, PROTOCOL_VERSIONS, type ReadPacket } from '../protocol/messages.js';
import type { Peer, PrimaryEnd, Via } from '../transport/transport.js';
import { commonVersion, type RoutedWorker } from './routed-worker.js';

/** What the admission needs of the router. */
export interface AdmissionOwner {
  readonly options: ResolvedPrimaryOptions;
  readonly life: string;
  readonly workers: ReadonlyMap<number, RoutedWorker>;
  /** A worker that is still closing real clients for the previous primary shows that it is alive. */
  isClosing(worker: RoutedWorker): void;
  /** Another incarnation of the library uses the channel: the old one has lost all its state. */
  replaced(worker: RoutedWorker, id: string): void;
  admit(peer: Peer, end: PrimaryEnd, hello: Hello, version: number, via: Via): RoutedWorker;
  warn(message: string, detail: object): void;
}

export class Admission {
  #hasWarnedOfPassedOn = false;

  constructor(private readonly owner: AdmissionOwner) {}

  /** Whether the worker of this channel sent the packet. Late packets of an ended link are dropped without a warning. */
  isMeant(workerId: number, worker: RoutedWorker | undefined, envelope: Envelope): boolean {
    const isUp = envelope.up !== undefined;
    if (isUp && (envelope.link === undefined || worker?.received.accepts(envelope))) return true;
    if (worker || !isUp) this.#warnOfPassedOn(workerId);
    return false;
  }

  /** A packet outside a link: only its hellos count. */
  receive(peer: Peer, end: PrimaryEnd, { c }: ReadPacket, via: Via): void {
    for (const frame of c) {
      if (frame.k !== 'hello') continue;
      if (this.#isOwnHello(peer, frame)) this.#hello(peer, end, frame, via);
      else this.#warnOfPassedOn(peer.workerId);
    }
  }

  welcome(worker: RoutedWorker): void {
    const { route, heartbeatMs, leaderTimeoutMs, maxQueuedBytes, maxQueuedTotalBytes } = this.owner.options;
    const { id, version, workerId } = worker;
    worker.sendControl({
      k: 'welcome',
      version,
      id,
      workerId,
      heartbeatMs: finite(heartbeatMs),
      leaderTimeoutMs: finite(leaderTimeoutMs),
      route,
      maxQueuedBytes: finite(maxQueuedBytes),
      maxQueuedTotalBytes: finite(maxQueuedTotalBytes),
      life: this.owner.life,
      probe: new Uint8Array(1),
    });
  }

  /** If a wrapper starts Node, the pid differs from that of the worker: then the first hello counts. */
  #isOwnHello({ workerId, pid }: Peer, hello: Hello): boolean {
    const known = this.owner.workers.get(workerId);
    return hello.workerId === workerId && (hello.pid === pid || !known || known.pid === hello.pid);
  }

  #hello(peer: Peer, end: PrimaryEnd, hello: Hello, via: Via): void {
    const known = this.owner.workers.get(peer.workerId);
    if (hello.closing) {
      if (known) this.owner.isClosing(known);
      return;
    }
    if (known?.id === hello.id && known.isOpen) {
      known.via = via;
      return this.welcome(known);
    }
    // Another incarnation of the library in the same process, or the same after a goodbye.
    if (known) this.owner.replaced(known, hello.id);
    const version = commonVersion(hello.versions);
    if (version === undefined) return this.#reject(peer, end, hello.id, via);
    this.welcome(this.owner.admit(peer, end, hello, version, via));
  }

  #reject({ workerId }: Peer, end: PrimaryEnd, id: string, via: Via): void {
    const versions = PROTOCOL_VERSIONS;
    end.send(workerId, { [MARKER]: versions[0], down: 0, c: [{ k: 'rejected', id, versions }] }, () => {}, via);
    this.owner.warn(protocolTooFar(workerId), { workerId });
  }

  #warnOfPassedOn(workerId: number): void {
    if (this.#hasWarnedOfPassedOn) return;
    this.#hasWarnedOfPassedOn = true;
    this.owner.warn(passedOn(), { workerId });
  }
}

/** JSON has no Infinity. */
const finite = (value: number): number => Math.min(value, Number.MAX_SAFE_INTEGER);
