// `npm run demo -- --fleet`: three hosts elect one leader on a nats-server of the demo's own. Hosts are killed, stopped and
// frozen meanwhile.

import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import type { HostEvent } from '../../fixtures/fleet-host.js';
import { FleetProcesses, type HostProcess } from '../../helpers/fleet/processes.js';
import { startNatsServer } from '../../helpers/fleet/servers.js';
import type { Display } from './display.js';
import { Refusal } from './options.js';

/** Short, so that the demo is. The default is 20 s. */
const LEASE_MS = 3000;
const WORKERS = 3;

type Begun = Extract<HostEvent, { kind: 'begun' }>;

/** One fleet term, and what was done to the one before. */
export interface FleetTerm {
  readonly term: number;
  readonly host: string;
  readonly pid: number;
  /** What was done to the leader before. */
  readonly after: string;
  /** From then until the task ran here. */
  readonly gapMs: number | undefined;
}

export async function runFleet(display: Display, stop: AbortController): Promise<FleetTerm[]> {
  const server = await startNatsServer();
  if (!server) throw new Refusal('nats-server is not installed: the demo of a fleet starts its own.');
  const fleet = new FleetProcesses({ fleet: 'demo', nats: server.address, workers: WORKERS, leaseMs: LEASE_MS });
  try {
    display.begin(`three hosts with ${WORKERS} workers each, leaseMs ${LEASE_MS}`);
    return await new Play(fleet, display, stop.signal).run();
  } finally {
    await fleet.close();
    await server.close();
  }
}

class Play {
  readonly #terms: FleetTerm[] = [];

  constructor(
    private readonly fleet: FleetProcesses,
    private readonly display: Display,
    private readonly signal: AbortSignal,
  ) {}

  async run(): Promise<FleetTerm[]> {
    await Promise.all(['a', 'b', 'c'].map(name => this.fleet.start(name)));
    await this.#next('the start', 0);
    await this.#act('its worker was killed', ({ pid }) => process.kill(pid, 'SIGKILL'));
    await this.#act('its host stopped in good order', (_, host) => host.signal('SIGTERM', host.workers));
    await this.#act('its host was killed', (_, host) => void host.kill());
    const frozen = await this.#act('its host was frozen', (_, host) => host.signal('SIGSTOP'));
    frozen.signal('SIGCONT');
    this.display.event(`host ${frozen.name} runs again, and does not lead`);
    await sleep(LEASE_MS / 2, undefined, { signal: this.signal });
    return this.#terms;
  }

  /** Does something to the leader and its host, which comes back if it is gone. */
  async #act(what: string, act: (leader: Begun, host: HostProcess) => unknown): Promise<HostProcess> {
    await sleep(500, undefined, { signal: this.signal });
    const leader = this.fleet.of('begun').at(-1)!;
    const host = this.fleet.hosts.get(leader.host)!;
    const at = Number(process.hrtime.bigint() / 1000n) / 1000;
    this.display.event(`host ${host.name}: ${what}`);
    act(leader, host);
    await this.#next(what, at);
    if (/stopped|host was killed/.test(what)) {
      await host.kill();
      await this.fleet.start(host.name);
    }
    return host;
  }

  async #next(after: string, since: number): Promise<void> {
    const count = this.#terms.length + 1;
    await this.fleet.when(() => this.fleet.of('begun').length >= count, this.signal);
    const { term, host, pid, at } = this.fleet.of('begun').at(-1)!;
    const gapMs = since > 0 ? Math.round(at - since) : undefined;
    this.#terms.push({ term, host, pid, after, gapMs });
    this.display.event(
      `host ${host} (pid ${pid}) runs the task in term ${term}${gapMs === undefined ? '' : `, ${gapMs} ms later`}`,
    );
  }
}

export function termsTable(terms: readonly FleetTerm[]): string {
  const table = new Table({
    head: ['fleet term', 'host', 'pid', 'after', 'gap'],
    colAligns: ['right', 'left', 'right', 'left', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const { term, host, pid, after, gapMs } of terms)
    table.push([term, host, pid, after, gapMs === undefined ? '' : `${gapMs} ms`]);
  return `\n${table}\n\ngap: from what happened to the leader until the task ran again.`;
}
