// Hosts of a fleet as real processes, whose workers share one client and use it, and what must hold of that.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { defer } from '../../../lib/utils/deferred.js';
import type { CallerEvent, CallerOptions } from '../../fixtures/fleet-caller.js';
import { HostProcess } from './processes.js';
import type { FleetUpstream, SeenLife } from './upstream.js';

const FIXTURE = fileURLToPath(new URL('../../fixtures/fleet-caller.js', import.meta.url));

type Given = Pick<CallerOptions, 'fleet' | 'nats' | 'leaseMs'> & Partial<CallerOptions>;

interface Counts {
  ok: number;
  lost: number;
  readonly other: string[];
}

export class FleetCallers {
  readonly hosts = new Map<string, HostProcess>();
  readonly upstream: FleetUpstream;
  /** How calls ended. */
  readonly ends = new Map<number, string>();
  readonly problems: string[] = [];
  /** The newest value of each worker. */
  readonly values = new Map<number, number>();
  /** The longest time without an answer, in ms, of all workers since {@link forgetGaps}. */
  gapMs = 0;
  readonly violations: string[] = [];
  readonly #given: Given;
  readonly #checks = new Set<() => void>();

  constructor(given: Given, upstream: FleetUpstream) {
    this.#given = given;
    this.upstream = upstream;
  }

  async close(): Promise<void> {
    await Promise.all([...this.hosts.values()].map(host => host.kill()));
    this.upstream.close();
  }

  /** Starts a host; resolves when its workers have reached the leader. */
  async start(name: string): Promise<HostProcess> {
    const { workers = 3, route = 'relay', inFlight = 4 } = this.#given;
    const options: CallerOptions = { ...this.#given, name, workers, route, inFlight, upstream: this.upstream.port };
    const child = spawn(process.execPath, [FIXTURE], {
      env: { ...process.env, FLEET_CALLER: JSON.stringify(options) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const host = new HostProcess(name, child);
    this.hosts.set(name, host);
    let ready = 0;
    createInterface({ input: child.stdout! }).on('line', line => {
      const event = parse(line);
      if (!event) return;
      if (event.kind === 'worker') host.workers.push(event.pid);
      else if (event.kind === 'ready') ready++;
      else this.#note(event);
      for (const check of this.#checks) check();
    });
    await this.when(() => ready >= workers);
    return host;
  }

  async when(isSo: () => boolean): Promise<void> {
    const { promise, resolve } = defer();
    const check = () => isSo() && resolve();
    this.#checks.add(check);
    check();
    await promise;
    this.#checks.delete(check);
  }

  /** Resolves when every live worker has got an answer to a call that it made from now on, or one soon after. */
  async untilAllAnswered(): Promise<void> {
    const before = new Map(this.#answered);
    const isAhead = (pid: number) => (this.#answered.get(pid) ?? 0) > (before.get(pid) ?? 0) + 2 * 4;
    await this.when(() => this.#livePids.every(isAhead));
  }

  readonly #answered = new Map<number, number>();

  get #livePids(): number[] {
    return [...this.hosts.values()].filter(({ isGone }) => !isGone).flatMap(({ workers }) => workers.filter(isAlive));
  }

  /** The host of the real client. */
  get leader(): { readonly host: HostProcess; readonly life: SeenLife } {
    const life = this.upstream.live.at(-1)!;
    const host = [...this.hosts.values()].find(({ workers }) => workers.includes(life.pid))!;
    return { host, life };
  }

  get counts(): Counts {
    const counts: Counts = { ok: 0, lost: 0, other: [] };
    for (const end of this.ends.values()) {
      if (end === 'ok') counts.ok++;
      else if (end === 'ERR_LEADER_LOST unknown') counts.lost++;
      else counts.other.push(end);
    }
    return counts;
  }

  /**
   * What the promises forbid.
   * @param isExcused a real client whose process stood still: what it had written may arrive late
   */
  judge(isExcused: (life: SeenLife) => boolean = () => false): string[] {
    const { runs, lives } = this.upstream;
    const found = [...this.violations];
    const times = new Map<number, number>();
    for (const { id } of runs) times.set(id, (times.get(id) ?? 0) + 1);
    for (const [id, end] of this.ends) {
      const count = times.get(id) ?? 0;
      if (end === 'ok' && (count === 0 || (id % 2 === 1 && count > 1)))
        found.push(`call ${id} is ok and ran ${count} times`);
      if (end.endsWith('not-started') && count > 0) found.push(`call ${id} ended with ${end} and ran`);
    }
    for (const [i, life] of lives.entries()) {
      const next = lives.slice(i + 1).find(({ term }) => term > life.term);
      if (!next || isExcused(life)) continue;
      if (life.closedAt === undefined || life.closedAt > next.openedAt + SLACK_MS)
        found.push(`two real clients: that of term ${life.term} was open when that of ${next.term} began`);
      const late = runs.filter(({ term, at }) => term === life.term && at > next.openedAt + SLACK_MS).length;
      if (late > 0) found.push(`${late} calls ran in term ${life.term} after term ${next.term} had begun`);
    }
    for (const [i, life] of lives.entries())
      if (i > 0 && life.term <= lives[i - 1]!.term) found.push(`term ${life.term} came after ${lives[i - 1]!.term}`);
    return found;
  }

  #note(event: Exclude<CallerEvent, { kind: 'worker' | 'ready' }>): void {
    if (event.kind === 'problem') this.problems.push(`${event.host}: ${event.message}`);
    else if (event.kind === 'value') this.values.set(event.pid, event.value);
    else {
      this.gapMs = Math.max(this.gapMs, event.gapMs);
      for (const [id, end] of event.ends) {
        if (this.ends.has(id)) this.violations.push(`call ${id} ended twice`);
        this.ends.set(id, end);
      }
      const oks = event.ends.filter(([, end]) => end === 'ok').length;
      this.#answered.set(event.pid, (this.#answered.get(event.pid) ?? 0) + oks);
    }
  }

  /** All live workers have the newest value. Stops new ones. */
  async untilNewest(): Promise<void> {
    this.upstream.stopEmitting();
    await this.when(() => this.#livePids.every(pid => this.values.get(pid) === this.upstream.newest));
  }
}

/** The upstream reads two sockets in any order. */
const SLACK_MS = 50;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function parse(line: string): CallerEvent | undefined {
  try {
    return JSON.parse(line);
  } catch {
    // Of a process that was killed.
    return undefined;
  }
}
