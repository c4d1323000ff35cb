// A link whose primary is played by the test, and members that only listen.

import { Link, type LinkMember, type ToError } from '../../../lib/member/link.js';
import type { Bundle } from '../../../lib/protocol/bundle.js';
import {
  type ControlFrame,
  type FromPrimary,
  type Join,
  MARKER,
  type Offer,
  type Packet,
  type StateUpdate,
} from '../../../lib/protocol/messages.js';
import type { Via, WorkerEnd, WorkerEndHandlers } from '../../../lib/transport/transport.js';
import { UnitClock } from '../clocks/unit-clock.js';
import { join } from './primary.js';

/** A worker's end of a channel that leads nowhere. */
class FakeWorkerEnd implements WorkerEnd {
  readonly kind = 'memory';
  readonly self = { workerId: 1, pid: 1001 };
  handlers: WorkerEndHandlers | undefined;
  readonly sent: Packet[] = [];
  /** How each was sent. */
  readonly vias: (Via | undefined)[] = [];
  isClosed = false;
  /** From now on nothing is written. */
  isStuck = false;
  #unwritten: (() => void)[] = [];

  constructor(private readonly clock: UnitClock) {}

  listen(handlers: WorkerEndHandlers): void {
    this.handlers = handlers;
  }

  send(packet: object, written: () => void, via?: Via): void {
    this.sent.push(packet as Packet);
    this.vias.push(via);
    if (this.isStuck) this.#unwritten.push(written);
    else this.clock.defer(written);
  }

  /** All writes that wait are done. */
  unstick(): void {
    this.isStuck = false;
    for (const written of this.#unwritten.splice(0)) written();
  }

  close(): void {
    this.isClosed = true;
  }
}

export class UnitLink {
  readonly clock = new UnitClock();
  readonly end = new FakeWorkerEnd(this.clock);
  readonly warnings: string[] = [];
  readonly link: Link;
  #packets = 0;

  constructor(versions?: readonly number[]) {
    this.link = new Link({ clock: this.clock, end: this.end, versions, warn: message => this.warnings.push(message) });
  }

  /** The next packet of the primary. */
  packet(content: object): object {
    return { [MARKER]: 1, link: 7, down: ++this.#packets, ...content };
  }

  /** The primary has answered. */
  welcome(given: object = {}, via?: Via): void {
    const probe = new Uint8Array(1);
    const frame = { k: 'welcome', version: 1, id: this.link.id, workerId: 1, heartbeatMs: 500, leaderTimeoutMs: 3000 };
    this.receive(this.packet({ c: [{ ...frame, route: 'relay', probe, ...given }] }), via);
  }

  receiveFrames(...frames: FromPrimary[]): void {
    this.receive(this.packet({ c: frames }));
  }

  data(...bundles: Bundle[]): void {
    this.receive(this.packet({ d: bundles }));
  }

  receive(message: unknown, via: Via = 'public'): void {
    this.end.handlers!.message(message, via);
    this.clock.tick();
  }

  /** The channel closed. @returns what Node's exit waits for */
  close(intended = false): Promise<unknown> | undefined {
    let waits: Promise<unknown> | undefined;
    this.end.handlers!.closed({
      intended,
      holdExit(until) {
        waits = until;
      },
    });
    this.clock.tick();
    return waits;
  }

  /** What the primary was told since this was last asked. */
  sent(): ControlFrame[] {
    this.clock.tick();
    return this.end.sent.splice(0).flatMap(packet => packet.c ?? []);
  }
}

/** Writes down all that it hears. */
export class FakeMember implements LinkMember {
  readonly received: string[] = [];
  joined: Partial<Join> = {};
  /** What Node's exit is to wait for. */
  closing: Promise<unknown> | undefined;

  constructor(readonly name = 'g') {}

  join(): Join {
    return join({ group: this.name, ...this.joined });
  }

  linked(): void {
    this.received.push('linked');
  }

  stateChanged({ term, phase }: StateUpdate): void {
    this.received.push(`update ${term} ${phase}`);
  }

  handover(term: number): void {
    this.received.push(`handover ${term}`);
  }

  prepare(term: number): void {
    this.received.push(`prepare ${term}`);
  }

  offer({ term, address }: Offer): void {
    this.received.push(`offer ${term} ${address}`);
  }

  warning(text: string): void {
    this.received.push(`warning ${text}`);
  }

  data(bundle: Bundle): void {
    this.received.push(`data ${bundle.t}`);
  }

  leased(): void {
    this.received.push('leased');
  }

  lost(toError: ToError): Promise<unknown> | undefined {
    this.received.push(`lost ${toError().code}`);
    return this.closing;
  }
}
