// Chaos from the command line: `--minutes N`, `--workers N`, `--seed N`, and `--route relay` or `direct`: by default one half
// of the time each. `--fleet N`: N hosts of a fleet instead, with a shared client on NATS, and with tasks on NATS and on PostgreSQL.
// `--candidates N`: what N candidates cost, and how long a failover takes. Ends with 1 if a promise broke.

import { parseArgs } from 'node:util';
import { createLogUpdate } from 'log-update';
import { locateRedis } from '../helpers/services/services.js';
import { runCandidates } from './candidates.js';
import { runChaos } from './chaos.js';
import { reportFleet, runFleetChaos } from './fleet.js';
import { reportFleetCalls, runFleetCalls } from './fleet-calls.js';
import { reportOf } from './report.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    workers: { type: 'string', default: '4' },
    route: { type: 'string', default: 'both' },
    fleet: { type: 'string' },
    candidates: { type: 'string' },
    idle: { type: 'string', default: '30000' },
    lease: { type: 'string', default: '3000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

// For all processes: glibc gives memory back at once, so that a primary's RSS shows what it uses and not the most it ever used.
Object.assign(process.env, { MALLOC_ARENA_MAX: 1, MALLOC_TRIM_THRESHOLD_: 131_072, MALLOC_MMAP_THRESHOLD_: 65_536 });

const print = (text: string) => void process.stdout.write(`${text}\n`);
const update = process.stdout.isTTY ? createLogUpdate(process.stdout) : undefined;
if (values.candidates !== undefined) {
  const options = { count: Number(values.candidates), leaseMs: Number(values.lease), idleMs: Number(values.idle) };
  console.table(await runCandidates(options));
  process.exit();
}

if (values.fleet !== undefined) {
  await fleets(Number(values.fleet));
  process.exit();
}

const redis = await locateRedis();
const routes = (['relay', 'direct'] as const).filter(route => values.route === 'both' || values.route === route);
if (routes.length === 0) throw new Error(`--route takes relay, direct or both, not ${values.route}`);
try {
  for (const route of routes) {
    const minutes = Number(values.minutes) / routes.length;
    print(`${route}: seed ${values.seed}, ${values.workers} workers, ${minutes} minutes${redis ? '' : '; no Redis'}`);
    const result = await runChaos({
      seed: Number(values.seed),
      workers: Number(values.workers),
      route,
      durationMs: minutes * 60_000,
      progress: update ?? print,
      ...(redis && { redis }),
    });
    update?.done();
    print(reportOf(result));
    if (result.violations.length > 0) process.exitCode = 1;
  }
} finally {
  await redis?.close();
}

/** On the servers of this machine. */
async function fleets(hosts: number): Promise<void> {
  const config = { host: '127.0.0.1', port: 5432, user: 'postgres', database: 'postgres' };
  const engines = { NATS: { nats: '127.0.0.1:4222' }, PostgreSQL: { postgres: config } };
  const totalMs = Number(values.minutes) * 60_000;
  const common = { seed: Number(values.seed), hosts, leaseMs: Number(values.lease), progress: update ?? (() => {}) };
  for (const route of ['relay', 'direct'] as const) {
    print(
      `a shared client on NATS, ${route} within a host: seed ${values.seed}, ${hosts} hosts, ${totalMs / 4 / 60_000} minutes`,
    );
    const result = await runFleetCalls({ ...common, ...engines.NATS, route, durationMs: totalMs / 4 });
    update?.done();
    print(reportFleetCalls(result));
    if (result.violations.length > 0) process.exitCode = 1;
  }
  const durationMs = totalMs / 4;
  for (const [name, engine] of Object.entries(engines)) {
    print(`${name}: seed ${values.seed}, ${hosts} hosts, ${durationMs / 60_000} minutes`);
    const result = await runFleetChaos({ ...common, durationMs, engine, config });
    update?.done();
    print(reportFleet(result));
    if (result.violations.length > 0) process.exitCode = 1;
  }
}
