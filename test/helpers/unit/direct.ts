// A leader and a member on the direct route, without anything around them: the relay between them is played by the test.

import { type Bundle, Kind } from '../../../lib/protocol/bundle.js';
import { BundleBuilder } from '../../../lib/protocol/frames.js';
import type { Packet } from '../../../lib/protocol/messages.js';
import { Outbox } from '../../../lib/protocol/outbox.js';
import { DirectLeader } from '../../../lib/route/direct/direct-leader.js';
import { type Address, DirectRoute } from '../../../lib/route/direct/direct-route.js';
import { DirectServer } from '../../../lib/route/direct/direct-server.js';
import type { MemoryWorker } from '../../../lib/transport/memory.js';
import { MemoryNetwork } from '../../../lib/transport/memory.js';
import { memberKey } from '../../../lib/utils/secret.js';
import { VirtualTime } from '../clocks/virtual-time.js';
import { bundlesOf, frameWords } from './frames.js';

export const TERM = 7;

export interface DirectRigOptions {
  /** Nothing goes by the relay. */
  readonly hasNoRelay?: boolean;
  readonly maxQueuedBytes?: number;
  readonly maxQueuedTotalBytes?: number;
}

export class DirectRig {
  readonly time = new VirtualTime();
  readonly network = new MemoryNetwork({ clock: this.time, schedule: this.time.schedule });
  /** The leader's worker, and the member's. */
  readonly 1: MemoryWorker = this.network.fork();
  readonly 2: MemoryWorker = this.network.fork();
  readonly server: DirectServer;
  readonly leader: DirectLeader;
  /** What the leader heard, whatever way it came. */
  readonly received: string[] = [];
  /** What the leader said by the relay and hasn't come yet. */
  readonly sent: Bundle[] = [];
  readonly problems: string[] = [];
  /** Whose members somebody said to be. */
  readonly refused: number[] = [];
  address: Address | undefined;
  readonly #options: DirectRigOptions;

  constructor(options: DirectRigOptions = {}) {
    this.#options = options;
    const { clock, direct } = this[1];
    this.server = new DirectServer({ clock, transport: direct });
    const { maxQueuedBytes = 10_000_000, maxQueuedTotalBytes = 10_000_000 } = options;
    const sendData = (open: BundleBuilder) => void this.sent.push(open.seal());
    this.leader = new DirectLeader({
      group: 'g',
      term: TERM,
      clock,
      maxQueuedBytes,
      maxQueuedTotalBytes,
      deliver: bundle => this.received.push(...frameWords([bundle]).map(words => `${bundle.f} ${words}`)),
      sendByRelay: (workerId, kind, id, text) => {
        const open = new BundleBuilder('g', TERM, [workerId]);
        open.add(kind, id, text);
        sendData(open);
      },
      putOnRelay: sendData,
    });
  }

  /** The leader opens its door. */
  async open(): Promise<Address> {
    const { leader } = this;
    this.server.open({
      group: 'g',
      term: TERM,
      leader,
      offer: address => {
        this.address = address;
      },
      failed: problem => this.problems.push(problem),
      refused: workerId => this.refused.push(workerId),
    });
    await this.time.settle();
    return this.address!;
  }

  /** What the primary tells the member of a worker. */
  offerFor(workerId: number): Address {
    const { address, secret } = this.address!;
    return { address, secret: memberKey(secret, 'g', TERM, workerId) };
  }

  /** A member in a worker. */
  member(worker = this[2]): DirectMember {
    return new DirectMember(this, worker, this.#options.hasNoRelay ?? false);
  }

  /** The relay brings what the leader said. */
  relayDown(member: DirectMember): void {
    for (const bundle of this.sent.splice(0)) member.read(bundle);
  }

  /** The relay brings this to the leader. */
  relayUp(bundle: Bundle): void {
    this.leader.relayed(bundle);
  }

  end(): void {
    this.server.close('g', TERM);
    this.leader.destroy();
    this.network.close();
  }
}

export class DirectMember {
  /** How often it was given up. */
  gone = 0;
  readonly route: DirectRoute;
  readonly received: string[] = [];
  readonly changes: string[] = [];
  readonly packets: Packet[] = [];

  constructor(
    readonly rig: DirectRig,
    readonly worker: MemoryWorker,
    hasNoRelay: boolean,
  ) {
    const { clock, direct, workerId } = worker;
    const outbox = new Outbox({
      clock,
      version: 1,
      link: 7,
      direction: 'up',
      carriesBytes: true,
      send: (packet, written) => {
        this.packets.push(packet);
        clock.defer(written);
      },
    });
    this.route = new DirectRoute({
      group: 'g',
      term: TERM,
      from: workerId,
      clock,
      transport: direct,
      outbox,
      hasNoRelay,
      isElsewhere: hasNoRelay,
      gone: () => void this.gone++,
      deliver: bundle => this.read(bundle),
      changed: problem => this.changes.push(problem ?? this.route.kind),
    });
  }

  call(id: number): number {
    return this.route.send(Kind.CALL, id, '0');
  }

  read(bundle: Bundle): void {
    for (let i = 0; i < bundle.h.length; i += 4)
      if (this.route.handle(bundle.h[i]!, bundle.h[i + 1]!, JSON.parse(bundle.x)[i / 4])) return;
    this.received.push(...frameWords([bundle]));
  }

  /** The relay brings what the member said. */
  async relay(): Promise<void> {
    await this.rig.time.tick();
    for (const packet of this.packets.splice(0))
      for (const bundle of bundlesOf(packet)) this.rig.relayUp({ ...bundle, f: this.worker.workerId });
  }

  /** It hears where the leader is. */
  offered(): void {
    this.route.offered(this.rig.offerFor(this.worker.workerId));
  }

  /** It is connected, and both know. */
  async connect(): Promise<this> {
    this.offered();
    await this.rig.time.settle();
    await this.relay();
    this.rig.relayDown(this);
    return this;
  }
}
