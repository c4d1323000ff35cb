// One run of the simulation: the time, the store, the network, the hosts, and who watches them.

import { isReadable } from '../../../lib/fleet/record.js';
import { Random } from '../../helpers/unit/random.js';
import type { Candidate } from './candidate.js';
import { Events } from './events.js';
import { Foreigner } from './foreigner.js';
import { SimHost } from './host.js';
import { Network } from './network.js';
import type { FleetPlan, HostPlan } from './plan.js';
import { Promises, type Sent, type Written } from './promises.js';
import { assertReadable, Store, type Version } from './store.js';

export class World {
  readonly events = new Events();
  readonly random: Random;
  readonly store = new Store();
  readonly network: Network;
  readonly promises: Promises;
  readonly foreigner: Foreigner;
  /** By their number in the plan: a host that died is replaced by another one, which has its name. */
  readonly hosts: SimHost[] = [];
  /** Processes that live. */
  readonly candidates = new Set<Candidate>();
  /** All hosts leave, and none comes back. */
  isOver = false;
  #lastNumber = 0;

  constructor(
    readonly plan: FleetPlan,
    readonly trace: ((text: string) => void) | undefined,
  ) {
    // Another sequence than that of the plan.
    this.random = new Random(plan.seed ^ 0x5bd1e995);
    this.network = new Network(this.events, this.random);
    this.promises = new Promises(this);
    this.foreigner = new Foreigner(this);
    plan.hosts.forEach((host, i) => {
      this.events.after(this.random.next() * 2000, () => this.startHost(i, host));
    });
  }

  nextNumber(): number {
    return ++this.#lastNumber;
  }

  startHost(place: number, plan: HostPlan): void {
    if (this.hosts[place]?.isAlive) return;
    const host = new SimHost(this, `id${this.nextNumber()}`, plan);
    this.hosts[place] = host;
    host.appoint();
  }

  /** The process whose record is in the store. */
  get leading(): Candidate | undefined {
    const { record } = this.store.current;
    if (!record || !isReadable(record) || record.state !== 'held') return undefined;
    for (const candidate of this.candidates) if (candidate.options.nonce === record.nonce) return candidate;
    return undefined;
  }

  /** @returns whether something happened before `end` */
  step(end: number): boolean {
    if (!this.events.next(end)) return false;
    this.promises.check();
    return true;
  }

  /** Runs on for at most `ms`. @returns whether it was reached */
  runUntil(isReached: () => boolean, ms: number): boolean {
    const end = this.events.now + ms;
    while (!isReached()) {
      if (this.step(end)) continue;
      this.events.now = end;
      return isReached();
    }
    return true;
  }

  run(ms: number): void {
    this.runUntil(() => false, ms);
  }

  // ------------------------------------------------------------------------------------------- for the candidates

  read(): Version {
    const { staleBy } = this.network;
    const { store } = this;
    return staleBy > 0 ? store.stale(this.random.below(staleBy + 1)) : store.read();
  }

  write(candidate: Candidate, expected: number, written: Written, sent: Sent): number | 'conflict' {
    const { what, record } = written;
    const before = this.store.current;
    const revision = this.store.write(record, expected);
    if (revision === 'conflict') return revision;
    assertReadable(record);
    this.trace?.(
      `${this.events.now.toFixed(1).padStart(10)} store: revision ${revision} is a ${what} of ${record.nonce}`,
    );
    this.promises.written(candidate, before, written, sent);
    if (what === 'release') this.foreigner.released();
    return revision;
  }

  announce(from: Candidate, version: Version): void {
    if (!this.plan.announces) return;
    for (const candidate of this.candidates) {
      if (!candidate.isConnected) continue;
      this.network.announce(from.host, candidate.host, () =>
        candidate.process.receive('connection', () => candidate.announced(version)),
      );
    }
  }
}
