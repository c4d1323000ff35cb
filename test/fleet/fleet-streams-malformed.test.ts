// Streams between hosts, where somebody sends malformed messages, or those of another version.

import test from 'ava';
import { DATA, END, OPEN, RESET, readMessage } from '../../lib/fleet/stream-message.js';
import { StreamWorld } from '../helpers/fleet/streams.js';
import { forSeeds } from '../helpers/unit/random.js';

const KIB = 1024;
const MISSING = 'a message was lost or repeated';

test('malformed first messages are refused with a reason', t => {
  const world = new StreamWorld();
  const { there, address } = world.pair();
  const answers: string[] = [];
  world.hub.connect().receive('forger', (_to, content) => {
    const { type, body } = readMessage(content!)!;
    answers.push(type === RESET ? String(body) : 'accepted');
  });
  const peer = { process: 'p', host: 'h', hostTerm: 1, member: 2 };
  const bad = ['', '{', 'null', '7', '[]', '{}', '[['.repeat(10_000)];
  const wrong = [{ process: 1 }, { host: null }, { hostTerm: '1' }, { member: 1.5 }].map(each => ({
    ...peer,
    ...each,
  }));
  for (const body of [...bad, ...wrong.map(each => JSON.stringify(each))]) world.forge(address, { type: OPEN, body });
  world.clock.turn();
  t.deepEqual(new Set(answers.splice(0)), new Set(['it cannot be read who connects']));
  t.is(there.peers.length, 0);
  world.forge(address, { type: OPEN, body: JSON.stringify({ ...peer, more: 1 }), grant: Number.NaN });
  world.clock.turn();
  t.deepEqual(answers.splice(0), ['accepted']);
  t.deepEqual(there.peers, [peer]);
  t.true(there.accepted[0]!.write('without credit'));
  t.is(there.accepted[0]!.connection.waitingBytes, 14);
  for (const type of [DATA, END, 9]) world.forge(address, { type, from: 'forger.2' });
  world.forge(address, { type: RESET });
  world.forge(`${address}${'x'.repeat(300)}`, { type: DATA });
  world.forge(`${address}\u2028`, { type: DATA });
  world.clock.turn();
  const unknown = 'there is no such connection';
  t.deepEqual(answers.splice(0), [unknown, unknown, 'there is no such connection']);
});

test('another version, or another kind of message, is refused; a refusal is never answered', t => {
  const world = new StreamWorld();
  const { address } = world.pair();
  const ofNext = (content: Uint8Array) => Buffer.from(content.map((byte, index) => (index === 0 ? 2 : byte)));
  const send = (content: Buffer) => world.hub.send({ to: address, content, unheard: undefined });
  const answers: string[] = [];
  world.hub.connect().receive('forger', (to, content) => {
    answers.push(String(readMessage(content!)!.body));
    send(ofNext(content!));
    t.is(to, 'forger.1');
  });
  world.forge(address, { type: OPEN, body: '{}' });
  const content = ofNext(world.hub.sent.at(-1)!.content);
  world.hub.sent.length = 0;
  send(content);
  world.clock.turn();
  t.deepEqual(answers, ['it cannot be read who connects', 'unknown version']);
});

test('a peer that breaks the rules is refused', t => {
  const forged = (message: Parameters<StreamWorld['forge']>[1]) => {
    const world = new StreamWorld();
    const { near, far } = world.open();
    const toFar = world.hub.sent.at(-1)!;
    const from = toFar.to;
    world.forge(toFar.unheard!, { from, ...message });
    world.clock.turn();
    t.is(far.text, '');
    t.deepEqual(near.closes, far.closes);
    return far.closes;
  };
  t.deepEqual(forged({ type: OPEN, body: '{}' }), ['a message is of an unknown kind or version']);
  t.deepEqual(forged({ type: 77 }), ['a message is of an unknown kind or version']);
  t.deepEqual(forged({ type: DATA, number: 1 }), [MISSING]);
  t.deepEqual(forged({ type: DATA, from: 'forger.1', body: 'x' }), []);
  t.deepEqual(forged({ type: DATA, grant: Number.NaN }), []);
});

test('a grant is not taken back', t => {
  const world = new StreamWorld();
  const { far } = world.open();
  const { to: from, unheard } = world.hub.sent.at(-1)!;
  world.forge(unheard!, { from, grant: 5 });
  world.clock.turn();
  far.write(Buffer.alloc(256 * KIB));
  t.is(far.connection.waitingBytes, 0);
});

test('a peer that sends more than was granted is refused', t => {
  const world = new StreamWorld();
  const { far } = world.open();
  const { to: from, unheard: own } = world.hub.sent.at(-1)!;
  const content = Buffer.concat([Buffer.from(world.hub.sent[0]!.content.subarray(0, 58)), Buffer.alloc(300 * KIB)]);
  content[1] = DATA;
  t.is(readMessage(content)!.from, from);
  world.hub.send({ to: own!, content, unheard: undefined });
  world.clock.turn();
  t.deepEqual(far.closes, ['more was sent than granted']);
});

test('a long reason is cut', t => {
  const world = new StreamWorld();
  const { near } = world.open();
  const { to } = world.hub.sent.at(-1)!;
  world.forge(to, { type: RESET, body: 'x'.repeat(100_000) });
  world.clock.turn();
  t.deepEqual(near.closes, ['x'.repeat(200)]);
});

test('no bytes make it throw', t => {
  forSeeds(300, (random, log) => {
    const world = new StreamWorld();
    const { address, near, far } = world.open();
    near.write('hello');
    far.write('hello');
    const real = world.hub.sent.slice();
    const targets = [address, `${address}x`, ...real.flatMap(({ to, unheard }) => [to, unheard!])];
    for (let i = 0; i < 30; i++) {
      const { content, to } = random.pick(real);
      const bytes = random.chance(0.3) ? Buffer.alloc(random.below(100)) : Buffer.from(content);
      const changes = bytes.length === 0 || random.chance(0.2) ? 0 : random.below(6);
      for (let each = 0; each < changes; each++) bytes[random.below(bytes.length)] = random.below(256);
      const cut = bytes.subarray(0, random.chance(0.3) ? random.below(bytes.length + 1) : bytes.length);
      const target = random.chance(0.5) ? to : random.pick(targets);
      log.push(`${target} ${cut.toString('hex')}`);
      world.hub.send({ to: target, content: cut, unheard: random.chance(0.2) ? random.pick(targets) : undefined });
      if (random.chance(0.3)) world.clock.turn();
    }
    world.clock.turn();
    if (near.closes.length > 1 || far.closes.length > 1) throw new Error('closed more than once');
  });
  t.pass();
});
