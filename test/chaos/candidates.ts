// What many candidates of one group cost: each is a host of its own with a connection of its own, all in this process, on a
// nats-server that is started for it.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { natsFleet } from '../../lib/nats.js';
import { createMemoryCluster } from '../../lib/testing.js';
import { startNatsServer } from '../helpers/fleet/servers.js';
import { freePort } from '../helpers/services/process.js';

export interface CandidatesOptions {
  readonly count: number;
  readonly leaseMs: number;
  readonly idleMs: number;
}

export interface CandidatesResult {
  /** All connected at once, until the first one led and all others knew it. */
  readonly startMs: number;
  /** A minute, of all candidates. */
  readonly idle: { readonly messagesIn: number; readonly messagesOut: number; readonly cpuMs: number };
  readonly serverMB: number;
  /** From the silent death of the leader until the next one began. */
  readonly failoverMs: number;
  /** Messages to the server meanwhile. */
  readonly failoverMessages: number;
}

export async function runCandidates({ count, leaseMs, idleMs }: CandidatesOptions): Promise<CandidatesResult> {
  const monitor = await freePort();
  const server = await startNatsServer(`http: 127.0.0.1:${monitor}\njetstream { store_dir: "FOLDER" }`);
  if (!server) throw new Error('nats-server is not installed.');
  const hosts: { kill(): void }[] = [];
  let begun: { at: number; host: number } | undefined;
  let seen = 0;
  try {
    const startedAt = performance.now();
    for (let i = 0; i < count; i++) {
      const cluster = createMemoryCluster();
      cluster.setupPrimary();
      const worker = cluster.fork();
      const fleet = natsFleet({
        name: 'many',
        leaseMs,
        hostName: `h${i}`,
        connect: defaults => connect({ servers: server.address, ...defaults }),
      });
      fleet.once('leader', () => void seen++);
      const task = async (signal: AbortSignal) => {
        begun = { at: performance.now(), host: i };
        await new Promise(resolve => signal.addEventListener('abort', resolve));
      };
      worker.whileLeader('job', task, { across: fleet });
      hosts.push({ kill: () => cluster.close() });
    }
    while (seen < count) await sleep(20);
    const startMs = performance.now() - startedAt;
    await sleep(2000);
    const before = await messagesOf(monitor);
    const cpuBefore = process.cpuUsage();
    await sleep(idleMs);
    const cpu = process.cpuUsage(cpuBefore);
    const after = await messagesOf(monitor);
    const aMinute = 60_000 / idleMs;
    const killedAt = performance.now();
    const { host } = begun!;
    hosts[host]!.kill();
    while (begun!.host === host) await sleep(5);
    const last = await messagesOf(monitor);
    return {
      startMs,
      idle: {
        messagesIn: (after.in - before.in) * aMinute,
        messagesOut: (after.out - before.out) * aMinute,
        cpuMs: ((cpu.user + cpu.system) / 1000) * aMinute,
      },
      serverMB: rssOf(server.pid),
      failoverMs: begun!.at - killedAt,
      failoverMessages: last.in - after.in,
    };
  } finally {
    for (const host of hosts) host.kill();
    await server.close();
  }
}

/** Messages that the server has received and sent. */
async function messagesOf(monitor: number): Promise<{ readonly in: number; readonly out: number }> {
  const response = await fetch(`http://127.0.0.1:${monitor}/varz`);
  const { in_msgs, out_msgs } = (await response.json()) as { in_msgs: number; out_msgs: number };
  return { in: in_msgs, out: out_msgs };
}

function rssOf(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return Number(kilobytes) / 1000;
}
