// A daemon, its workers, and mishaps by one seed; and the account of what must hold at every moment.

import { isDeepStrictEqual } from 'node:util';
import { candidatesOf } from '../../../lib/group/queries.js';
import { Link } from '../../../lib/member/link.js';
import { Pm2WorkerEnd } from '../../../lib/pm2/worker-end.js';
import { Daemon, type DaemonProcess } from '../../helpers/pm2/daemon.js';
import type { Random } from '../../helpers/unit/random.js';
import { SimTime } from '../../simulation/time.js';
import { SimMember } from './sim-member.js';

export const LEADER_TIMEOUT_MS = 600;
const HEARTBEAT_MS = 150;
/** Beside `LEADER_TIMEOUT_MS` and a heartbeat: round trips, ranks, opening. */
const MARGIN_MS = 250;

interface SimWorker {
  readonly process: DaemonProcess;
  readonly end: Pm2WorkerEnd;
  readonly link: Link;
  readonly members: Map<string, SimMember>;
}

export interface WorldOptions {
  /** Mostly leaders freeze, again and again, for about as long as matters. */
  readonly isAimed: boolean;
  /** Groups are handed over on purpose all the time. */
  readonly handsOver: boolean;
  /** Members leave and come back, and may lead no more for a while. */
  readonly leaves: boolean;
}

/** A hand-over that was asked for. */
interface Asked {
  readonly worker: SimWorker;
  readonly name: string;
  readonly to: number | undefined;
  isAnswered: boolean;
}

export class World {
  readonly time: SimTime;
  readonly daemon: Daemon;
  readonly words: string[] = [];
  workers: SimWorker[] = [];
  leaders = 0;
  #groups: string[];
  #lastTerm = new Map<string, number>();
  #ids = 0;
  #handover: 'exclusive' | 'overlap';
  /** Until then mishaps excuse a late or needless failover. */
  #calmSince = 0;
  areMishapsOver = false;
  readonly #transfers: Asked[] = [];

  constructor(
    readonly random: Random,
    private readonly options: WorldOptions,
  ) {
    this.time = new SimTime(random, 0.05);
    const slow = random.pick([0.5, 2, 10]);
    this.daemon = new Daemon({ clock: this.time, latencyMs: () => 0.05 + random.next() * slow });
    this.#groups = random.chance(0.5) ? ['a'] : ['a', '__proto__'];
    this.#handover = random.chance(0.5) ? 'exclusive' : 'overlap';
  }

  async run(): Promise<void> {
    const { random, time } = this;
    const { isAimed, handsOver, leaves } = this.options;
    for (let i = 1 + random.below(5); i > 0; i--) this.#fork(i);
    const end = time.now() + 3000 + random.below(6000);
    while (time.now() < end) {
      await this.#let(random.below(random.pick([10, 100, 700])));
      const leader = isAimed && random.chance(0.7) ? this.#leader : undefined;
      if (handsOver && random.chance(0.6)) this.#transfer();
      else if (leaves && random.chance(0.5)) this.#leave();
      else if (!leader) this.#mishap();
      else {
        this.#calmSince = time.now();
        await this.#blink(leader);
        this.#calmSince = time.now();
      }
    }
    this.#calmDown();
    await this.#let(6000);
    this.#checkEnd();
    for (const { link } of this.workers) link.close();
  }

  async #let(ms: number): Promise<void> {
    await this.time.run(this.time.now() + ms, () => {
      this.#check();
      return false;
    });
  }

  // ------------------------------------------------------------------------------------------------------ mishaps

  #fork(slot: number): void {
    const { random } = this;
    const process = this.daemon.start(slot);
    const end = new Pm2WorkerEnd({
      clock: process.clock,
      bus: process,
      id: `w${process.self.workerId}i${++this.#ids}`,
      heartbeatMs: HEARTBEAT_MS,
      leaderTimeoutMs: LEADER_TIMEOUT_MS,
      maxQueuedBytes: 1e6,
      maxQueuedTotalBytes: 1e6,
      secrets: { keep() {}, read: () => ({}), remove() {} },
      warn: message => this.broken(message),
    });
    const link = new Link({ clock: process.clock, end, warn: message => this.broken(message) });
    const members = new Map<string, SimMember>();
    for (const name of this.#groups) {
      if (random.chance(0.1)) continue;
      this.#join({ process, link, members }, name);
    }
    this.workers.push({ process, end, link, members });
    this.send(`w${process.self.workerId} starts`);
  }

  #join({ process, link, members }: Omit<SimWorker, 'end'>, name: string): void {
    const { random } = this;
    const member = new SimMember({
      clock: process.clock,
      link,
      name,
      handover: this.#handover,
      takes: () => random.below(40),
      fails: () => !this.areMishapsOver && random.chance(0.1),
    });
    members.set(name, member);
    link.add(member);
  }

  /** A member leaves, and comes back later, or may lead no more until it may again. */
  #leave(): void {
    const { random } = this;
    const worker = random.pick(this.workers);
    const { process, members, link } = worker;
    const [name, member] = random.pick([...members, undefined]) ?? [];
    if (!member || member.isGone || process.isFrozen) return;
    this.#calmSince = this.time.now();
    if (random.chance(0.5)) {
      this.send(`w${process.self.workerId} may lead ${name} ${member.eligible ? 'no more' : 'again'}`);
      member.setEligible(!member.eligible);
      return;
    }
    this.send(`w${process.self.workerId} leaves ${name}`);
    member.play({ type: 'leave' });
    const comeBack = () => {
      if (members.get(name!) !== member) return;
      if (member.isGone) this.#join({ process, link, members }, name!);
      else process.clock.setTimer(comeBack, 20);
    };
    process.clock.setTimer(comeBack, random.below(300));
  }

  /** Freezes for less than a heartbeat, or about until it is found silent; then for a moment does not, then does for long. */
  async #blink({ process }: SimWorker): Promise<void> {
    const { random } = this;
    this.send(`w${process.self.workerId} blinks`);
    process.freeze();
    await this.#let(random.chance(0.5) ? random.below(HEARTBEAT_MS) : LEADER_TIMEOUT_MS + random.below(100));
    process.thaw();
    await this.#let(random.below(8));
    if (random.chance(0.7)) process.freeze();
    await this.#let(LEADER_TIMEOUT_MS + 200);
    process.thaw();
  }

  /** Somebody asks for a hand-over, to somebody, to nobody in particular or to who isn't there. */
  #transfer(): void {
    const { random } = this;
    const worker = random.pick(this.workers);
    const to = random.chance(0.3) ? undefined : random.pick(this.workers).process.self.workerId;
    const [name] = worker.members.keys();
    if (name === undefined || worker.process.isFrozen || !worker.link.isLinked) return;
    this.send(`w${worker.process.self.workerId} asks for a hand-over of ${name} to ${to ?? 'anybody'}`);
    const asked: Asked = { worker, name, to, isAnswered: false };
    this.#transfers.push(asked);
    void worker.link.handOvers.request(name, to).then(failed => {
      asked.isAnswered = true;
      this.send(`w${worker.process.self.workerId} hears ${failed ?? 'that it was done'}`);
    });
  }

  get #leader(): SimWorker | undefined {
    return this.workers.find(({ members }) => [...members.values()].some(({ hasLease }) => hasLease));
  }

  #mishap(): void {
    const { random, daemon } = this;
    const worker = random.pick(this.workers);
    const { process, members, end } = worker;
    const id = `w${process.self.workerId}`;
    this.#calmSince = this.time.now();
    switch (random.below(12)) {
      case 0:
      case 1:
        this.send(`${id} is killed`);
        process.kill();
        this.workers = this.workers.filter(other => other !== worker);
        if (this.workers.length < 2 || random.chance(0.8)) this.#fork(10 + random.below(50));
        return;
      case 2:
      case 3:
        this.send(`${id} freezes`);
        return process.freeze();
      case 4:
      case 5:
        this.send(`${id} thaws`);
        return process.thaw();
      case 6:
        this.send(`the connection of ${id} breaks`);
        process.disconnect();
        return void this.time.setTimer(() => process.connect(), random.below(1000));
      case 7:
        this.send(`the daemon stalls`);
        daemon.stall();
        return void this.time.setTimer(() => daemon.goOn(), random.below(random.pick([100, 1500])));
      case 8:
        this.send(`${id} resigns`);
        for (const member of members.values()) if (!process.isFrozen) member.resign();
        return;
      case 9:
        this.send(`a worker more`);
        return this.workers.length < 7 ? this.#fork(10 + random.below(50)) : undefined;
      case 10:
        this.send(`${id} is asked to stop`);
        process.stop();
        return void this.time.setTimer(() => {
          process.kill();
          this.workers = this.workers.filter(other => other !== worker);
          if (this.workers.length === 0) this.#fork(10 + random.below(50));
        }, 300);
      default:
        this.send(`all restart`);
        if (random.chance(0.8)) return;
        for (const { process } of this.workers) process.kill();
        this.workers = [];
        for (let i = 1 + random.below(4); i > 0; i--) this.#fork(i);
        return void end;
    }
  }

  #calmDown(): void {
    this.send('calm');
    this.areMishapsOver = true;
    this.daemon.goOn();
    for (const { process, members } of this.workers) {
      process.thaw();
      if (!process.isConnected) process.connect();
      for (const member of members.values()) if (!member.eligible) member.setEligible(true);
    }
    this.#calmSince = this.time.now();
  }

  // ------------------------------------------------------------------------------------------------------- checks

  #check(): void {
    for (const name of this.#groups) {
      const leased = this.workers.filter(({ members }) => members.get(name)?.hasLease);
      if (leased.length > 1) {
        this.broken(`one lease: ${leased.map(({ process }) => `w${process.self.workerId}`).join(' and ')} have one`);
      }
      for (const { members, process } of this.workers) this.#checkTerm(name, members.get(name)?.term, process);
    }
    this.#checkAgreement();
    this.#checkAwaited();
    this.#checkFailover();
  }

  readonly #holders = new Map<string, string>();

  #checkTerm(name: string, term: number | undefined, { self }: DaemonProcess): void {
    if (term === undefined) return;
    const key = `${name}|${term}`;
    const holder = this.#holders.get(key);
    if (holder === self.process) return;
    if (holder !== undefined) this.broken(`terms: ${holder} and ${self.process} both had ${term}`);
    this.#holders.set(key, self.process);
    this.leaders++;
    this.#lastTerm.set(name, Math.max(term, this.#lastTerm.get(name) ?? 0));
  }

  /** Who has read the log to the same place knows the same. */
  #checkAgreement(): void {
    const known = new Map<number, SimWorker>();
    for (const worker of this.workers) {
      const { process, end } = worker;
      if (!end.log || process.isFrozen || !process.isConnected) continue;
      const other = known.get(process.seen);
      if (other && !isDeepStrictEqual(other.end.log, end.log)) {
        this.broken(
          `agreement: w${other.process.self.workerId} and w${process.self.workerId} read to ${process.seen}\n` +
            `${JSON.stringify(other.end.log)}\n${JSON.stringify(end.log)}`,
        );
      }
      known.set(process.seen, worker);
    }
  }

  /** A successor is awaited only while somebody may become it. */
  #checkAwaited(): void {
    for (const { process, end } of this.workers) {
      for (const [name, group] of Object.entries(end.log?.groups ?? {})) {
        const { at } = group;
        if (at.stage === 'preparing' && !at.successor && candidatesOf(group, at.leader).length === 0)
          this.broken(`hand-over: for w${process.self.workerId} ${name} waits for a successor, and nobody may be it`);
      }
    }
  }

  /** While nothing happens, somebody leads soon. */
  #checkFailover(): void {
    const limit = 2 * LEADER_TIMEOUT_MS + HEARTBEAT_MS + MARGIN_MS + 1500;
    if (!this.areMishapsOver || this.time.now() < this.#calmSince + limit) return;
    for (const name of this.#groups) {
      const living = this.workers.filter(({ members }) => members.has(name));
      if (living.length > 0 && !living.some(({ members }) => members.get(name)!.hasLease)) {
        this.broken(`failover: nobody leads ${name}`);
      }
    }
  }

  #checkEnd(): void {
    const open = this.#transfers.find(({ worker, isAnswered }) => this.workers.includes(worker) && !isAnswered);
    if (open) this.broken(`transfers: w${open.worker.process.self.workerId} was not answered`);
    for (const name of this.#groups) {
      const living = this.workers.filter(({ members }) => members.has(name));
      const update = living.map(({ members }) => members.get(name)!.latest);
      for (const each of update) {
        if (each?.phase !== 'ready') this.broken(`end: ${name} is ${each?.phase}`);
        if (each?.term !== update[0]?.term) this.broken(`end: ${name} has terms ${update.map(one => one?.term)}`);
      }
      const leading = living.filter(({ members }) => members.get(name)!.isServing);
      if (living.length > 0 && leading.length !== 1) this.broken(`end: ${leading.length} lead ${name}`);
    }
  }

  send(words: string): void {
    this.words.push(`${Math.round(this.time.now())} ${words}`);
  }

  broken(what: string): never {
    throw new Error(
      `${what}\nat ${Math.round(this.time.now())}\n${this.words.slice(-30).join('\n')}\n${this.workers.map(({ process, end, members }) => `${process.self.process} ${process.isConnected} ${JSON.stringify(end.log)} ${[...members.values()].map(member => JSON.stringify(member.role))}`).join('\n')}`,
    );
  }
}
