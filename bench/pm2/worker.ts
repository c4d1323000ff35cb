// A worker under PM2: joins its contestant, says so, and measures when it is asked to.

import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { type ContestantName, loadContestant } from '../contestants/load.js';
import { drive } from '../jobs/drive.js';
import type { Joined, Order } from './staff.js';

const name = process.env.BENCH_CONTESTANT as ContestantName;
const { leads, echo } = await (await loadContestant(name)).join();
const socket = connect(process.env.BENCH_STAFF!);
socket.on('error', () => {});
const say = (line: object) => socket.write(`${JSON.stringify(line)}\n`);
say({ contestant: name, leads: leads() } satisfies Joined);

for await (const line of createInterface({ input: socket })) {
  const { inFlight, bytes, warmUpMs, ms } = JSON.parse(line) as Order;
  const value = 'x'.repeat(bytes);
  await drive(echo, value, inFlight, warmUpMs);
  say(await drive(echo, value, inFlight, ms));
}
