// Chaos for a fleet: hosts of real processes on a real server, one mishap after the other, by a seed. A table that is fenced by
// the term judges: once it was written in a term, it takes nothing of an older one.

import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';
import type { HostEvent, HostOptions } from '../fixtures/fleet-host.js';
import { FleetProcesses, type HostProcess } from '../helpers/fleet/processes.js';
import { Random } from '../helpers/unit/random.js';

export interface FleetChaosOptions {
  readonly seed: number;
  readonly hosts: number;
  readonly durationMs: number;
  readonly leaseMs: number;
  readonly engine: Pick<HostOptions, 'nats' | 'postgres'>;
  /** Where the fenced table is created. */
  readonly config: ClientConfig;
  readonly progress: (text: string) => void;
}

export interface FleetChaosResult {
  /** By mishap: the gaps in ms between the last write of one term and the first of the next. */
  readonly gaps: ReadonlyMap<string, readonly number[]>;
  readonly writes: number;
  readonly refused: number;
  /** How long runs in frozen processes still wrote after the next had begun, in ms. */
  readonly overlaps: readonly number[];
  readonly violations: readonly string[];
}

type Begun = Extract<HostEvent, { kind: 'begun' }>;
type Mishap = (leader: Begun, host: HostProcess) => Promise<void> | void;

const WORKERS = 3;

export async function runFleetChaos(options: FleetChaosOptions): Promise<FleetChaosResult> {
  const chaos = new FleetChaos(options);
  try {
    return await chaos.run();
  } finally {
    await chaos.close();
  }
}

class FleetChaos {
  readonly #options: FleetChaosOptions;
  readonly #random: Random;
  readonly #fleet: FleetProcesses;
  readonly #admin: Client;
  readonly #table: string;
  readonly #gaps = new Map<string, number[]>();
  /** Terms in which the leader was frozen. What ran then can't know of the next one. */
  readonly #frozen = new Set<number>();

  constructor(options: FleetChaosOptions) {
    const { seed, engine, leaseMs, config } = options;
    this.#options = options;
    this.#random = new Random(seed);
    this.#table = `csc_chaos_${process.pid}`;
    this.#admin = new Client(config);
    const fence = { config, table: this.#table };
    this.#fleet = new FleetProcesses({ fleet: this.#table, workers: WORKERS, refork: true, leaseMs, fence, ...engine });
  }

  async run(): Promise<FleetChaosResult> {
    const { hosts, durationMs } = this.#options;
    await this.#admin.connect();
    await this.#admin.query(`create table ${this.#table} (term bigint, n int)`);
    await this.#admin.query(`insert into ${this.#table} values (0, 0)`);
    for (let i = 0; i < hosts; i++) await this.#fleet.start(`h${i}`);
    await this.#fleet.until('wrote', 1);
    const end = Date.now() + durationMs;
    while (Date.now() < end) await this.#mishap();
    return this.#judge();
  }

  async close(): Promise<void> {
    await this.#fleet.close();
    await this.#admin.query(`drop table if exists ${this.#table}`);
    await this.#admin.query(`delete from csc_test_fleet where fleet = $1`, [this.#table]).catch(() => {});
    await this.#admin.end();
  }

  readonly #mishaps: Readonly<Record<string, Mishap>> = {
    'the leading worker is killed': ({ pid }) => void process.kill(pid, 'SIGKILL'),
    'the leading worker is frozen': ({ pid, term }, host) => this.#freeze(host, [pid], term, 1500),
    'the leading host is frozen': ({ term }, host) => this.#freeze(host, host.pids, term, this.#options.leaseMs * 1.5),
    'the leading host is killed': (_, host) => this.#restart(host, 'SIGKILL'),
    'the leading host stops': (_, host) => this.#restart(host, 'SIGTERM'),
    'the leader is asked to hand over': ({ pid }) => void process.kill(pid, 'SIGUSR2'),
  };

  async #mishap(): Promise<void> {
    const leader = this.#fleet.of('begun').at(-1)!;
    const host = this.#fleet.hosts.get(leader.host)!;
    const name = this.#random.pick(Object.keys(this.#mishaps));
    this.#options.progress(`${this.#fleet.of('begun').length} terms; ${name}`);
    const last = this.#fleet.of('wrote').findLast(({ term }) => term === leader.term);
    const done = this.#mishaps[name]!(leader, host);
    await this.#fleet.when(() => this.#fleet.of('wrote').some(({ term }) => term > leader.term));
    const first = this.#fleet.of('wrote').find(({ term }) => term > leader.term)!;
    this.#gaps.set(name, [...(this.#gaps.get(name) ?? []), first.at - (last?.at ?? leader.at)]);
    await done;
    await sleep(this.#random.below(500));
  }

  async #freeze(host: HostProcess, pids: readonly number[], term: number, ms: number): Promise<void> {
    this.#frozen.add(term);
    host.signal('SIGSTOP', [...pids]);
    await sleep(ms);
    host.signal('SIGCONT', [...pids]);
  }

  /** A host comes back under its name, and with another identity. */
  async #restart(host: HostProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (signal === 'SIGTERM') {
      const begun = this.#fleet.of('begun').length;
      host.signal('SIGTERM', [host.child.pid!]);
      host.signal('SIGTERM', host.workers);
      await this.#fleet.when(() => this.#fleet.of('begun').length > begun);
    }
    await host.kill();
    await this.#fleet.start(host.name);
  }

  #judge(): FleetChaosResult {
    const violations: string[] = [];
    const wrote = this.#fleet.of('wrote');
    const begun = this.#fleet.of('begun');
    for (const [i, { term, host }] of begun.entries())
      if (i > 0 && term <= begun[i - 1]!.term)
        violations.push(`host ${host} began in term ${term} after ${begun[i - 1]!.term}`);
    const overlaps: number[] = [];
    for (const [i, next] of begun.slice(1).entries()) {
      const before = begun[i]!;
      const ms = this.#overlapOf(before, next);
      if (ms > 0 && this.#frozen.has(before.term)) overlaps.push(ms);
      else if (ms > 0) violations.push(`host ${before.host} wrote for ${ms} ms after host ${next.host} had begun`);
    }
    for (const error of this.#fleet.of('error')) violations.push(`host ${error.host}: ${error.message}`);
    return {
      gaps: this.#gaps,
      writes: wrote.length,
      refused: wrote.filter(({ isFenced }) => isFenced).length,
      overlaps,
      violations,
    };
  }

  /** How long a run still wrote after the next one had begun. */
  #overlapOf({ term }: Begun, next: Begun): number {
    const last = this.#fleet.of('wrote').findLast(write => write.term === term && write.at > next.at);
    return last ? last.at - next.at : 0;
  }
}

export function reportFleet({ gaps, writes, refused, overlaps, violations }: FleetChaosResult): string {
  const lines = [...gaps].map(([name, all]) => {
    const sorted = all.toSorted((a, b) => a - b);
    const at = (part: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!);
    return `  ${name}: ${all.length} times, gap median ${at(0.5)} ms, longest ${at(1)} ms`;
  });
  const refusal = `${writes} writes, ${refused} of an old term refused by the table`;
  const longest = Math.round(Math.max(0, ...overlaps));
  const overlap = `${overlaps.length} frozen runs wrote after the next had begun, for ${longest} ms at most`;
  return [...lines, `  ${refusal}; ${overlap}`, ...violations.map(text => `BROKEN: ${text}`)].join('\n');
}
