import test, { type ExecutionContext } from 'ava';
import { type Bundle, Kind } from '../../../lib/protocol/bundle.js';
import { BundleBuilder } from '../../../lib/protocol/frames.js';
import { CLOCK_MS } from '../../../lib/route/direct/direct-leader.js';
import { RECONNECT_MS } from '../../../lib/route/direct/direct-route.js';
import type { DirectSender } from '../../../lib/route/direct/direct-sender.js';
import { FramedConnection } from '../../../lib/route/direct/framed-connection.js';
import { answerChallenge, Challenger } from '../../../lib/route/direct/handshake.js';
import { type DirectHello, encodeAck, encodeBundle, encodeHandshake, What } from '../../../lib/route/direct/wire.js';
import { WireReader } from '../../../lib/route/direct/wire-reader.js';
import type { Connection } from '../../../lib/transport/direct.js';
import { DirectMember, DirectRig, type DirectRigOptions, TERM } from '../../helpers/unit/direct.js';
import { bundlesOf } from '../../helpers/unit/frames.js';

function direct(
  title: string,
  body: (t: ExecutionContext, rig: DirectRig) => Promise<void>,
  options?: DirectRigOptions,
): void {
  test(title, async t => {
    const rig = new DirectRig(options);
    await rig.open();
    await body(t, rig);
    rig.end();
    await rig.time.settle();
    t.deepEqual(rig.time.waiting, [], 'a timer is left');
    t.is(rig.network.addresses.size, 0);
  });
}

function resultFor(id: number): BundleBuilder {
  const open = new BundleBuilder('g', TERM, undefined, 1);
  open.add(Kind.RESULT, id, '"forged"');
  return open;
}

const gone = (workerId: number): Bundle => ({ g: 'g', t: TERM, h: [Kind.MEMBER_LEFT, workerId, 1, 0], x: '[0]' });

direct('what is sent before the connection stands goes by the relay, and what follows waits for it', async (t, rig) => {
  const member = rig.member();
  t.deepEqual([member.route.kind, member.call(1)], ['relay', 1]);
  t.true(member.route.waitingBytes > 0);
  t.false(member.route.isNextBundle);
  for (let i = 0; i < 31; i++) {
    member.call(1);
    member.route.flushEarly(40);
  }
  t.true(member.route.isNextBundle);
  t.is(member.packets.length, 1);
  rig.received.length = 0;
  member.packets.length = 0;
  member.offered();
  await rig.time.settle();
  t.is(member.route.kind, 'direct');
  t.deepEqual(member.changes, ['direct']);
  t.true(member.route.isNextBundle);
  const next = member.call(2);
  t.false(member.route.isNextBundle);
  member.route.flushEarly(1);
  await rig.time.settle();
  t.deepEqual(rig.received, []);
  t.is(rig.leader.of(2), undefined);
  t.deepEqual(rig.leader.active, []);
  await member.relay();
  t.deepEqual(
    rig.received.slice(-2).map(words => words.replace(/SWITCH \d+/, 'SWITCH')),
    ['2 SWITCH 2', '2 CALL 2 0'],
  );
  t.deepEqual(rig.leader.active, [2]);
  rig.leader.of(2)!.put(Kind.RESULT, 1, '1');
  await rig.time.settle();
  t.deepEqual(member.received, []);
  rig.relayDown(member);
  t.deepEqual(member.received, ['RESULT 1 1']);
  t.deepEqual(
    [next - 1, next, next + 1].map(n => member.route.isInHands(n, 0)),
    [false, true, false],
  );
  t.true(member.route.isInHands(1, 1));
});

direct(
  'a route that has nothing but connections waits for them',
  async (t, rig) => {
    rig[1].refuseConnections(true);
    const member = rig.member();
    member.call(1);
    member.offered();
    await rig.time.advance(1000);
    t.deepEqual(member.packets, []);
    t.is(member.changes.length, 1);
    t.false(member.route.isInHands(1, 9));
    rig[1].refuseConnections(false);
    await rig.time.reached(() => rig.received.length > 0);
    t.deepEqual(rig.received, ['2 CALL 1 0']);
    rig.leader.of(2)!.put(Kind.RESULT, 1, '1');
    await rig.time.settle();
    t.deepEqual(member.received, ['RESULT 1 1']);
    rig[1].refuseConnections(true);
    rig[1].breakConnections();
    member.call(2);
    await rig.time.advance(1000);
    t.deepEqual(rig.received, ['2 CALL 1 0']);
    rig[1].refuseConnections(false);
    await rig.time.advance(5000);
    t.deepEqual(rig.received, ['2 CALL 1 0', '2 CALL 2 0']);
    member.route.destroy();
  },
  { hasNoRelay: true },
);

direct('what the leader listens on is made anew where it is lost, and connections stay', async (t, rig) => {
  const member = await rig.member().connect();
  const { address } = rig.address!;
  rig.network.addresses.get(address)!.handlers.lost!(new Error('removed'));
  await rig.time.settle();
  t.not(rig.address!.address, address);
  t.deepEqual([...rig.network.addresses.keys()], [rig.address!.address]);
  t.deepEqual(rig.problems, []);
  member.offered();
  await member.relay();
  member.call(1);
  await rig.time.settle();
  t.is(rig.received.at(-1), '2 CALL 1 0');
  const late = await rig.member(rig.network.fork()).connect();
  t.is(late.route.kind, 'direct');
  for (const { route } of [member, late]) route.destroy();
});

direct('why there is no address is told, but not where there is a connection', async (t, rig) => {
  const member = rig.member();
  const problem = { address: '', secret: '', problem: 'no room' };
  member.route.offered(problem);
  t.deepEqual(member.changes, ['no room']);
  await member.connect();
  member.route.offered(problem);
  t.deepEqual(member.changes, ['no room', 'direct']);
  member.route.destroy();
});

direct('a leader that does not answer is tried again', async (t, rig) => {
  const worker = rig.network.fork();
  let accepted = 0;
  let address = '';
  const listener = worker.direct.listen({
    listening: given => {
      address = given;
    },
    failed() {},
    accept: () => {
      accepted++;
      return { data() {}, drained() {}, closed() {} };
    },
  });
  await rig.time.settle();
  const member = rig.member();
  member.route.offered({ address, secret: '' });
  await rig.time.advance(5000);
  await rig.time.advance(5200);
  t.is(accepted, 2);
  t.deepEqual(member.changes, ['the leader did not answer within 5000 ms']);
  member.offered();
  member.route.destroy();
  listener.close();
});

direct(
  'a leader that has proved itself, and then says what comes later, or twice, is not listened to',
  async (t, rig) => {
    const welcome = encodeHandshake(What.WELCOME, { received: 0 });
    const { secret } = rig.offerFor(2);
    const sent = [encodeAck(1), encodeHandshake(What.WELCOME, null as never), Buffer.concat([welcome, welcome])];
    for (const bytes of sent) {
      let address = '';
      const listener = rig.network.fork().direct.listen({
        listening: given => {
          address = given;
        },
        failed() {},
        accept: connection => {
          const reader = new WireReader({
            fields: (what, words) => {
              if (what !== What.HELLO) return;
              const { challenge } = new Challenger(words as DirectHello, secret);
              connection.write([encodeHandshake(What.CHALLENGE, challenge), bytes]);
            },
            ack() {},
            final() {},
            bundle() {},
          });
          return { data: chunk => reader.push(chunk), drained() {}, closed() {} };
        },
      });
      await rig.time.settle();
      const member = rig.member();
      member.route.offered({ address, secret });
      await rig.time.advance(RECONNECT_MS);
      t.not(member.changes.length > 0 && member.route.kind, 'direct');
      member.route.destroy();
      listener.close();
    }
  },
);

direct('a leader that leaves out a bundle is not listened to any more', async (t, rig) => {
  const member = await rig.member().connect();
  const lane = rig.leader.of(2)!;
  lane.put(Kind.RESULT, 1, '1');
  await rig.time.settle();
  lane.stream.put(Kind.RESULT, 2, '2');
  lane.stream.takeRest(9);
  (lane.stream as unknown as { attach: (typeof lane.stream)['attach'] }).attach(lane.line!.connection, 0);
  lane.put(Kind.RESULT, 3, '3');
  await rig.time.advance(RECONNECT_MS);
  t.deepEqual(member.received, ['RESULT 1 1']);
  await member.relay();
  rig.relayDown(member);
  t.deepEqual(member.received, ['RESULT 1 1', 'RESULT 3 3']);
  member.route.destroy();
});

direct("what the leader takes no more is the member's own, and what it said before arrives", async (t, rig) => {
  const member = await rig.member().connect();
  const first = member.call(1);
  await rig.time.settle();
  rig.leader.of(2)!.put(Kind.RESULT, 1, '1');
  const finished = rig.leader.finish();
  const second = member.call(2);
  await rig.time.settle();
  await finished;
  t.deepEqual(
    [first, second].map(n => member.route.isInHands(n, 0)),
    [true, false],
  );
  member.call(3);
  let isDone = false;
  member.route.finish(() => {
    isDone = true;
  });
  await rig.time.settle();
  t.true(isDone);
  t.deepEqual(member.received, ['RESULT 1 1']);
  await rig.leader.finish();
  t.is(rig.sent.splice(0).length, 2, 'how far it was heard, and what was answered');
  rig.relayUp({ g: 'g', t: TERM, f: 2, h: [Kind.RESUME, 1, 1, 0], x: '[0]' });
  t.deepEqual(rig.sent, []);
});

direct(
  'where there is no relay, what is called while the leader ends its term was never in its hands',
  async (t, rig) => {
    const member = await rig.member().connect();
    rig[1].direct.latencyMs = 5;
    const first = member.call(1);
    await rig.time.settle();
    const finished = rig.leader.finish();
    await rig.time.advance(2);
    // Nothing of the end has come here yet.
    const second = member.call(2);
    await rig.time.advance(20);
    await finished;
    member.route.finish(() => {});
    await rig.time.settle();
    t.deepEqual(
      [first, second].map(number => member.route.isInHands(number, 0)),
      [true, false],
    );
    t.deepEqual(rig.received, ['2 CALL 1 0'], 'nothing is heard after the end');
  },
  { hasNoRelay: true },
);

direct(
  'where there is no relay, a leader that ends its term waits for a member that does not read, but not for long',
  async (t, rig) => {
    await rig.member().connect();
    rig[2].stopReading();
    let isFinished = false;
    void rig.leader.finish().then(() => {
      isFinished = true;
    });
    await rig.time.advance(400);
    t.false(isFinished);
    await rig.time.advance(200);
    t.true(isFinished);
  },
  { hasNoRelay: true },
);

direct('what the leader answered and was not read at the end of its term comes by the relay', async (t, rig) => {
  const member = await rig.member().connect();
  rig[2].stopReading();
  const lane = rig.leader.of(2)!;
  lane.put(Kind.VALUE, 5, '5');
  lane.put(Kind.RESULT, 1, '[0,0]', [Buffer.from('a'), Buffer.from('b')]);
  lane.put(Kind.RETURNED, 2, '0');
  await rig.time.settle();
  lane.put(Kind.VALUE, 5, '6');
  const finished = rig.leader.finish();
  await rig.time.advance(1000);
  await finished;
  rig.relayDown(member);
  t.deepEqual(member.received, ['RESULT 1 [0,0]', 'RETURNED 2 0']);
  member.route.destroy();
});

direct('at the end of a term the relay tells whose connection is broken how far it was heard', async (t, rig) => {
  const member = await rig.member().connect();
  const first = member.call(1);
  await rig.time.settle();
  rig[2].stopReading();
  rig[1].breakConnections();
  const second = member.call(2);
  await rig.time.settle();
  t.true(member.route.isInHands(second, 0), 'as far as it knows');
  await rig.leader.finish();
  rig.relayDown(member);
  t.deepEqual(
    [first, second].map(number => member.route.isInHands(number, 0)),
    [true, false],
  );
  rig[2].startReading();
  await rig.time.settle();
  t.deepEqual(member.packets, [], 'it asks for nothing any more');
});

direct('who does not know the secret stays on the relay', async (t, rig) => {
  const member = rig.member();
  member.route.offered({ ...rig.address!, secret: 'guessed' });
  // The leader may be dead, and the primary too busy to say so.
  await rig.time.advance(499);
  t.deepEqual(member.changes, []);
  await rig.time.advance(201);
  t.regex(member.changes.join(), /did not prove/);
  t.is(member.route.kind, 'relay');
  member.offered();
  await rig.time.advance(1000);
  t.is(member.route.kind, 'direct');
  member.route.destroy();
});

direct('a connection that breaks is made anew after a pause, in which the end of the term may come', async (t, rig) => {
  let attempts = 0;
  const network = rig[2].direct;
  const connect = network.connect.bind(network);
  network.connect = (address, handlers) => {
    attempts++;
    return connect(address, handlers);
  };
  const member = await rig.member().connect();
  t.is(attempts, 1);
  rig[2].breakConnections();
  await rig.time.advance(RECONNECT_MS - 1);
  t.is(attempts, 1);
  await rig.time.advance(1);
  t.is(attempts, 2);
  rig.leader.of(2)!.put(Kind.RESULT, 1, '1');
  await rig.time.settle();
  t.deepEqual(member.received, ['RESULT 1 1'], 'the stream went on');
  rig[2].breakConnections();
  await rig.time.settle();
  member.route.finish(() => {});
  await rig.time.advance(5 * RECONNECT_MS);
  t.is(attempts, 2);
});

direct('a member that does not hear that its stream goes on by the relay any more says nothing', async (t, rig) => {
  const member = await rig.member().connect();
  rig[1].refuseConnections(true);
  rig[2].breakConnections();
  await rig.time.advance(RECONNECT_MS);
  t.false(member.route.handle(Kind.GAP, 1, 0));
  t.true(member.route.handle(Kind.RESUMED, 999, 0));
  t.is(member.changes.length, 1);
  member.route.destroy();
  await member.relay();
  rig.relayDown(member);
  t.is(member.changes.length, 2);
});

direct(
  'a stream goes on by a new connection though the old one looks sound, and with no bundle left out',
  async (t, rig) => {
    const member = await rig.member().connect();
    const lane = rig.leader.of(2)!;
    member.call(1);
    await rig.time.settle();
    const hello: DirectHello = { ...HELLO, stream: lane.id, goesOn: true, hasNoRelay: false };
    const wrote: Uint8Array[] = [];
    const connection = {
      ...lane.line!.connection,
      write: (parts: readonly Uint8Array[]) => !!wrote.push(...parts),
      destroy() {},
    };
    const line = new FramedConnection({
      fields() {},
      ack() {},
      final() {},
      bundle() {},
      drained() {},
      closed: () => t.fail(),
    });
    line.connection = connection;
    const old = lane.line;
    const heard = rig.leader.meet(hello, line)!;
    t.not(lane.line, old);
    t.is(wrote.length, 1);
    t.throws(() => heard.bundle(lane.stream.received + 2, 0, { h: [1, 1, 1, 0], x: '[0]' }), { message: /the next/ });
    line.destroy();
    line.events.data(encodeAck(1));
    line.events.closed();
    line.events.drained();
    member.route.destroy();
  },
);

direct('what a member sends waits for room', async (t, rig) => {
  const member = await rig.member().connect();
  rig[1].stopReading();
  member.route.send(Kind.CALL, 1, '0', ['x'.repeat(200_000)]);
  await rig.time.settle();
  const second = member.call(2);
  await rig.time.settle();
  t.false(member.route.isInHands(second, 0));
  rig[1].startReading();
  await rig.time.settle();
  t.is(rig.received.at(-1), '2 CALL 2 0');
  member.route.destroy();
});

direct('a leader waits for a member that does not read no longer than it may', async (t, rig) => {
  await rig.member().connect();
  rig[2].stopReading();
  rig.leader.of(2)!.put(Kind.RESULT, 1, '0', ['x'.repeat(200_000)]);
  let isFinished = false;
  void rig.leader.finish().then(() => {
    isFinished = true;
  });
  await rig.time.advance(400);
  t.false(isFinished);
  await rig.time.advance(200);
  t.true(isFinished);
});

direct('a leader waits for all that read', async (t, rig) => {
  const slow = await rig.member().connect();
  const quick = await rig.member(rig.network.fork()).connect();
  rig[2].stopReading();
  rig.leader.of(2)!.put(Kind.RESULT, 1, '0', ['x'.repeat(200_000)]);
  rig.leader.of(3)!.put(Kind.RESULT, 2, '0');
  const finished = rig.leader.finish();
  await rig.time.settle();
  rig[2].startReading();
  await rig.time.settle();
  await finished;
  t.deepEqual([slow.received, quick.received], [['RESULT 1 0'], ['RESULT 2 0']]);
});

direct('after the end of a term nobody is met any more', async (t, rig) => {
  await rig.leader.finish();
  const member = rig.member();
  member.offered();
  await rig.time.settle();
  t.is(member.route.kind, 'relay');
  member.route.destroy();
});

direct('who leaves waits until all has left its process, but not for long', async (t, rig) => {
  const member = await rig.member().connect();
  member.call(1);
  let isLeft = false;
  member.route.leave(() => {
    isLeft = true;
  });
  await rig.time.settle();
  t.true(isLeft);
  t.deepEqual(rig.received.slice(1), ['2 CALL 1 0']);
  const other = await rig.member(rig.network.fork()).connect();
  rig[1].stopReading();
  other.route.send(Kind.CALL, 1, '0', ['x'.repeat(200_000)]);
  isLeft = false;
  other.route.leave(() => {
    isLeft = true;
  });
  await rig.time.advance(900);
  t.false(isLeft);
  await rig.time.advance(200);
  t.true(isLeft);
  let ended = 0;
  const never = rig.member(rig.network.fork());
  never.route.leave(() => ended++);
  never.route.finish(() => ended++);
  const trying = rig.member(rig.network.fork());
  trying.offered();
  trying.route.leave(() => ended++);
  const ending = rig.member(rig.network.fork());
  ending.offered();
  ending.route.finish(() => ended++);
  t.is(ended, 4, 'where nothing is connected, nothing is waited for');
});

direct('of a member that is gone all is read first, and what its worker sends then comes after', async (t, rig) => {
  const member = await rig.member().connect();
  rig.received.length = 0;
  member.call(1);
  await rig.time.tick();
  rig.relayUp(gone(2));
  rig.relayUp({ g: 'g', t: TERM, f: 2, n: 1, h: [Kind.CALL, 9, 1, 0], x: '[0]' });
  rig.relayUp(gone(2));
  t.deepEqual(rig.received, []);
  await rig.time.settle();
  t.deepEqual(rig.received, ['2 CALL 1 0', 'undefined MEMBER_LEFT 2 0', '2 CALL 9 0', 'undefined MEMBER_LEFT 2 0']);
  t.deepEqual(rig.leader.active, []);
  rig.relayUp(gone(3));
  t.is(rig.received.length, 5);
  member.route.destroy();
  const other = await rig.member(rig.network.fork()).connect();
  other.route.destroy();
  rig.relayUp(gone(3));
  await rig.time.settle();
  t.is(rig.received.filter(words => words === 'undefined MEMBER_LEFT 3 0').length, 2);
});

direct('a member that begins anew in the same worker takes the place of the one before', async (t, rig) => {
  const first = rig.member();
  first.offered();
  await rig.time.settle();
  const second = rig.member();
  second.offered();
  await rig.time.settle();
  await second.relay();
  rig.relayDown(second);
  t.deepEqual(rig.leader.active, [2]);
  second.call(1);
  await rig.time.settle();
  t.is(rig.received.at(-1), '2 CALL 1 0');
  // What the first one says of its route now is about nothing.
  await first.relay();
  rig.relayUp({ g: 'g', t: TERM, f: 2, h: [Kind.RESUME, 1, 1, 0], x: '[0]' });
  t.deepEqual(rig.sent, []);
  t.deepEqual(rig.leader.active, [2]);
  first.route.destroy();
  second.route.destroy();
});

direct(
  'a member that the leader has given up is told so when it comes back, and begins anew',
  async (t, rig) => {
    const member = await rig.member().connect();
    member.call(1);
    await rig.time.settle();
    rig.relayUp(gone(2));
    await rig.time.advance(RECONNECT_MS);
    t.is(member.gone, 1);
    const again = await rig.member().connect();
    again.call(2);
    await rig.time.settle();
    t.is(rig.received.at(-1), '2 CALL 2 0');
    again.route.destroy();
  },
  { hasNoRelay: true },
);

direct(
  'the leader asks for the clock of a member on another machine every minute',
  async (t, rig) => {
    const member = await rig.member().connect();
    const other = await rig.member(rig.network.fork()).connect();
    await rig.time.advance(3 * CLOCK_MS);
    rig[1].breakConnections();
    member.call(1);
    await rig.time.advance(1000);
    t.is(rig.received.at(-1), '2 CALL 1 0');
    for (const { route } of [member, other]) route.destroy();
    await rig.time.advance(2 * CLOCK_MS);
    rig.leader.destroy();
    t.deepEqual(rig.time.waiting, []);
  },
  { hasNoRelay: true },
);

direct('a stream that the leader does not know cannot go on', async (t, rig) => {
  const member = await rig.member().connect();
  rig.leader.destroy();
  await rig.time.advance(RECONNECT_MS);
  t.is(member.route.kind, 'relay');
  member.route.destroy();
});

direct(
  'for a member that does not read, the newest value stays and results end their calls',
  async (t, rig) => {
    const member = await rig.member().connect();
    const other = await rig.member(rig.network.fork()).connect();
    rig[2].stopReading();
    const lane = rig.leader.of(2)!;
    const large = ['x'.repeat(1_000_000)];
    for (let i = 1; i <= 4; i++) lane.put(Kind.VALUE, 1, String(i), large);
    lane.put(Kind.RESULT, 1, '1', large);
    lane.put(Kind.ERROR, 2, '1', large);
    lane.put(Kind.SUBSCRIBED, 3, '1');
    lane.put(Kind.VALUE, 1, '5');
    rig.leader.of(3)!.put(Kind.VALUE, 1, '6', large);
    rig.leader.of(3)!.put(Kind.VALUE, 1, '7', large);
    await rig.time.settle();
    t.deepEqual(
      other.received.map(words => words.slice(0, 9)),
      ['VALUE 1 6', 'VALUE 1 7'],
    );
    rig[2].startReading();
    await rig.time.settle();
    member.call(1);
    await rig.time.settle();
    t.deepEqual(
      member.received.map(words => words.slice(0, 14)),
      ['VALUE 1 1', 'VALUE 1 2', 'OVERLOADED 1 1', 'OVERLOADED 2 1', 'SUBSCRIBED 3 1', 'GAP 1 0', 'VALUE 1 5'],
    );
  },
  { maxQueuedBytes: 2_500_000, maxQueuedTotalBytes: 20_000_000 },
);

direct(
  'what waits for all members together is bounded too',
  async (t, rig) => {
    await rig.member().connect();
    rig[2].stopReading();
    const third = rig.network.fork();
    const other = await rig.member(third).connect();
    third.stopReading();
    const large = ['x'.repeat(1_000_000)];
    for (const id of [2, 3]) for (let i = 1; i <= 2; i++) rig.leader.of(id)!.put(Kind.RESULT, i, '1', large);
    third.startReading();
    await rig.time.settle();
    t.deepEqual(
      other.received.map(words => words.slice(0, 14)),
      ['RESULT 1 1', 'OVERLOADED 2 1'].map(words => words.slice(0, 14)),
    );
  },
  { maxQueuedTotalBytes: 3_500_000 },
);

direct(
  'a value finds room where all before it was read, though it is not acknowledged and another member does not read',
  async (t, rig) => {
    await rig.member().connect();
    const other = await rig.member(rig.network.fork()).connect();
    rig.leader.of(3)!.put(Kind.VALUE, 1, '1');
    await rig.time.settle();
    rig[2].stopReading();
    const large = ['x'.repeat(1_500_000)];
    for (let i = 1; i <= 2; i++) rig.leader.of(2)!.put(Kind.RESULT, i, '1', large);
    rig.leader.of(3)!.put(Kind.VALUE, 1, '2', large);
    await rig.time.settle();
    t.deepEqual(
      other.received.map(words => words.slice(0, 9)),
      ['VALUE 1 1', 'VALUE 1 2'],
    );
  },
  { maxQueuedTotalBytes: 3_500_000 },
);

const VALUES = [1, 2, 3, 4, 5, 6];

/** Values of topics of their own, of which the last ones find no room. */
function putValues(lane: DirectSender): void {
  const large = ['x'.repeat(600_000)];
  for (const topic of VALUES) lane.put(Kind.VALUE, topic, String(topic), large);
}

direct(
  'what was kept back comes as long as there is room, and counts',
  async (t, rig) => {
    const member = await rig.member().connect();
    rig[2].stopReading();
    const lane = rig.leader.of(2)!;
    putValues(lane);
    await rig.time.settle();
    t.true(lane.waitingBytes > 3_600_000 && lane.queuedBytes > 1_700_000);
    const { stream } = lane;
    const put = stream.put.bind(stream);
    stream.put = (...frame) => {
      t.true(stream.waitingBytes <= 2 ** 20, `${stream.waitingBytes}`);
      return put(...frame);
    };
    rig[2].startReading();
    await rig.time.settle();
    t.deepEqual(
      member.received.map(words => words.slice(0, 9)),
      VALUES.map(topic => `VALUE ${topic} ${topic}`),
    );
  },
  { maxQueuedBytes: 1_500_000 },
);

direct(
  'what was kept back comes over the next connection where one breaks and takes the acknowledgements with it',
  async (t, rig) => {
    const member = await rig.member().connect();
    rig[1].stopReading();
    putValues(rig.leader.of(2)!);
    await rig.time.settle();
    const heard = member.received.length;
    t.true(heard > 0 && heard < VALUES.length, `${heard}`);
    rig[1].breakConnections();
    rig[1].startReading();
    await rig.time.advance(RECONNECT_MS);
    t.is(member.received.length, VALUES.length);
    t.is(member.route.kind, 'direct');
  },
  { maxQueuedBytes: 1_500_000 },
);

direct(
  'what was kept back goes by the relay when the stream does',
  async (t, rig) => {
    const member = await rig.member().connect();
    rig[2].stopReading();
    const lane = rig.leader.of(2)!;
    const large = ['x'.repeat(1_500_000)];
    for (let i = 1; i <= 3; i++) lane.put(Kind.VALUE, 1, String(i), large);
    rig[1].refuseConnections(true);
    rig[2].breakConnections();
    rig[2].startReading();
    await rig.time.advance(RECONNECT_MS);
    await member.relay();
    rig.relayDown(member);
    t.deepEqual(
      member.received.map(words => words.slice(0, 9)),
      ['VALUE 1 1', 'GAP 1 0', 'VALUE 1 3'],
    );
    t.is(member.route.kind, 'relay');
    member.route.destroy();
  },
  { maxQueuedBytes: 2_000_000 },
);

const HELLO: DirectHello = {
  group: 'g',
  term: TERM,
  nonce: 'mine',
  from: 2,
  stream: 1,
  goesOn: false,
  received: 0,
  hasNoRelay: false,
};

/** Somebody at the leader's door, who speaks for itself. */
class UnprovedPeer {
  readonly heard: { what: number; words: Record<string, string | number> }[] = [];
  isClosed = false;
  readonly connection: Connection;

  constructor(
    readonly rig: DirectRig,
    address = rig.address!.address,
  ) {
    const reader = new WireReader({
      fields: (what, words) => this.heard.push({ what, words: words as Record<string, string> }),
      ack() {},
      final() {},
      bundle() {},
    });
    reader.trust();
    this.connection = rig[2].direct.connect(address, {
      data: chunk => reader.push(chunk),
      drained() {},
      closed: () => {
        this.isClosed = true;
      },
    });
  }

  async send(...bytes: Uint8Array[]): Promise<this> {
    this.connection.write(bytes);
    await this.rig.time.settle();
    return this;
  }

  /** Proves itself with this key. */
  async prove(hello: DirectHello, key: string, ...rest: Uint8Array[]): Promise<this> {
    await this.send(encodeHandshake(What.HELLO, hello));
    const proof = answerChallenge(hello, key, this.heard.at(-1)!.words)!;
    return this.send(encodeHandshake(What.PROOF, proof), ...rest);
  }
}

direct('who says hello twice, or something else first, is shown the door', async (t, rig) => {
  const hello = encodeHandshake(What.HELLO, HELLO);
  const sent: Record<string, Uint8Array> = {
    twice: Buffer.concat([hello, hello]),
    ack: encodeAck(1),
    final: encodeAck(1, What.FINAL),
    'data behind the hello': Buffer.concat([hello, encodeAck(1)]),
    nothing: encodeHandshake(What.HELLO, null as never),
    text: encodeHandshake(What.HELLO, 'hello' as never),
    welcome: encodeHandshake(What.WELCOME, { received: 0 }),
    'no nonce': encodeHandshake(What.HELLO, { ...HELLO, nonce: undefined as never }),
    'a nonce that is too long': encodeHandshake(What.HELLO, { ...HELLO, nonce: 'x'.repeat(65) }),
    'no proof': Buffer.concat([hello, encodeHandshake(What.PROOF, null as never)]),
  };
  for (const [title, bytes] of Object.entries(sent)) {
    const unproved = await new UnprovedPeer(rig).send(bytes);
    t.true(unproved.isClosed, title);
  }
  t.deepEqual(rig.refused, [2], 'of a hello without a proof, and once');
  const { secret } = rig.offerFor(2);
  const goesOn = await new UnprovedPeer(rig).prove({ ...HELLO, goesOn: true }, secret);
  t.true(goesOn.isClosed, 'a stream that goes on was never begun');
  const again = await new UnprovedPeer(rig).prove(HELLO, secret, hello);
  t.true(again.isClosed, 'twice, proved');
  // The leader hears nothing in the member's FINAL.
  const member = await new UnprovedPeer(rig).prove(HELLO, secret, encodeAck(1, What.FINAL), encodeAck(0));
  t.false(member.isClosed);
  t.deepEqual(member.heard.at(-1), { what: What.WELCOME, words: { received: 0 } });
  member.connection.destroy();
  t.deepEqual(rig.refused, [2]);
});

direct("a member can't come as another's, whatever it knows of its own", async (t, rig) => {
  const { secret } = rig.offerFor(3);
  const own = encodeHandshake(What.HELLO, HELLO);
  const unproved = await new UnprovedPeer(rig).send(own);
  t.is(answerChallenge(HELLO, secret, unproved.heard[0]!.words), undefined, 'another proof is asked for');
  // It makes one of what it has all the same.
  const { nonce } = unproved.heard[0]!.words as { nonce: string };
  const { challenge } = new Challenger({ ...HELLO, nonce }, secret);
  await unproved.send(encodeHandshake(What.PROOF, { proof: challenge.proof }));
  t.true(unproved.isClosed);
  t.deepEqual(rig.refused, [2]);
  t.deepEqual([rig.leader.active, rig.received], [[], []]);
});

direct('a proof of one side, or of another connection, proves nothing', async (t, rig) => {
  const { secret } = rig.offerFor(2);
  const unproved = await new UnprovedPeer(rig).send(encodeHandshake(What.HELLO, HELLO));
  const { challenge: sent } = { challenge: unproved.heard[0]!.words as { nonce: string; proof: string } };
  await unproved.send(encodeHandshake(What.PROOF, { proof: sent.proof }));
  t.true(unproved.isClosed, "the leader's own, sent back");
  const proof = answerChallenge(HELLO, secret, sent)!;
  const later = await new UnprovedPeer(rig).send(encodeHandshake(What.HELLO, HELLO));
  await later.send(encodeHandshake(What.PROOF, proof));
  t.true(later.isClosed, 'one that was good before');
  const other = await new UnprovedPeer(rig).send(encodeHandshake(What.HELLO, HELLO));
  const changed = answerChallenge(HELLO, secret, other.heard[0]!.words)!;
  t.notDeepEqual(changed, proof);
  t.deepEqual(rig.leader.active, []);
});

direct('a proof that comes after the end of the term is too late', async (t, rig) => {
  const { secret } = rig.offerFor(2);
  const unproved = await new UnprovedPeer(rig).send(encodeHandshake(What.HELLO, HELLO));
  rig.server.open({ group: 'h', term: 9, leader: rig.leader, offer() {}, failed() {}, refused: () => t.fail() });
  rig.server.close('g', TERM);
  await unproved.send(encodeHandshake(What.PROOF, answerChallenge(HELLO, secret, unproved.heard[0]!.words)!));
  t.true(unproved.isClosed);
  rig.server.close('h', 9);
});

direct("who listens in the leader's place learns neither secret nor data, and is not listened to", async (t, rig) => {
  const { secret } = rig.offerFor(2);
  // What such a one can say, with what it read: its own words back, or words that need no secret.
  const answers: Record<string, (hello: DirectHello) => Uint8Array> = {
    'no word': () => Buffer.alloc(0),
    'a challenge with a guess': () => encodeHandshake(What.CHALLENGE, { nonce: 'n', proof: 'guessed' }),
    'a challenge without a proof': () => encodeHandshake(What.CHALLENGE, { nonce: 'n' } as never),
    'a challenge without a nonce': () => encodeHandshake(What.CHALLENGE, { proof: 'p' } as never),
    'a challenge without anything': () => encodeHandshake(What.CHALLENGE, null as never),
    'another key': hello => encodeHandshake(What.CHALLENGE, new Challenger(hello, rig.offerFor(3).secret).challenge),
    welcome: () => encodeHandshake(What.WELCOME, { received: 0 }),
    final: () => encodeAck(9, What.FINAL),
    data: () => Buffer.concat(encodeBundle(resultFor(1), 0)),
  };
  for (const hasNoRelay of [false, true]) {
    for (const [title, answer] of Object.entries(answers)) {
      let wrote = Buffer.alloc(0);
      let address = '';
      const listener = rig.network.fork().direct.listen({
        listening: given => {
          address = given;
        },
        failed() {},
        accept: connection => ({
          data: chunk => {
            wrote = Buffer.concat([wrote, chunk]);
            if (wrote.length < 4 || wrote.length < 4 + wrote.readUInt32LE(0)) return;
            const hello = JSON.parse(wrote.toString('utf8', 5, 4 + wrote.readUInt32LE(0))) as DirectHello;
            const bytes = answer(hello);
            if (bytes.length > 0) connection.write([bytes]);
          },
          drained() {},
          closed() {},
        }),
      });
      await rig.time.settle();
      const member = new DirectMember(rig, rig[2], hasNoRelay);
      member.route.offered({ address, secret });
      member.route.send(Kind.CALL, 1, '"password"');
      await rig.time.advance(RECONNECT_MS);
      t.deepEqual(member.received, [], title);
      t.notRegex(wrote.toString('latin1'), new RegExp(`password|${secret}|${rig.address!.secret}`), title);
      t.not(wrote.length, 0);
      member.route.destroy();
      listener.close();
    }
  }
});

direct('who finds somebody else in the place of the leader says so', async (t, rig) => {
  const member = rig.member();
  member.route.offered({ ...rig.address!, secret: rig.offerFor(3).secret });
  await rig.time.advance(700);
  t.regex(member.changes.join(), /^The process that listens at memory:1\/1 did not prove that it is the leader/);
  member.route.destroy();
});

direct(
  'unproved peers that say nothing are closed in time, and the oldest sooner where there are too many',
  async (t, rig) => {
    const unproved = Array.from({ length: 8 * 1024 + 6 }, () => new UnprovedPeer(rig));
    await rig.time.settle();
    t.deepEqual(
      unproved.map(({ isClosed }) => isClosed),
      unproved.map((_, i) => i < 6),
    );
    const member = await rig.member().connect();
    t.is(member.route.kind, 'direct');
    await rig.time.advance(5000);
    t.true(unproved.every(({ isClosed }) => isClosed));
    t.deepEqual(rig.refused, []);
    member.route.destroy();
  },
);

direct('the listener is closed with the last term, and unproved peers are dismissed', async (t, rig) => {
  let closes = 0;
  const connection = rig[2].direct.connect(rig.address!.address, {
    data() {},
    drained() {},
    closed: () => {
      closes++;
    },
  });
  await rig.time.settle();
  const offered: string[] = [];
  rig.server.open({
    group: 'h',
    term: 9,
    leader: rig.leader,
    offer: ({ address }) => offered.push(address),
    failed() {},
    refused() {},
  });
  t.deepEqual(offered, [rig.address!.address]);
  rig.server.close('h', 8);
  rig.server.close('h', 9);
  t.is(rig.network.addresses.size, 1);
  rig.server.close('g', TERM);
  t.is(rig.network.addresses.size, 0);
  await rig.time.settle();
  t.is(closes, 1);
  connection.destroy();
});

test('a door that cannot be opened is tried again, until the term is over', async t => {
  const rig = new DirectRig();
  rig[1].refuseConnections(true);
  await rig.open();
  await rig.time.advance(250);
  t.deepEqual(rig.problems, ['no listener can be made']);
  // A second term finds it so.
  rig.server.open({ group: 'h', term: 9, leader: rig.leader, offer: () => t.fail(), failed() {}, refused() {} });
  rig.server.close('h', 9);
  rig.server.close('g', TERM);
  // And one that is over at once.
  rig[1].refuseConnections(false);
  rig.server.open({
    group: 'g',
    term: 9,
    leader: rig.leader,
    offer: () => t.fail(),
    failed: () => t.fail(),
    refused() {},
  });
  rig.server.close('g', 9);
  await rig.time.settle();
  t.is(rig.network.addresses.size, 0);
  rig.end();
  await rig.time.settle();
  t.deepEqual(rig.time.waiting, []);
});

test('what a dead worker left is removed, and nothing of a living one', async t => {
  const rig = new DirectRig();
  const { address } = await rig.open();
  rig[2].direct.remove(address);
  t.is(rig.network.addresses.size, 1);
  rig[1].kill();
  rig[2].direct.remove(address);
  t.is(rig.network.addresses.size, 0);
  rig.network.close();
});

test('streams of one member that never switch to one are forgotten, but for the last ones', async t => {
  const rig = new DirectRig();
  const destroyed: number[] = [];
  for (let stream = 1; stream <= 20; stream++) {
    const connection = { write: () => true, end: () => {}, destroy: () => {}, settle: () => {}, waitingBytes: 0 };
    const line = { connection, destroy: () => void destroyed.push(stream) } as unknown as FramedConnection;
    t.truthy(rig.leader.meet({ ...HELLO, stream, goesOn: false, hasNoRelay: false }, line));
  }
  t.deepEqual(
    destroyed,
    Array.from({ length: 12 }, (_, i) => i + 1),
  );
  rig.end();
});

direct('where the beginning of what a member sent is missing it comes by the next connection', async (t, rig) => {
  const member = rig.member();
  member.offered();
  await rig.time.settle();
  member.call(1);
  await rig.time.settle();
  // By its word it began with another.
  await rig.time.tick();
  for (const packet of member.packets.splice(0))
    for (const bundle of bundlesOf(packet)) rig.relayUp({ ...bundle, f: 2, x: '[2]' });
  t.is(rig.received.length, 1);
  member.call(2);
  await rig.time.advance(5000);
  t.deepEqual(rig.received.slice(1), ['2 CALL 1 0', '2 CALL 2 0']);
  member.route.destroy();
});
