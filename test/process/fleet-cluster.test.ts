// A fleet on three nats-servers with three replicas of the bucket.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import test, { type ExecutionContext } from 'ava';
import { natsEngine } from '../../lib/engines/nats-engine.js';
import { FleetProcesses } from '../helpers/fleet/processes.js';
import { Heard } from '../helpers/fleet/register-contract.js';
import { freePort, type ServiceProcess, startService } from '../helpers/services/process.js';
import { skip } from '../helpers/services/services.js';

interface Server {
  readonly name: string;
  readonly address: string;
  readonly process: ServiceProcess;
}

/** `2.9.10` and the like; undefined where it isn't installed. */
function versionHere(): readonly number[] | undefined {
  const { stdout } = spawnSync('nats-server', ['--version'], { encoding: 'utf8' });
  const [, ...parts] = /v(\d+)\.(\d+)\.(\d+)/.exec(stdout ?? '') ?? [];
  return parts.length === 3 ? parts.map(Number) : undefined;
}

async function startCluster(t: ExecutionContext): Promise<Server[]> {
  const names = ['n1', 'n2', 'n3'];
  const routes = await Promise.all(names.map(() => freePort()));
  const servers: Server[] = [];
  for (const [i, name] of names.entries()) {
    const folder = mkdtempSync(join(tmpdir(), 'csc-nats-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const port = await freePort();
    const args = ['-a', '127.0.0.1', '-p', `${port}`, '-js', '-sd', folder, '-n', name, '--cluster_name', 'test'];
    const cluster = [
      '--cluster',
      `nats://127.0.0.1:${routes[i]}`,
      '--routes',
      routes.map(at => `nats://127.0.0.1:${at}`).join(),
    ];
    const process = await startService(t, 'nats-server', [...args, ...cluster], /Server is ready/);
    servers.push({ name, address: `127.0.0.1:${port}`, process: process! });
  }
  // The servers have to choose a leader among themselves first.
  await Promise.any(servers.map(({ process }) => process.until(/JetStream cluster new metadata leader/)));
  return servers;
}

test.serial(
  'three servers: the leader stays when the server that leads the bucket is killed, or the servers are too old',
  async t => {
    const version = versionHere();
    if (!version) return skip(t, 'nats-server on this machine');
    const servers = await startCluster(t);
    const nats = servers.map(({ address }) => address);
    const [major, minor, patch] = version as [number, number, number];
    if (major === 2 && (minor < 9 || (minor === 9 && patch < 21))) {
      const engine = natsEngine({
        name: 'shop',
        replicas: 3,
        createBucket: true,
        connect: defaults => connect({ servers: nats, ...defaults }),
      });
      const error = await t.throwsAsync(engine.connect(new Heard()), { code: 'ERR_INVALID_OPTION' });
      t.regex(error!.message, /is too old for a bucket with 3 replicas/);
      return t.log(`SKIPPED the rest, nats-server ${version.join('.')} is too old`);
    }
    const fleet = new FleetProcesses({ fleet: 'shop', workers: 0, nats: nats.join(), replicas: 3 });
    t.teardown(() => fleet.close());
    for (const name of ['a', 'b', 'c']) await fleet.start(name);
    const first = await fleet.until('begun', 1);
    await fleet.until('saw', 3);
    const connection = await connect({ servers: nats });
    const { cluster } = await (await jetstreamManager(connection)).streams.info('KV_csc1_shop');
    await servers.find(({ name }) => name === cluster!.leader)!.process.kill();
    await connection.close();
    // It has renewed its lease with the next leader of the bucket.
    process.kill(first.pid, 'SIGUSR2');
    await fleet.until('begun', 2);
    t.is(fleet.of('ended').length, 1);
  },
);
