import type { Hello, Packet } from '../../lib/protocol/messages.js';
import { endOf, type Rig, recorder, system } from '../helpers/system/test.js';

const M = '$csc';
const bundle = (rig: Rig, change: object = {}) => ({
  g: 'g',
  t: rig.primary.status().groups[0]!.term,
  h: [1, 1, 1, 0],
  x: '[0]',
  ...change,
});

/** What a broken copy of the library, or a neighbour, could put on a channel. */
function oddMessages(rig: Rig): unknown[] {
  const d = (change: object) => ({ [M]: 1, d: [bundle(rig, change)] });
  const c = (frame: unknown) => ({ [M]: 1, c: [frame] });
  return [
    null,
    undefined,
    0,
    'text',
    [],
    {},
    { type: 'process:msg', data: {} },
    { cmd: 'NODE_CLUSTER' },
    { [M]: 'one' },
    { [M]: -1 },
    { [M]: 99 },
    { [M]: null, c: [] },
    { [M]: 1, c: 7 },
    { [M]: 1, c: {} },
    { [M]: 1, c: [null, 1, 'x', [], {}] },
    { [M]: 1, d: 'no' },
    { [M]: 1, d: [null, 7, {}] },
    c({ k: 'unknown' }),
    c({ k: '__proto__' }),
    c({ k: 'hello' }),
    c({ k: 'hello', versions: 1, id: 'x', pid: 1 }),
    c({ k: 'welcome', version: 1 }),
    c({ k: 'join', group: 'g' }),
    c({ k: 'join', group: '', eligible: true, priority: 0, handover: 'exclusive', digest: '' }),
    c({ k: 'join', group: 'x'.repeat(600), eligible: true, priority: 0, handover: 'exclusive', digest: '' }),
    c({ k: 'heartbeat', n: 'x' }),
    c({ k: 'heartbeat', n: 1e300 }),
    c({ k: 'ready', group: 'g', term: 1, methods: 'no' }),
    c({ k: 'ready', group: 'g', term: -1, methods: [] }),
    c({ k: 'ready', group: 'nobody', term: 1, methods: [] }),
    c({ k: 'resign', group: 'g', term: 1, cause: 'bored' }),
    c({ k: 'resign', group: 'g', term: 1, cause: 'resigned' }),
    c({ k: 'resign', group: 'g', term: 1, cause: 'failed', error: { text: '{', ext: true } }),
    c({ k: 'yield', group: 'g', term: Number.MAX_SAFE_INTEGER }),
    c({ k: 'prepared', group: 'g', term: 3, methods: [] }),
    c({ k: 'update', group: 'g' }),
    c({ k: 'ack', n: 1e9 }),
    d({ h: [] }),
    d({ h: 'no' }),
    d({ h: [1, 1, 1] }),
    d({ h: [1, 1, 2, 0] }),
    d({ h: [1, 1, 1, 1] }),
    d({ h: [1, 1, -1, 0] }),
    d({ h: [1.5, 1, 1, 0] }),
    d({ x: '[' }),
    d({ x: 7 }),
    d({ h: [1, 1, 1, 0], x: '[}' + ']' }),
    d({ t: 'x' }),
    d({ g: 5 }),
    d({ to: [1e9, -1] }),
    d({ to: 'all' }),
    d({ p: [7] }),
    d({ p: [{ b: 'not base64 !' }], h: [1, 1, 1, 1] }),
  ];
}

/** Frames that fit in form, with texts that mean nothing. */
function oddFrames(rig: Rig, from: 'worker' | 'primary'): unknown[] {
  const texts = [
    '0',
    'null',
    '[]',
    '{}',
    '"x"',
    '[1,2]',
    '["echo"]',
    '["echo",null,0]',
    '["all"]',
    '[0,{"a":1}]',
    '[null,null,[]]',
    '[["?",1]]',
    '["echo",1e12,["~",9]]',
  ];
  const kinds = [0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 30, 31, 63];
  const packets: unknown[] = [];
  for (const kind of kinds.filter(kind => from === 'worker' || kind !== 30)) {
    for (const text of texts) {
      for (const ext of [0, 64]) {
        const change = {
          h: [kind + ext, 999_999, text.length, 0],
          x: `[${text}]`,
          ...(from === 'primary' && kind < 10 && { f: 2 }),
        };
        packets.push({ [M]: 1, d: [bundle(rig, change)] });
      }
    }
  }
  return packets;
}

for (const side of ['a follower', 'the leader'] as const) {
  system(`whatever ${side} sends, the primary lives, and all others go on`, async (t, rig) => {
    const clients = await rig.clients(3);
    const log = recorder();
    await rig.time.until(clients[2]!.subscribe('topic', log.listener).ready);
    const worker = side === 'the leader' ? rig.leader() : rig.follower();
    let n = 0;
    for (const message of [...oddMessages(rig), ...oddFrames(rig, 'worker')]) {
      rig.sendUp(worker, message);
      if (++n % 25 === 0) {
        await rig.time.settle();
        t.is(await rig.time.until(clients[2]!.echo(n)), n);
      }
    }
    await rig.time.settle();
    rig.upstream().push('topic', 'still');
    await rig.time.settle();
    t.is(log.values.at(-1), 'still');
    t.is(rig.story.length, 2, rig.story.join());
    t.true(rig.warnings.length > 20);
    t.is(await rig.time.until(clients[1]!.echo('last')), 'last');
  });
}

for (const side of ['a follower', 'the leader'] as const) {
  system(`whatever the primary sends to ${side}, it lives, and its calls go on`, async (t, rig) => {
    const clients = await rig.clients(2);
    const worker = side === 'the leader' ? rig.leader() : rig.follower();
    const client = clients[rig.workers.indexOf(worker)]!;
    const warnings: string[] = [];
    client.on('warning', ({ message }) => warnings.push(message));
    const log = recorder();
    await rig.time.until(client.subscribe('topic', log.listener).ready);
    let n = 0;
    for (const message of [...oddMessages(rig), ...oddFrames(rig, 'primary')]) {
      const { c } = (message ?? {}) as { c?: { k?: string }[] };
      // Well formed words of the primary, to be taken at their word.
      if (c?.[0]?.k === 'update' || c?.[0]?.k === 'ack') continue;
      rig.sendDown(worker, message);
      if (++n % 25 === 0) {
        await rig.time.settle();
        t.is(await rig.time.until(client.echo(n)), n);
      }
    }
    await rig.time.settle();
    rig.upstream().push('topic', 'still');
    await rig.time.settle();
    t.is(log.values.at(-1), 'still');
    t.true(warnings.length > 10);
    t.is(rig.story.length, 2);
    rig.upstream().violations.length = 0;
  });
}

system('a broken result ends its call, and that alone', async (t, rig) => {
  const clients = await rig.clients(2);
  const text = '["~~"]';
  const call = clients[1]!.hold('broken');
  await rig.time.settle();
  for (let id = 0; id < 400; id++) {
    rig.sendDown(rig.workers[1]!, { [M]: 1, d: [bundle(rig, { h: [10 + 64, id, text.length, 0], x: `[${text}]` })] });
  }
  t.is(await rig.time.until(endOf(call)), 'ERR_PROTOCOL unknown');
  await rig.time.settle();
  t.is(await rig.time.until(clients[1]!.echo(1)), 1);
});

system('a bundle that is no JSON ends the calls it answered', async (t, rig) => {
  const clients = await rig.clients(2);
  const call = clients[1]!.hold('broken');
  await rig.time.settle();
  for (let id = 0; id < 400; id++)
    rig.sendDown(rig.workers[1]!, { [M]: 1, d: [bundle(rig, { h: [10, id, 1, 0], x: '[}]' })] });
  t.is(await rig.time.until(endOf(call)), 'ERR_PROTOCOL unknown');
  await rig.time.settle();
});

system('a bundle to the leader that is no JSON is refused, and its calls told so', async (t, rig) => {
  const clients = await rig.clients(2);
  rig.sendUp(rig.workers[1]!, { [M]: 1, d: [bundle(rig, { n: 1, h: [1, 5, 1, 0], x: '[}]' })] });
  await rig.time.settle();
  t.is(await rig.time.until(clients[1]!.echo(1)), 1);
});

const helloOf = ([first]: readonly Packet[]) => first!.c![0] as Hello;

system('a worker that speaks no common version is told, and the others go on', async (t, rig) => {
  const other = rig.fork();
  const received: unknown[] = [];
  const end = (other as unknown as { end: { listen(handlers: object): void } }).end;
  end.listen({ message: (message: unknown) => received.push(message), closed() {} });
  const { workerId, pid } = other;
  rig.sendUp(other, { [M]: 99, up: 0, c: [{ k: 'hello', versions: [98, 99], id: 'x', workerId, pid, probe: 1 }] });
  await rig.time.settle();
  t.is(received.length, 1);
  t.like((received[0] as { c: object[] }).c[0], { k: 'rejected' });
  t.regex(rig.warnings[0]!, /no protocol/);
  const clients = await rig.clients(2);
  t.is(await rig.time.until(clients[1]!.echo(1)), 1);
  // And the other way round: a primary that is too new.
  const worker = rig.fork();
  rig.sendDown(worker, null);
  const { up } = rig.spy(worker);
  const client = rig.client(worker);
  rig.sendDown(worker, { [M]: 99, down: 0, c: [{ k: 'rejected', id: helloOf(up).id, versions: [98, 99] }] });
  t.is(await rig.time.until(endOf(client.ready())), 'ERR_PROTOCOL');
  t.is(await rig.time.until(endOf(client.echo(1))), 'ERR_PROTOCOL not-started');
});
