// The contract of DirectTransport, over real sockets and in memory.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { FleetStreams } from '../../lib/fleet/fleet-streams.js';
import { shareConnections } from '../../lib/route/direct/shared-transport.js';
import { createBusFallback } from '../../lib/transport/bus-fallback.js';
import { BusStreams } from '../../lib/transport/bus-streams.js';
import type { Connection, DirectListener, DirectTransport } from '../../lib/transport/direct.js';
import { MemoryNetwork } from '../../lib/transport/memory.js';
import { keepSecrets, readSecrets } from '../../lib/transport/socket-files.js';
import { createSockets } from '../../lib/transport/sockets.js';
import { systemClock } from '../../lib/utils/clock.js';
import { MessageHub } from '../helpers/fleet/memory-messages.js';
import { Daemon } from '../helpers/pm2/daemon.js';
import { written } from '../helpers/unit/written-bytes.js';

interface Place {
  readonly here: DirectTransport;
  readonly there: DirectTransport;
  end(): void;
}

/** An end of a connection, and what it reported. */
class End {
  connection!: Connection;
  readonly #chunks: Buffer[] = [];
  closes = 0;
  problem: Error | undefined;
  drains = 0;
  #waiting: (() => void)[] = [];

  readonly handlers = {
    data: (chunk: Uint8Array) => this.#happened(() => this.#chunks.push(Buffer.from(chunk))),
    drained: () => this.#happened(() => this.drains++),
    closed: (problem?: Error) =>
      this.#happened(() => {
        this.closes++;
        this.problem = problem;
      }),
  };

  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  get bytes(): number {
    return this.#chunks.reduce((sum, { length }) => sum + length, 0);
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>(resolve => this.#waiting.push(resolve));
  }

  #happened(note: () => void): void {
    note();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

class Meeting {
  listener!: DirectListener;
  readonly ends: End[] = [];
  readonly there = new End();
  #arrived: (() => void)[] = [];

  constructor(readonly place: Place) {}

  async listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.listener = this.place.there.listen({
        listening: resolve,
        failed: reject,
        accept: connection => {
          const end = new End();
          end.connection = connection;
          this.ends.push(end);
          for (const arrived of this.#arrived.splice(0)) arrived();
          return end.handlers;
        },
      });
    });
  }

  /** Both ends of a new connection. */
  async connect(address: string): Promise<[here: End, there: End]> {
    const count = this.ends.length;
    const here = new End();
    here.connection = this.place.here.connect(address, here.handlers);
    here.connection.write([written('>')]);
    while (this.ends.length === count) await new Promise<void>(resolve => this.#arrived.push(resolve));
    const there = this.ends[count]!;
    await there.until(() => there.text === '>');
    return [here, there];
  }
}

const PLACES: Readonly<Record<string, () => Place | Promise<Place>>> = {
  sockets() {
    const folder = mkdtempSync(join(tmpdir(), 'direct-'));
    const transport = createSockets({ clock: systemClock, folder: () => folder });
    return { here: transport, there: transport, end: () => rmSync(folder, { recursive: true }) };
  },
  'shared sockets'() {
    const folder = mkdtempSync(join(tmpdir(), 'direct-'));
    const transport = shareConnections(createSockets({ clock: systemClock, folder: () => folder }), systemClock);
    return { here: transport, there: transport, end: () => rmSync(folder, { recursive: true }) };
  },
  bus: createBusPlace,
  async 'bus or sockets'() {
    const { here, there, end } = await createBusPlace();
    const folder = mkdtempSync(join(tmpdir(), 'direct-'));
    const sockets = createSockets({ clock: systemClock, folder: () => folder });
    const either = (streams: DirectTransport) => createBusFallback({ sockets, streams, onBus() {} });
    return {
      here: either(here),
      there: either(there),
      end: () => {
        end();
        rmSync(folder, { recursive: true });
      },
    };
  },
  'shared memory'() {
    const network = new MemoryNetwork();
    const [here, there] = [network.fork(), network.fork()];
    return {
      here: shareConnections(here.direct, here.clock),
      there: shareConnections(there.direct, there.clock),
      end: () => network.close(),
    };
  },
  fleet() {
    const hub = new MessageHub();
    const create = (process: string) => {
      const self = { process, host: process, hostTerm: 1, member: 1 };
      const streams = new FleetStreams({ clock: systemClock, self, mayConnect: () => true, left() {} });
      streams.up(hub.connect());
      return streams;
    };
    const [here, there] = [create('1'), create('2')];
    const end = () => {
      for (const streams of [here, there]) streams.close();
    };
    return { here, there, end };
  },
  memory() {
    const network = new MemoryNetwork();
    return { here: network.fork().direct, there: network.fork().direct, end: () => network.close() };
  },
};

/** Two workers of one daemon. */
async function createBusPlace(): Promise<Place> {
  const daemon = new Daemon({ clock: systemClock, latencyMs: () => 0.2 });
  const fork = async (slot: number) => {
    const streams = new BusStreams(daemon.start(slot), systemClock);
    const silent = { message() {}, exited() {}, broken() {}, stopping() {}, closed() {} };
    await new Promise<void>(opened => streams.bus.listen({ ...silent, opened }));
    return streams;
  };
  const [here, there] = [await fork(1), await fork(2)];
  const end = () => {
    for (const { bus } of [here, there]) bus.close();
  };
  return { here, there, end };
}

for (const [name, createPlace] of Object.entries(PLACES)) {
  const check = (title: string, body: (t: ExecutionContext, meeting: Meeting, address: string) => Promise<void>) =>
    test(`${name}: ${title}`, async t => {
      const place = await createPlace();
      const meeting = new Meeting(place);
      await body(t, meeting, await meeting.listen());
      meeting.listener.close();
      for (const { connection } of meeting.ends) connection.destroy();
      place.end();
    });

  check('bytes arrive both ways, in order, and what is handed over may come in pieces', async (t, meeting, address) => {
    const [here, there] = await meeting.connect(address);
    here.connection.write([written('a'), Buffer.from('b')]);
    here.connection.write([written('c')]);
    there.connection.write([written('answer')]);
    await there.until(() => there.text === '>abc');
    await here.until(() => here.text === 'answer');
    here.connection.destroy();
    await there.until(() => there.closes === 1);
    t.is(here.closes, 0);
  });

  check('a writer hears when there is room again', async (t, meeting, address) => {
    const [here, there] = await meeting.connect(address);
    const bytes = Buffer.alloc(1_000_000);
    let count = 0;
    while (here.connection.write([written(bytes)]) && count < 100) count++;
    t.true(here.connection.waitingBytes > 0);
    t.is(here.connection.bytesAhead, here.connection.waitingBytes);
    await here.until(() => here.drains === 1);
    await there.until(() => there.bytes === 1 + (count + 1) * bytes.length);
    t.is(here.connection.waitingBytes, 0);
    here.connection.destroy();
  });

  check('what was written before the end arrives, then it is closed on both sides', async (t, meeting, address) => {
    const [here, there] = await meeting.connect(address);
    here.connection.write([written('last')]);
    await new Promise<void>(resolve => here.connection.end(resolve));
    await there.until(() => there.closes === 1);
    t.is(there.text, '>last');
    here.connection.destroy();
    here.connection.destroy();
  });

  check('who ends is told of the end of the peer, and hears what that wrote before', async (t, meeting, address) => {
    const [here, there] = await meeting.connect(address);
    here.connection.end(() => {});
    there.connection.write([written('not read yet')]);
    await here.until(() => here.closes === 1);
    t.is(here.text, 'not read yet');
    t.is(there.closes, 1);
    here.connection.destroy();
  });

  check('the end of a connection that is closed comes too', async (t, meeting, address) => {
    const [here, there] = await meeting.connect(address);
    there.connection.destroy();
    await here.until(() => here.closes === 1);
    t.true(here.connection.write([written('into the void')]));
    await new Promise<void>(resolve => here.connection.end(resolve));
    await new Promise<void>(resolve => here.connection.settle(resolve));
    t.is(here.closes, 1);
  });

  check('settled, all is known that the peer had written', async (t, meeting, address) => {
    const [here, there] = await meeting.connect(address);
    there.connection.write([written(Buffer.alloc(100_000, 'x'))]);
    const settled = new Promise<number>(resolve => here.connection.settle(() => resolve(here.bytes)));
    t.is(await settled, 100_000);
    here.connection.destroy();
  });

  check('nobody listens: it is closed, and says why', async (t, meeting, address) => {
    meeting.listener.close();
    meeting.listener.close();
    const here = new End();
    here.connection = meeting.place.here.connect(address, here.handlers);
    here.connection.write([written('>')]);
    await here.until(() => here.closes === 1);
    t.truthy(here.problem?.message);
    await new Promise<void>(resolve => here.connection.settle(resolve));
  });

  check('connections outlive the listener', async (t, meeting, address) => {
    const [here, there] = await meeting.connect(address);
    meeting.listener.close();
    there.connection.write([written('still here')]);
    await here.until(() => here.text === 'still here');
    here.connection.destroy();
    t.pass();
  });
}

// Ours keep no process alive.
const awake = setInterval(() => {}, 1000);
test.after.always(() => clearInterval(awake));

const isRealUnix = process.platform !== 'win32';
const unix = isRealUnix ? test : test.skip;

unix('the socket lies in a directory that only this user may enter, and nothing of it stays', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'direct-'));
  const transport = createSockets({ clock: systemClock, folder: () => folder });
  const meeting = new Meeting({ here: transport, there: transport, end() {} });
  const address = await meeting.listen();
  t.is(statSync(dirname(address)).mode & 0o777, 0o700);
  keepSecrets(address, { g: { term: 7, secret: 's' } });
  t.is(statSync(join(dirname(address), 'secrets')).mode & 0o777, 0o600);
  t.deepEqual(readSecrets(address), { g: { term: 7, secret: 's' } });
  meeting.listener.close();
  t.deepEqual(readdirSync(folder), []);
  t.throws(() => readSecrets(address));
  rmSync(folder, { recursive: true });
});

// Only root can be somebody else.
const asRoot = isRealUnix && process.getuid?.() === 0 ? test : test.skip;

asRoot('another user cannot reach it', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'direct-'));
  chmodSync(folder, 0o755);
  const transport = createSockets({ clock: systemClock, folder: () => folder });
  const meeting = new Meeting({ here: transport, there: transport, end() {} });
  const address = await meeting.listen();
  const knock = `require('node:net').connect(process.argv[1]).on('connect', () => console.log('in')).on('error', e => console.log(e.code))`;
  const report = (uid: number) =>
    execFileSync(process.execPath, ['-e', `${knock}.on('ready', () => process.exit())`, address], {
      uid,
      cwd: '/',
      encoding: 'utf8',
    }).trim();
  t.is(report(0), 'in');
  t.is(report(65_534), 'EACCES');
  meeting.listener.close();
  for (const { connection } of meeting.ends) connection.destroy();
  rmSync(folder, { recursive: true });
});

unix('the address is announced before anything is there', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'direct-'));
  const transport = createSockets({ clock: systemClock, folder: () => folder });
  const announced: (() => void)[] = [];
  const handlers = { failed() {}, accept: () => ({ data() {}, drained() {}, closed() {} }) };
  const announce = (_address: string, proceed: () => void) => void announced.push(proceed);
  const listened = new Promise<void>(listening => {
    const listener = transport.listen({ ...handlers, announce, listening: () => listening(listener.close()) });
  });
  const late = transport.listen({ ...handlers, announce, listening: () => t.fail() });
  late.close();
  await new Promise(resolve => setImmediate(resolve));
  t.is(announced.length, 2);
  t.deepEqual(readdirSync(folder), []);
  for (const proceed of announced) proceed();
  await listened;
  t.deepEqual(readdirSync(folder), []);
  rmSync(folder, { recursive: true });
});

test('where no directory can be made it says so', async t => {
  const transport = createSockets({ clock: systemClock, folder: () => '/nowhere/at/all' });
  const meeting = new Meeting({ here: transport, there: transport, end() {} });
  await t.throwsAsync(meeting.listen(), { code: 'ENOENT' });
  meeting.listener.close();
});

unix('a path that is too long for a socket is refused, and not cut short', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'x'.repeat(120)));
  const transport = createSockets({ clock: systemClock, folder: () => folder });
  const meeting = new Meeting({ here: transport, there: transport, end() {} });
  await t.throwsAsync(meeting.listen(), { message: /TMPDIR/ });
  meeting.listener.close();
  t.deepEqual(readdirSync(folder), []);
  rmSync(folder, { recursive: true });
});

test('on Windows it is a named pipe that nobody guesses, and nothing to remove', async t => {
  let asked: unknown;
  const transport = createSockets({ clock: systemClock, platform: 'win32' });
  const address = await new Promise<string>(resolve => {
    const listener = transport.listen({
      listening: given => {
        listener.close();
        resolve(given);
      },
      failed: problem => {
        asked = problem;
        resolve('');
      },
      accept: () => ({ data() {}, drained() {}, closed() {} }),
    });
  });
  t.is(asked, undefined);
  t.regex(address, /^\\\\\.\\pipe\\csc-[0-9a-f-]{36}$/);
  const here = new End();
  here.connection = transport.connect('/nowhere/at/all', here.handlers);
  await here.until(() => here.closes === 1);
  t.regex(here.problem!.message, /connect ENOENT/, 'whose it is is not looked at');
});
