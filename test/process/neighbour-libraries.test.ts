// Four libraries in one cluster talk over the same channels: each works, and none sees another's messages.

import test, { type ExecutionContext } from 'ava';
import { io, type Socket } from 'socket.io-client';
import type { NeighbourApi, NeighbourEvent } from '../fixtures/neighbours-worker.js';
import type { RemoteProcess } from '../helpers/process/remote.js';
import { type Rig, startRig } from '../helpers/process/rig.js';

type Neighbour = RemoteProcess<NeighbourApi, NeighbourEvent>;
type Message = Record<string, unknown>;

const MARKS: Readonly<Record<string, (message: Message) => boolean>> = {
  'socket.io': ({ source }) => source === '_sio_adapter',
  'prom-client': ({ type }) => String(type).startsWith('prom-client:'),
  log4js: ({ topic }) => topic === 'log4js:message',
};

const PRIMARY = 'neighbours-primary.js';

for (const serialization of ['json', 'advanced'] as const) {
  test.serial(`socket.io, prom-client, log4js and this library work in one cluster, ${serialization}`, async t => {
    const rig = await startRig(t, { primary: { serialization } });
    const { primary } = rig;
    await primary.do.ask(PRIMARY, 'logs');
    await primary.do.listen();
    const workers = await Promise.all([1, 2, 3, 4].map(() => forkNeighbour(rig)));
    const speakers = await Promise.all(workers.map(worker => connect(t, worker)));
    // The workers of socket.io hear of each other by heartbeats.
    for (const worker of workers) while ((await worker.do.sockets()) < 4);

    await allSpeak(t, rig, speakers, 'first');
    t.regex(await metrics(rig), /^rounds 4$/m);
    const isLeader = await Promise.all(workers.map(worker => worker.do.isLeader()));
    const leader = workers[isLeader.indexOf(true)]!;
    leader.kill();
    await primary.until('ready', ({ pid }) => pid !== leader.pid);
    const others = speakers.filter(({ worker }) => worker !== leader);
    // What is published before all have subscribed again, some miss.
    for (const { worker } of others) await worker.until('resync');
    await allSpeak(t, rig, others, 'second');
    t.regex(await metrics(rig), /^rounds 6$/m);

    const messages = await primary.eventsOf('message');
    const received = messages.map(({ message }) => marksOf(message as Message).join(' and '));
    t.deepEqual([...new Set(received)].sort(), Object.keys(MARKS).sort());
    t.deepEqual(await primary.eventsOf('warning'), []);
    for (const { worker } of others) t.deepEqual(await worker.eventsOf('warning'), []);
  });
}

const metrics = (rig: Rig) => rig.primary.do.ask(PRIMARY, 'metrics') as Promise<string>;

const marksOf = (message: Message): string[] =>
  Object.entries(MARKS).flatMap(([name, isItsOwn]) => (isItsOwn(message) ? name : []));

const forkNeighbour = (rig: Rig): Promise<Neighbour> => rig.forkProgram({ program: 'neighbours-worker.js' });

/** A worker, and a client of socket.io that is connected to it. */
interface Speaker {
  readonly worker: Neighbour;
  readonly socket: Socket;
  readonly received: string[];
}

async function connect(t: ExecutionContext, worker: Neighbour): Promise<Speaker> {
  const socket = io(`http://127.0.0.1:${await worker.do.start()}`, { transports: ['websocket'], reconnection: false });
  t.teardown(() => socket.disconnect());
  const received: string[] = [];
  socket.on('news', text => received.push(text));
  await next(socket, 'connect');
  return { worker, socket, received };
}

const next = (socket: Socket, event: string) => new Promise<void>(resolve => socket.once(event, () => resolve()));

/** Each worker speaks by each library; each library brings that to whom it should, and nothing else. */
async function allSpeak(
  t: ExecutionContext,
  { primary }: Rig,
  speakers: readonly Speaker[],
  word: string,
): Promise<void> {
  const texts = speakers.map(({ worker }) => `${word} ${worker.workerId}`);
  const wheres = await Promise.all(speakers.map(({ worker }, i) => worker.do.round(texts[i]!)));
  t.is(new Set(wheres.map(({ value }) => value)).size, 1, JSON.stringify(wheres));
  for (const { worker, socket, received } of speakers) {
    for (const text of texts) {
      await worker.until('value', ({ value }) => value === text);
      while (!received.includes(text)) await next(socket, 'news');
    }
    const values = (await worker.eventsOf('value')).map(({ value }) => value).filter(value => value.startsWith(word));
    t.deepEqual(values.sort(), texts);
    t.deepEqual(received.filter(text => text.startsWith(word)).sort(), texts);
  }
  const logged = async () =>
    ((await primary.do.ask(PRIMARY, 'logs')) as string[]).filter(text => text.startsWith(word));
  while ((await logged()).length < texts.length);
  t.deepEqual(await logged(), texts);
}
