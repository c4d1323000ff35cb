// A router whose workers are played by the test: what each says, what each was told, and whether it reads.

import { readError } from '../../../lib/codec/read-error.js';
import { type PrimaryOptions, resolvePrimaryOptions } from '../../../lib/options/options.js';
import type { Bundle } from '../../../lib/protocol/bundle.js';
import { type ControlFrame, type FromWorker, type Join, MARKER, type Packet } from '../../../lib/protocol/messages.js';
import { Router } from '../../../lib/router/router.js';
import type { Leftovers } from '../../../lib/transport/direct.js';
import type { PrimaryEnd, PrimaryEndHandlers, Via } from '../../../lib/transport/transport.js';
import { UnitClock } from '../clocks/unit-clock.js';
import { bundlesOf } from './frames.js';

interface Sent {
  readonly workerId: number;
  readonly packet: Packet;
  readonly via: Via | undefined;
  written: () => void;
}

/** The primary's end of channels that lead nowhere. */
export class FakePrimaryEnd implements PrimaryEnd {
  handlers: PrimaryEndHandlers | undefined;
  readonly sent: Sent[] = [];
  readonly killed: number[] = [];
  readonly #stuck = new Set<number>();
  #unwritten: Sent[] = [];
  isClosed = false;
  count = 0;

  constructor(private readonly clock: UnitClock) {}

  listen(handlers: PrimaryEndHandlers): void {
    this.handlers = handlers;
  }

  send(workerId: number, packet: object, written: () => void, via?: Via): void {
    const sent = { workerId, packet: packet as Packet, via, written };
    this.sent.push(sent);
    if (this.#stuck.has(workerId)) this.#unwritten.push(sent);
    else this.clock.defer(written);
  }

  kill(workerId: number): void {
    this.killed.push(workerId);
  }

  close(): void {
    this.isClosed = true;
  }

  /** From now on nothing is written to this worker. */
  stopReading(workerId: number): void {
    this.#stuck.add(workerId);
  }

  /** One write that waits is done; the others wait on. */
  readOne(workerId: number): void {
    const sent = this.#unwritten.find(other => other.workerId === workerId);
    this.#unwritten = this.#unwritten.filter(other => other !== sent);
    sent?.written();
  }

  startReading(workerId: number): void {
    this.#stuck.delete(workerId);
    while (this.#unwritten.some(other => other.workerId === workerId)) this.readOne(workerId);
  }
}

export class UnitPrimary {
  readonly clock = new UnitClock();
  readonly end = new FakePrimaryEnd(this.clock);
  readonly events: { readonly event: string; readonly detail: Record<string, unknown> }[] = [];
  readonly router: Router;
  #packets = 0;

  constructor(options?: PrimaryOptions, leftovers?: Leftovers) {
    this.router = new Router({
      clock: this.clock,
      options: resolvePrimaryOptions(options),
      readError,
      emit: (event, detail) => this.events.push({ event, detail: detail as Record<string, unknown> }),
      leftovers,
    });
    this.router.attach(this.end);
  }

  /** A worker that has joined these groups. */
  join(workerId: number, ...groups: (string | Partial<Join>)[]): void {
    this.hello(workerId);
    this.send(workerId, ...groups.map(group => join(typeof group === 'string' ? { group } : group)));
  }

  hello(workerId: number, id = `id-${workerId}`, versions: readonly number[] = [1]): void {
    const pid = 1000 + workerId;
    const hello: ControlFrame = { k: 'hello', versions, id, workerId, pid, probe: new Uint8Array(1) };
    this.receive(workerId, { [MARKER]: 1, up: 0, c: [hello] });
  }

  send(workerId: number, ...frames: FromWorker[]): void {
    this.receive(workerId, this.packet(workerId, { c: frames }));
  }

  data(workerId: number, ...bundles: Bundle[]): void {
    this.receive(workerId, this.packet(workerId, { d: bundles }));
  }

  /** The next one of this worker, over the link that it has. */
  packet(workerId: number, content: object): object {
    return { [MARKER]: 1, link: this.router.workers.get(workerId)?.link ?? 7, up: ++this.#packets, ...content };
  }

  receive(workerId: number, message: unknown, via: Via = 'public'): void {
    this.end.handlers!.message({ workerId, pid: 1000 + workerId }, message, via);
    this.clock.tick();
  }

  /** A worker that leads `group`, its real client open. */
  lead(workerId: number, group = 'g'): number {
    const { term } = this.router.groups.get(group)!;
    this.send(workerId, { k: 'ready', group, term, methods: ['get'] });
    return term;
  }

  closed(workerId: number): void {
    this.end.handlers!.closed(workerId);
    this.clock.tick();
  }

  exited(workerId: number): void {
    this.end.handlers!.exited(workerId);
    this.clock.tick();
  }

  /** What a worker was told since it was last asked. */
  sentTo(workerId: number): ControlFrame[] {
    return this.#sentTo(workerId).flatMap(packet => packet.c ?? []);
  }

  /** The data a worker got since it was last asked. */
  got(workerId: number): Bundle[] {
    return this.#sentTo(workerId).flatMap(bundlesOf);
  }

  /** What was emitted since this was last asked. */
  emitted(): string[] {
    return this.events.splice(0).map(({ event, detail: { name, workerId, term, cause } }) => {
      const who = workerId === undefined ? '' : ` ${workerId}${term === undefined ? '' : `@${term}`}`;
      return `${event} ${name}${who}${typeof cause === 'string' ? ` ${cause}` : ''}`;
    });
  }

  #sentTo(workerId: number): Packet[] {
    const mine = this.end.sent.filter(sent => sent.workerId === workerId);
    for (const sent of mine) this.end.sent.splice(this.end.sent.indexOf(sent), 1);
    return mine.map(sent => sent.packet);
  }
}

export function join(options: Partial<Join> = {}): Join {
  return { k: 'join', group: 'g', eligible: true, priority: 0, handover: 'exclusive', digest: '{}', ...options };
}
