// A worker of the demo. The difference between its two halves is in open(): a real client of its own, or a share of one.

import cluster from 'node:cluster';
import { createSharedClient } from 'cluster-shared-client';
import type { Update } from '../../helpers/upstream/protocol.js';
import { Counter } from './counter.js';
import { Load, TOPIC } from './load.js';
import type { Leads, Report, Task } from './messages.js';
import { primaryOffice, wireOffice } from './office.js';
import type { Address, DemoCalls, RealClient } from './real-clients.js';

const REPORT_EVERY_MS = 100;
const LAST = 'the last of all';

const embedded = () => import('./embedded-client.js');
const redis = () => import('./redis-client.js');

// Ctrl-C reaches the whole foreground; the primary decides when a worker ends.
process.on('SIGINT', () => {});
const task: Task = JSON.parse(process.env.DEMO_TASK ?? '');
const office = task.wire === undefined ? primaryOffice() : wireOffice(task.wire);
office.listen(order => {
  if (order?.demo === 'stop') void stop();
  if (order?.demo === 'publish last') void calls.publish(TOPIC, LAST);
});

const counter = new Counter();
const { calls, term } = await (task.shared ? openShared(task) : openOwn(task)).catch(giveUp);
const load = new Load({ calls, counter, term });
load.start();
report('serving');
const reports = setInterval(() => report('serving'), REPORT_EVERY_MS);

interface Opened {
  readonly calls: DemoCalls;
  readonly term: () => number | undefined;
}

async function openOwn({ address }: Task): Promise<Opened> {
  const client = await newClient(address);
  await client.ready();
  await client.subscribe(TOPIC, received);
  return { calls: client, term: () => undefined };
}

async function newClient(address: Address): Promise<RealClient> {
  if (address.kind === 'redis') return new (await redis()).RedisClient(address);
  return new (await embedded()).EmbeddedClient(address);
}

async function openShared({ address }: Task): Promise<Opened> {
  const client = await shareClient(address);
  const tellOf = (leads: Leads['leads'], term: number) =>
    office.say({ leads, term, workerId: cluster.worker!.id, pid: process.pid });
  client.on('leader', ({ term }) => {
    tellOf('appointed', term);
    void client.ready().then(() => client.isLeader && tellOf('ready', term));
  });
  await client.ready();
  await client.subscribe(TOPIC, received).ready;
  return { calls: client, term: () => client.term };
}

async function shareClient(address: Address) {
  const options = { name: 'demo', methods: { get: { idempotent: true } } };
  if (address.kind === 'redis') return createSharedClient((await redis()).RedisClient, { ...options, args: [address] });
  return createSharedClient((await embedded()).EmbeddedClient, { ...options, args: [address] });
}

function received(update: unknown): void {
  counter.received(update as Update);
  if ((update as Update).message === LAST) report('caught up');
}

async function stop(): Promise<void> {
  clearInterval(reports);
  await load.stop();
  report('quiet');
}

function report(demo: Report['demo']): void {
  office.say({ demo, counts: counter.counts() });
}

function giveUp(error: Error): never {
  console.error(`Worker with pid ${process.pid}: ${error.message}`);
  process.exit(1);
}
