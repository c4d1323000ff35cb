// Chaos for the shared client of a fleet: hosts of real processes on NATS that call, subscribe and publish all the time, and one
// mishap after the other, by a seed. A server that the real clients connect to sees what they run.

import { setTimeout as sleep } from 'node:timers/promises';
import { FleetCallers } from '../helpers/fleet/callers.js';
import type { HostProcess } from '../helpers/fleet/processes.js';
import { FleetUpstream } from '../helpers/fleet/upstream.js';
import { Random } from '../helpers/unit/random.js';

export interface FleetCallsOptions {
  readonly seed: number;
  readonly hosts: number;
  readonly durationMs: number;
  readonly leaseMs: number;
  readonly nats: string;
  readonly route: 'relay' | 'direct';
  readonly progress: (text: string) => void;
}

export interface FleetCallsResult {
  /** By mishap: the longest time that a worker had no answer, in ms. */
  readonly gaps: ReadonlyMap<string, readonly number[]>;
  /** Calls by how they ended. */
  readonly ends: ReadonlyMap<string, number>;
  readonly terms: number;
  readonly violations: readonly string[];
}

const VALUE_MS = 20;

export async function runFleetCalls(options: FleetCallsOptions): Promise<FleetCallsResult> {
  const { nats, leaseMs, route } = options;
  const fleet = `chaos-${process.pid}`;
  const callers = new FleetCallers({ fleet, nats, leaseMs, route }, await FleetUpstream.start());
  try {
    return await new FleetCallsChaos(options, callers).run();
  } finally {
    await callers.close();
  }
}

class FleetCallsChaos {
  readonly #random: Random;
  readonly #gaps = new Map<string, number[]>();
  /** Processes that stood still: what their real clients had written may arrive late. */
  readonly #frozen = new Set<number>();

  constructor(
    private readonly options: FleetCallsOptions,
    private readonly callers: FleetCallers,
  ) {
    this.#random = new Random(options.seed);
  }

  async run(): Promise<FleetCallsResult> {
    const { hosts, durationMs } = this.options;
    for (let i = 0; i < hosts; i++) await this.callers.start(`h${i}`);
    this.callers.upstream.emit(VALUE_MS);
    const end = Date.now() + durationMs;
    while (Date.now() < end) await this.#mishap();
    await this.callers.untilNewest();
    const ends = new Map<string, number>();
    for (const text of this.callers.ends.values()) ends.set(text, (ends.get(text) ?? 0) + 1);
    const violations = this.callers.judge(({ pid }) => this.#frozen.has(pid));
    return { gaps: this.#gaps, ends, terms: this.callers.upstream.lives.length, violations };
  }

  readonly #mishaps: Readonly<Record<string, (host: HostProcess, pid: number) => unknown>> = {
    'the leading worker is killed': (_host, pid) => process.kill(pid, 'SIGKILL'),
    'a worker is killed': () => this.#kill(this.#random.pick(this.#pids)),
    'the leading worker stands still': (host, pid) => this.#freeze(host, [pid], 1500),
    'the leading host stands still': host => this.#freeze(host, host.pids, this.options.leaseMs * 1.5),
    'the leading host is killed': host => this.#restart(host, 'SIGKILL'),
    'the leading host stops': host => this.#restart(host, 'SIGTERM'),
    'another host is killed': host => this.#restart(this.#other(host), 'SIGKILL'),
    'another host stands still': host => this.#freeze(this.#other(host), this.#other(host).pids, 2000),
  };

  get #pids(): number[] {
    return [...this.callers.hosts.values()].flatMap(({ workers }) => workers);
  }

  #other(host: HostProcess): HostProcess {
    return [...this.callers.hosts.values()].find(({ name }) => name !== host.name) ?? host;
  }

  async #mishap(): Promise<void> {
    const { callers } = this;
    await callers.when(() => callers.upstream.live.length > 0);
    const { host, life } = callers.leader;
    const name = this.#random.pick(Object.keys(this.#mishaps));
    this.options.progress(`${callers.ends.size} calls, ${callers.upstream.lives.length} terms; ${name}`);
    callers.gapMs = 0;
    await this.#mishaps[name]!(host, life.pid);
    await callers.untilAllAnswered();
    this.#gaps.set(name, [...(this.#gaps.get(name) ?? []), callers.gapMs]);
    await sleep(this.#random.below(500));
  }

  #kill(pid: number): void {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }

  async #freeze(host: HostProcess, pids: readonly number[], ms: number): Promise<void> {
    for (const pid of pids) this.#frozen.add(pid);
    host.signal('SIGSTOP', [...pids]);
    await sleep(ms);
    host.signal('SIGCONT', [...pids]);
  }

  async #restart(host: HostProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (signal === 'SIGTERM') {
      const { length } = this.callers.upstream.lives;
      host.signal('SIGTERM', [host.child.pid!]);
      await this.callers.when(() => this.callers.upstream.lives.length > length);
    }
    await host.kill();
    await this.callers.start(host.name);
  }
}

export function reportFleetCalls({ gaps, ends, terms, violations }: FleetCallsResult): string {
  const lines = [...gaps].map(([name, all]) => {
    const sorted = all.toSorted((a, b) => a - b);
    const at = (part: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!);
    return `  ${name}: ${all.length} times, longest time without an answer: median ${at(0.5)} ms, most ${at(1)} ms`;
  });
  const counts = [...ends].map(([end, count]) => `${end}: ${count}`).join(', ');
  return [...lines, `  ${terms} terms; calls: ${counts}`, ...violations.map(text => `BROKEN: ${text}`)].join('\n');
}
