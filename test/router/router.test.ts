import test from 'ava';
import { passedOn } from '../../lib/errors/warnings.js';
import { resolvePrimaryOptions } from '../../lib/options/options.js';
import { type ControlFrame, MARKER, type StateUpdate } from '../../lib/protocol/messages.js';
import { MOST_GROUPS } from '../../lib/router/joins.js';
import { memberKey } from '../../lib/utils/secret.js';
import { microtasks } from '../helpers/clocks/unit-clock.js';
import { FakePrimaryEnd, join, UnitPrimary } from '../helpers/unit/primary.js';

const ofKind = (frames: readonly ControlFrame[], k: ControlFrame['k']) => frames.filter(frame => frame.k === k);
const lastUpdate = (primary: UnitPrimary, workerId: number) =>
  ofKind(primary.sentTo(workerId), 'update').at(-1) as StateUpdate | undefined;

test('a worker is told nothing before its hello, and then who it is and what applies', t => {
  const primary = new UnitPrimary({ heartbeatMs: 100, leaderTimeoutMs: 400 });
  primary.send(3, join(), { k: 'heartbeat', n: 1 }, { k: 'leave', group: 'g' });
  t.deepEqual(primary.end.sent, []);
  primary.hello(3);
  const probe = new Uint8Array(1);
  t.deepEqual(primary.sentTo(3), [
    {
      k: 'welcome',
      version: 1,
      id: 'id-3',
      workerId: 3,
      heartbeatMs: 100,
      leaderTimeoutMs: 400,
      route: 'relay',
      maxQueuedBytes: 64 * 1024 * 1024,
      maxQueuedTotalBytes: 256 * 1024 * 1024,
      life: primary.router.life,
      probe,
    },
  ]);
});

test('a hello that is said again is answered again, and changes nothing', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  const before = primary.router.workers.get(1);
  primary.sentTo(1);
  primary.hello(1);
  t.is(ofKind(primary.sentTo(1), 'welcome').length, 1);
  t.is(primary.router.workers.get(1), before);
  t.is(primary.router.groups.get('g')!.leader, 1);
});

test('the hello of another copy of the library in the same worker ends what the first one had', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.join(2, 'g');
  t.is(primary.router.groups.get('g')!.leader, 1);
  primary.emitted();
  primary.hello(1, 'another');
  t.deepEqual(primary.emitted().slice(0, 3), ['leave g 1', `deposed g 1@${1e12} exited`, `appointed g 2@${1e12 + 1}`]);
  t.deepEqual([...primary.router.groups.get('g')!.members.keys()], [2]);
  t.is(ofKind(primary.sentTo(1), 'welcome').length, 2);
});

test('durations without an end arrive as a number, because JSON has no Infinity', t => {
  const never = Number.POSITIVE_INFINITY;
  const primary = new UnitPrimary({ heartbeatMs: never, leaderTimeoutMs: never });
  primary.hello(1);
  t.like(primary.sentTo(1)[0], { heartbeatMs: Number.MAX_SAFE_INTEGER, leaderTimeoutMs: Number.MAX_SAFE_INTEGER });
});

test('a worker without a common protocol version receives the versions of the primary', t => {
  const primary = new UnitPrimary();
  primary.hello(1, 'old', [98, 99]);
  t.deepEqual(
    primary.end.sent.map(({ packet }) => packet),
    [{ [MARKER]: 1, down: 0, c: [{ k: 'rejected', id: 'old', versions: [1] }] }],
  );
  t.regex(String(primary.events[0]?.detail.message), /Worker 1 supports no protocol version/);
  primary.end.sent[0]?.written();
  primary.send(1, join());
  t.is(primary.router.groups.size, 0);
});

test('a worker is answered in the way in which it last spoke', t => {
  const primary = new UnitPrimary();
  const hello = { k: 'hello', versions: [1], id: 'id-1', workerId: 1, pid: 1001, probe: 0 } as const;
  const ways = () => primary.end.sent.splice(0).map(({ via }) => via);
  primary.receive(1, { [MARKER]: 1, up: 0, c: [hello] }, 'internal');
  t.deepEqual(ways(), ['internal']);
  primary.receive(1, { [MARKER]: 1, up: 0, c: [hello] }, 'public');
  t.deepEqual(ways(), ['public']);
  // The answer of the first came all the same.
  primary.receive(1, primary.packet(1, { c: [{ k: 'heartbeat', n: 1 }] }), 'internal');
  t.deepEqual(ways(), ['internal']);
  primary.receive(2, { [MARKER]: 1, up: 0, c: [{ ...hello, workerId: 2, versions: [9] }] }, 'internal');
  t.deepEqual(ways(), ['internal']);
});

test('what was not sent to this primary, or not by this worker, is dropped with one warning', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.join(2, 'g');
  const { link } = primary.router.workers.get(1)!;
  const leave = { k: 'leave', group: 'g' };
  const copy = primary.packet(1, { c: [{ k: 'heartbeat', n: 1 }] });
  primary.receive(1, copy);
  primary.sentTo(1);
  primary.emitted();
  for (const [workerId, passed] of [
    [1, copy],
    [2, primary.packet(1, { c: [leave] })],
    [1, { [MARKER]: 1, link, down: 100, c: [leave] }],
    [1, { [MARKER]: 1, c: [leave] }],
    [2, { [MARKER]: 1, up: 0, c: [{ k: 'hello', versions: [1], id: 'id-1', workerId: 1, pid: 1001, probe: 0 }] }],
    [2, { [MARKER]: 1, up: 0, c: [{ k: 'hello', versions: [1], id: 'far', workerId: 2, pid: 77, probe: 0 }] }],
  ] as const)
    primary.receive(workerId, passed);
  t.deepEqual(primary.sentTo(1), []);
  t.is(primary.router.groups.get('g')!.members.size, 2);
  t.deepEqual(
    primary.events.map(({ detail }) => detail.message),
    [passedOn()],
  );
});

test('only a hello begins a link, and none comes over one', t => {
  const primary = new UnitPrimary();
  primary.receive(1, { [MARKER]: 1, up: 0, c: [join()] });
  primary.receive(1, { [MARKER]: 1, link: 3, up: 1, c: [join()] });
  t.is(primary.router.groups.size, 0);
  t.deepEqual(primary.events, [], 'a link that has ended, it may be');
  primary.join(1, 'g');
  primary.sentTo(1);
  primary.send(1, { k: 'hello', versions: [1], id: 'other', workerId: 1, pid: 1001, probe: 0 });
  t.deepEqual(primary.sentTo(1), []);
});

test('what comes of one that was told goodbye and has not read it is not for the next primary', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.lead(1);
  const late = primary.packet(1, { c: [join({ eligible: false })] });
  void primary.router.detach(primary.end);
  primary.clock.tick();
  primary.router.attach(primary.end);
  primary.receive(1, late);
  t.false(primary.router.groups.get('g')!.members.has(1), 'it leads until its lease is over, and has not joined');
  primary.join(1, 'g');
  t.true(primary.router.groups.get('g')!.members.has(1));
});

test('where a wrapper starts Node, the process that says hello first is the worker', t => {
  const primary = new UnitPrimary();
  const hello = (id: string, pid: number) =>
    primary.receive(1, { [MARKER]: 1, up: 0, c: [{ k: 'hello', versions: [1], id, workerId: 1, pid, probe: 0 }] });
  hello('inner', 5001);
  hello('inner again', 5001);
  hello('another', 5002);
  t.is(primary.router.workers.get(1)!.id, 'inner again');
});

test('a broken frame is a warning, and those beside it count', t => {
  const primary = new UnitPrimary();
  primary.hello(1);
  primary.receive(1, primary.packet(1, { c: [{ k: 'join' }, join()], d: [{}] }));
  t.deepEqual(
    primary.events.filter(({ event }) => event === 'warning').map(({ detail }) => detail.message),
    ['A broken frame came: join.group must be a group name.', 'A broken frame came: bundle.g must be a group name.'],
  );
  t.is(primary.router.groups.get('g')!.leader, 1);
});

test('what is not ours passes without a trace', t => {
  const primary = new UnitPrimary();
  for (const message of [null, 'hello', 1, {}, { type: 'process:msg', data: {} }]) primary.receive(1, message);
  t.deepEqual(primary.events, []);
  t.deepEqual(primary.end.sent, []);
  t.is(primary.router.workers.size, 0);
});

test('frames that only the primary says are ignored when a worker says them', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.sentTo(1);
  primary.emitted();
  for (const frame of [{ k: 'goodbye' }, { k: 'ack', n: 1 }, { k: 'handover', group: 'g', term: 1e12 }]) {
    primary.receive(1, primary.packet(1, { c: [frame] }));
  }
  t.deepEqual(primary.emitted(), []);
  t.deepEqual(primary.sentTo(1), []);
  t.is(primary.router.groups.get('g')!.leader, 1);
});

test('a heartbeat is acknowledged, also of a worker that leads nothing', t => {
  const primary = new UnitPrimary();
  primary.hello(1);
  primary.sentTo(1);
  primary.send(1, { k: 'heartbeat', n: 7 });
  t.deepEqual(primary.sentTo(1), [{ k: 'ack', n: 7 }]);
});

test('a new worker and everybody else hear where the group stands', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  t.deepEqual(lastUpdate(primary, 1), {
    k: 'update',
    group: 'g',
    term: 1e12,
    phase: 'opening',
    leader: { workerId: 1, pid: 1001 },
    appointedAt: 0,
  });
  primary.lead(1);
  primary.join(2, 'g');
  const update = {
    k: 'update',
    group: 'g',
    term: 1e12,
    phase: 'ready',
    leader: { workerId: 1, pid: 1001 },
    methods: ['get'],
  };
  t.deepEqual(lastUpdate(primary, 1), update as StateUpdate);
  t.deepEqual(lastUpdate(primary, 2), update as StateUpdate);
});

test('when a leader was appointed is told only where its silence counts from then on', t => {
  const primary = new UnitPrimary();
  primary.clock.advance(70);
  primary.join(1, 'g');
  const at = primary.clock.now();
  primary.clock.advance(30);
  primary.join(2, 'g', { eligible: false });
  t.is(lastUpdate(primary, 2)!.appointedAt, at, 'whenever it is told');
  primary.lead(1);
  t.is(lastUpdate(primary, 1)!.appointedAt, undefined, 'its real client is open');
  // It may not have been heard for long, and be given up at any moment.
  primary.join(1, 'h');
  t.is(lastUpdate(primary, 1)!.appointedAt, undefined);
});

test('after a round of failed attempts the news tells the last error, and why the term ended', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  const error = { text: '"no route"', ext: false, parts: undefined };
  primary.send(1, { k: 'resign', group: 'g', term: 1e12, cause: 'failed', error });
  t.deepEqual(lastUpdate(primary, 1), { k: 'update', group: 'g', term: 1e12, phase: 'failed', error, cause: 'failed' });
});

test('after the pause the next attempt is made by itself, and a group that is empty makes none', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.send(1, { k: 'resign', group: 'g', term: 1e12, cause: 'failed' });
  primary.clock.advance(100);
  t.is(primary.router.groups.get('g')!.leader, 1);
  primary.send(1, { k: 'resign', group: 'g', term: 1e12 + 100, cause: 'failed' });
  primary.send(1, { k: 'leave', group: 'g' });
  t.is(primary.router.groups.size, 0);
  t.is(primary.clock.timers, 0);
});

test('the events of a group come in their order', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.lead(1);
  primary.join(2, 'g');
  primary.closed(1);
  primary.exited(1);
  primary.lead(2);
  primary.send(2, { k: 'leave', group: 'g' });
  const term = 1e12;
  t.deepEqual(primary.emitted(), [
    `appointed g 1@${term}`,
    'join g 1',
    `ready g 1@${term}`,
    'join g 2',
    'leave g 1',
    `deposed g 1@${term} exited`,
    `appointed g 2@${term + 1}`,
    `ready g 2@${term + 1}`,
    `deposed g 2@${term + 1} resigned`,
    'vacant g',
    'leave g 2',
  ]);
});

test('a group that comes again goes on with terms that grow, whatever its name', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  for (let i = 0; i < 5; i++) primary.send(1, { k: 'resign', group: 'g', term: 1e12 + i, cause: 'resigned' });
  primary.send(1, { k: 'leave', group: 'g' });
  t.is(primary.router.groups.size, 0);
  primary.send(1, join());
  t.is(primary.router.groups.get('g')!.term, 1e12 + 6);
});

test('a word about a group that its worker is no member of is ignored', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.join(2, 'h');
  primary.emitted();
  primary.send(2, { k: 'resign', group: 'g', term: 1e12, cause: 'resigned' }, { k: 'leave', group: 'g' });
  primary.send(2, { k: 'leave', group: 'nobody knows' });
  t.deepEqual(primary.emitted(), []);
});

test('another option than that of the members before is a warning on both sides', t => {
  const primary = new UnitPrimary();
  primary.join(1, { digest: '{"replay":"last"}' });
  primary.join(2, { digest: '{"replay":"none"}' });
  primary.join(3, { digest: '{"replay":"none"}' });
  const warnings = primary.events.filter(({ event }) => event === 'warning');
  t.deepEqual(
    warnings.map(({ detail }) => [detail.name, detail.workerId]),
    [
      ['g', 2],
      ['g', 3],
    ],
  );
  const texts = (workerId: number) =>
    ofKind(primary.sentTo(workerId), 'warning').map(frame => 'text' in frame && frame.text);
  const text = (workerId: number) =>
    `Worker ${workerId} has another replay for "g" than a worker before it; the leader's counts.`;
  t.deepEqual(texts(1), [text(2), text(3)]);
  t.deepEqual(texts(2), [text(2)]);
  t.deepEqual(texts(3), [text(3)]);
});

test('the same options, said in another order or said again, are no warning', t => {
  const primary = new UnitPrimary();
  primary.join(1, { digest: '{"a":1,"b":2}' });
  primary.join(2, { digest: '{"b":2,"a":1}' });
  primary.send(2, join({ digest: '{"other":1}' }));
  t.deepEqual(
    primary.events.filter(({ event }) => event === 'warning'),
    [],
  );
});

test('a leader that is silent for leaderTimeoutMs is deposed within one heartbeat more', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.join(2, 'g');
  primary.lead(1);
  primary.clock.advance(2500);
  primary.send(1, { k: 'heartbeat', n: 1 });
  primary.clock.advance(2999);
  t.is(primary.router.groups.get('g')!.leader, 1);
  primary.emitted();
  primary.clock.advance(500);
  t.is(primary.router.groups.get('g')!.leader, 2);
  t.is(primary.emitted()[0], `deposed g 1@${1e12} silent`);
});

test('any frame is a sign of life', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  for (let i = 0; i < 10; i++) {
    primary.clock.advance(1000);
    primary.receive(1, primary.packet(1, {}));
  }
  t.is(primary.router.groups.get('g')!.leader, 1);
});

test("the app's own messages are a sign of life, too", t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.lead(1);
  const peer = { workerId: 1, pid: 1001 };
  for (let i = 0; i < 10; i++) {
    primary.clock.advance(1000);
    primary.end.handlers!.message(peer, { cmd: 'of the app' }, 'public');
  }
  t.is(primary.router.groups.get('g')!.leader, 1);
  primary.clock.advance(4000);
  t.is(primary.router.groups.get('g')?.leader, undefined);
  primary.end.handlers!.message({ workerId: 9, pid: 1009 }, { cmd: 'of the app' }, 'public');
});

test('a worker that was silent and is heard may lead again', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.clock.advance(3500);
  t.is(primary.router.groups.get('g')!.leader, undefined);
  t.is(primary.clock.timers, 0, 'nobody leads: there is nothing to watch');
  primary.send(1, { k: 'heartbeat', n: 1 });
  t.is(primary.router.groups.get('g')!.leader, 1);
});

test('the silence of a worker that led nothing is counted from its appointment', t => {
  const primary = new UnitPrimary();
  primary.join(1, { eligible: false });
  primary.clock.advance(60_000);
  primary.join(2, 'g');
  primary.clock.advance(2999);
  t.is(primary.router.groups.get('g')!.leader, 2);
});

test('the silence of a worker counts in all its groups, and is passed over where it leads none', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g', 'h');
  primary.join(2, { group: 'h', eligible: false });
  primary.clock.advance(3500);
  t.is(primary.router.groups.get('g')!.leader, undefined);
  t.is(primary.router.groups.get('h')!.leader, undefined);
  primary.send(2, { k: 'join', group: 'h', eligible: true, priority: 0, handover: 'exclusive', digest: '{}' });
  t.is(primary.router.groups.get('h')!.leader, 2);
});

test('a primary that stood still does not take its own absence for the silence of a leader', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.clock.jump(60_000);
  primary.clock.advance(250);
  t.is(primary.router.groups.get('g')!.leader, 1);
});

test('a hung leader is killed where that was asked for, and succeeded on its exit', t => {
  const primary = new UnitPrimary({ hungLeader: 'kill' });
  primary.join(1, 'g');
  primary.join(2, 'g');
  primary.clock.advance(10_000);
  t.deepEqual(primary.end.killed, [1]);
  t.is(primary.router.groups.get('g')!.leader, 1);
  primary.closed(1);
  primary.exited(1);
  t.is(primary.router.groups.get('g')!.leader, 2);
  t.deepEqual([...primary.router.workers.keys()], [2]);
});

test('a leader that left before it was killed is awaited like any other', t => {
  const primary = new UnitPrimary({ hungLeader: 'kill' });
  primary.join(1, 'g');
  primary.join(2, 'g');
  primary.clock.advance(3500);
  primary.send(1, { k: 'leave', group: 'g' });
  primary.emitted();
  primary.closed(1);
  t.deepEqual(primary.emitted(), []);
  t.is(primary.router.groups.get('g')!.state.at.stage, 'fenced');
  primary.exited(1);
  t.is(primary.router.groups.get('g')!.leader, 2);
});

test('a leader whose channel closed is awaited: until it exits, or until its lease has run out', t => {
  const primary = new UnitPrimary();
  for (const id of [1, 2, 3]) primary.join(id, 'g');
  primary.closed(1);
  t.is(primary.router.groups.get('g')!.state.at.stage, 'fenced');
  t.is(primary.router.workers.size, 3);
  primary.clock.advance(3500);
  const { leader } = primary.router.groups.get('g')!;
  t.is(leader, 3);
  t.deepEqual([...primary.router.workers.keys()], [2, 3]);
  t.is(primary.events.find(({ event }) => event === 'deposed')?.detail.pid, 1001);
  primary.exited(1);
  t.is(primary.router.groups.get('g')!.leader, leader);
});

test('a group whose last member is fenced is kept until its lease has run out', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.closed(1);
  t.is(primary.router.groups.size, 1);
  primary.clock.advance(3500);
  t.is(primary.router.groups.size, 0);
  t.is(primary.router.workers.size, 0);
  t.is(primary.clock.timers, 0);
});

test('a worker that closed twice, or was never heard of, is no matter', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.join(2, 'g');
  for (let i = 0; i < 2; i++) {
    primary.closed(2);
    primary.exited(2);
  }
  primary.closed(9);
  primary.exited(9);
  t.is(primary.router.groups.get('g')!.leader, 1);
});

test('the app chooses among the candidates, and learns how many groups each of them leads', t => {
  const seen: unknown[] = [];
  const primary = new UnitPrimary({
    chooseLeader(candidates, name) {
      seen.push([name, candidates.map(({ workerId, leads }) => `${workerId} leads ${leads}`)]);
      return candidates[0]!;
    },
  });
  primary.join(1, 'g', 'h');
  primary.join(2, 'g');
  primary.join(3, 'g');
  primary.send(1, { k: 'leave', group: 'g' });
  t.deepEqual(seen, [
    ['g', ['1 leads 0']],
    ['h', ['1 leads 1']],
    ['g', ['2 leads 0', '3 leads 0']],
  ]);
  t.is(primary.router.groups.get('g')!.leader, 2);
});

const BAD_CHOICES: readonly [title: string, choose: () => never, warning: RegExp][] = [
  ['that throws', () => assertFails(), /^chooseLeader threw for "g"; the default chose\.$/],
  [
    'that returns a unknown peer',
    () => ({ workerId: 99 }) as never,
    /^chooseLeader returned none of the candidates for "g"/,
  ],
  ['that returns nothing', () => undefined as never, /^chooseLeader returned none of the candidates for "g"/],
];

function assertFails(): never {
  throw new Error('no idea');
}

for (const [title, chooseLeader, warning] of BAD_CHOICES) {
  test(`for a choice ${title} the default chooses, with a warning`, t => {
    const primary = new UnitPrimary({ chooseLeader });
    primary.join(1, 'g');
    t.is(primary.router.groups.get('g')!.leader, 1);
    t.regex(String(primary.events.find(({ event }) => event === 'warning')?.detail.message), warning);
  });
}

test('other options reach the workers, and count from then on', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.sentTo(1);
  primary.router.configure(resolvePrimaryOptions({ heartbeatMs: 10, leaderTimeoutMs: 50, hungLeader: 'kill' }));
  primary.clock.tick();
  t.like(primary.sentTo(1)[0], { k: 'welcome', heartbeatMs: 10, leaderTimeoutMs: 50 });
  primary.clock.advance(1000);
  t.deepEqual(primary.end.killed, [1]);
});

test('a transfer is answered when it is done', t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.join(2, 'g');
  const answers: unknown[] = [];
  const transfer = (to?: number, name = 'g') =>
    primary.router.transfer(name, to, failed => answers.push(failed ?? 'done'));
  transfer(undefined, 'h');
  transfer(2);
  primary.lead(1);
  transfer(9);
  transfer(1);
  transfer(2);
  transfer(2);
  t.deepEqual(answers, ['no group', 'vacant', 'no candidate', 'done', 'vacant']);
  primary.clock.tick();
  t.deepEqual(ofKind(primary.sentTo(1), 'handover'), [{ k: 'handover', group: 'g', term: 1e12 }]);
  primary.send(1, { k: 'resign', group: 'g', term: 1e12, cause: 'resigned' });
  primary.lead(2);
  t.is(answers.at(-1), 'done');
  t.is(answers.length, 6);
});

/** Of three in an overlapping group one leads and wants to go; its successor prepares, and the channel of that closes. */
function loseSuccessor() {
  const primary = new UnitPrimary();
  for (const id of [1, 2, 3]) primary.join(id, { handover: 'overlap' });
  const group = primary.router.groups.get('g')!;
  const { term, leader } = group;
  primary.lead(leader!);
  primary.send(leader!, { k: 'yield', group: 'g', term });
  const lost = group.successor!;
  const other = [1, 2, 3].find(id => id !== leader && id !== lost)!;
  primary.closed(lost);
  primary.sentTo(other);
  return { primary, term, leader: leader!, lost, other };
}

test('while a successor whose channel closed may have its real client open, no other prepares', t => {
  const { primary, lost, other } = loseSuccessor();
  primary.clock.tick();
  t.deepEqual(primary.sentTo(other), []);
  primary.exited(lost);
  t.deepEqual(
    primary.sentTo(other).map(({ k }) => k),
    ['prepare'],
  );
  t.false(primary.router.workers.has(lost));
});

test('a successor whose channel closed is forgotten once nobody waits for it', t => {
  const { primary, term, leader, lost } = loseSuccessor();
  t.true(primary.router.workers.has(lost));
  primary.send(leader, { k: 'yield', group: 'g', term, now: true });
  t.false(primary.router.workers.has(lost));
});

test('a primary that closes during an overlapping hand-over leaves no member behind', async t => {
  const primary = new UnitPrimary();
  for (const id of [1, 2]) primary.join(id, { handover: 'overlap' });
  const { router, end } = primary;
  const group = router.groups.get('g')!;
  const leader = group.leader!;
  primary.lead(leader);
  primary.send(leader, { k: 'yield', group: 'g', term: group.term });
  t.is(group.successor, 3 - leader);
  const detached = router.detach(end);
  for (const id of [1, 2]) primary.exited(id);
  await detached;
  t.is(router.groups.size, 0);
  t.is(router.workers.size, 0);
});

test('an overlapping hand-over asks the successor to prepare, and appoints it when it is ready', t => {
  const primary = new UnitPrimary();
  primary.join(1, { handover: 'overlap' });
  primary.join(2, { handover: 'overlap' });
  primary.lead(1);
  primary.sentTo(1);
  primary.sentTo(2);
  primary.send(1, { k: 'yield', group: 'g', term: 1e12 });
  t.deepEqual(primary.sentTo(2), [{ k: 'prepare', group: 'g', term: 1e12 + 1 }]);
  primary.send(2, { k: 'prepared', group: 'g', term: 1e12 + 1, methods: ['put'] });
  t.deepEqual(primary.sentTo(1), [{ k: 'handover', group: 'g', term: 1e12 }]);
  primary.send(1, { k: 'resign', group: 'g', term: 1e12, cause: 'resigned' });
  t.like(lastUpdate(primary, 2), { term: 1e12 + 1, phase: 'ready', methods: ['put'] });
});

test('a successor that is not heard of while it prepares is given up, from when it was asked', t => {
  const primary = new UnitPrimary();
  primary.join(1, { handover: 'overlap' });
  primary.join(2, { handover: 'overlap' });
  primary.lead(1);
  const beat = (ms: number) => {
    for (let past = 0; past < ms; past += 500) {
      primary.clock.advance(500);
      primary.send(1, { k: 'heartbeat', n: past });
    }
  };
  beat(10_000);
  let answer: string | undefined = 'none';
  primary.router.transfer('g', 2, failed => {
    answer = failed ?? 'done';
  });
  beat(2500);
  t.is(answer, 'none');
  t.is(primary.router.workers.get(2)!.leads, 0);
  beat(1000);
  t.is(answer, 'failed');
  t.is(primary.router.groups.get('g')!.leader, 1);
  t.is(primary.router.workers.get(2)!.prepares, 0);
});

test('whoever is behind an end that is detached hears goodbye and is forgotten', async t => {
  const primary = new UnitPrimary();
  const other = new FakePrimaryEnd(primary.clock);
  primary.router.attach(other);
  primary.join(1, 'g');
  primary.join(2, 'g');
  other.handlers!.message(
    { workerId: 0, pid: 1 },
    { [MARKER]: 1, up: 0, c: [{ k: 'hello', versions: [1], id: 'x', workerId: 0, pid: 1 }] },
    'public',
  );
  other.handlers!.message({ workerId: 0, pid: 1 }, primary.packet(0, { c: [join({ eligible: false })] }), 'public');
  primary.clock.tick();
  t.is(primary.router.groups.get('g')!.leader, 1);
  primary.sentTo(1);
  primary.sentTo(2);
  let isOver = false;
  const detached = primary.router.detach(primary.end).then(() => {
    isOver = true;
  });
  primary.clock.tick();
  t.deepEqual(primary.sentTo(1).at(-1), { k: 'goodbye' });
  t.deepEqual(
    primary
      .sentTo(2)
      .filter(frame => frame.k !== 'update')
      .at(-1),
    { k: 'goodbye' },
  );
  // Until it has read that, it may still lead.
  primary.send(1, join(), { k: 'heartbeat', n: 1 });
  t.is(primary.router.groups.get('g')!.leader, 1);
  t.false(primary.end.isClosed);
  primary.hello(2);
  primary.hello(1);
  await detached;
  t.true(isOver);
  t.true(primary.end.isClosed);
  t.false(other.isClosed);
  t.deepEqual(primary.sentTo(1), []);
  t.deepEqual([...primary.router.workers.keys()], [0]);
  t.deepEqual([...primary.router.groups.get('g')!.members.keys()], [0]);
  t.is(primary.router.pidOf(1), 0);
  primary.router.kill(1);
  t.deepEqual(primary.end.killed, []);
});

test('a leader that reads no goodbye is waited for until its lease is over, or it is dead', async t => {
  for (const end of [
    (primary: UnitPrimary) => primary.clock.advance(3500),
    (primary: UnitPrimary) => primary.exited(1),
  ]) {
    const primary = new UnitPrimary();
    primary.join(1, 'g');
    primary.lead(1);
    const detached = primary.router.detach(primary.end);
    t.is(primary.router.groups.size, 1);
    end(primary);
    await detached;
    t.true(primary.end.isClosed);
    t.is(primary.router.groups.size, 0);
    t.is(primary.clock.timers, 0);
  }
});

test('who led when the primary closed, and comes to the next one, is succeeded before it joins', async t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  const term = primary.lead(1);
  const detached = primary.router.detach(primary.end);
  primary.router.attach(primary.end);
  await detached;
  primary.join(2, 'g');
  t.is(primary.router.groups.get('g')!.leader, 1);
  primary.sentTo(1);
  primary.hello(1);
  t.is(primary.router.groups.get('g')!.leader, 2);
  t.true(primary.router.groups.get('g')!.term > term);
  t.deepEqual(
    primary.sentTo(1).map(({ k }) => k),
    ['welcome'],
  );
});

test('who led when the primary closed, and closes its real client yet, is waited for as long as it says so', async t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.lead(1);
  let isOver = false;
  void primary.router.detach(primary.end).then(() => {
    isOver = true;
  });
  const next = new FakePrimaryEnd(primary.clock);
  primary.router.attach(next);
  const say = (workerId: number, id: string, closing?: true) => {
    const peer = { workerId, pid: 1000 + workerId };
    const hello = { k: 'hello', versions: [1], id, workerId, pid: peer.pid, ...(closing && { closing }) };
    for (const end of [primary.end, next]) end.handlers?.message(peer, { [MARKER]: 1, up: 0, c: [hello] }, 'public');
  };
  for (let i = 0; i < 10; i++) {
    say(1, 'id-1', true);
    // It is not known at all.
    say(3, 'id-3', true);
    primary.clock.advance(2000);
    t.false(isOver);
    t.is(primary.router.groups.get('g')!.leader, 1);
  }
  say(1, 'id-1');
  await microtasks();
  t.true(isOver);
  t.deepEqual([...primary.router.workers.keys()], [1]);
  t.is(primary.router.groups.size, 0);
});

test('a hello that another end has answered says nothing to one that leaves', async t => {
  const primary = new UnitPrimary();
  primary.join(1, 'g');
  primary.join(2, 'h');
  primary.lead(1);
  void primary.router.detach(primary.end);
  const next = new FakePrimaryEnd(primary.clock);
  primary.router.attach(next);
  const peer = { workerId: 1, pid: 1001 };
  const hello = { [MARKER]: 1, up: 0, c: [{ k: 'hello', versions: [1], id: 'id-1', workerId: 1, pid: 1001 }] };
  next.handlers!.message(peer, hello, 'public');
  primary.end.handlers!.message(peer, hello, 'public');
  primary.clock.tick();
  t.is(primary.router.workers.get(1)!.end, next);
});

test('groups of a worker that comes before the others are led by those, too', t => {
  const primary = new UnitPrimary();
  primary.end.count = 3;
  for (const name of ['a', 'b', 'c']) primary.join(1, name);
  const leaders = () => ['a', 'b', 'c'].map(name => primary.router.groups.get(name)!.leader);
  t.deepEqual(leaders(), [1, undefined, undefined]);
  primary.clock.advance(100);
  primary.join(2, 'b');
  primary.join(2, 'c');
  t.deepEqual(leaders(), [1, 2, undefined]);
  primary.clock.advance(100);
  t.deepEqual(leaders(), [1, 2, 2]);
});

test('nothing is left when all workers are gone', t => {
  const primary = new UnitPrimary();
  for (const id of [1, 2, 3]) primary.join(id, 'g', 'h');
  primary.join(4, 'h');
  for (const id of [4, 1, 2, 3]) {
    primary.closed(id);
    primary.exited(id);
  }
  t.is(primary.router.groups.size, 0);
  t.is(primary.router.workers.size, 0);
  t.is(primary.clock.timers, 0);
});

test('where a leader can be reached is told to the other members of its group, each with its own key, and to nobody else', t => {
  const primary = new UnitPrimary({ route: 'direct' });
  primary.join(1, 'g');
  primary.join(2, 'g');
  primary.join(3, 'other');
  const term = primary.lead(1);
  const offer = { k: 'offer', group: 'g', term, address: 'a', secret: 's' } as const;
  const offerFor = (workerId: number) => ({ ...offer, secret: memberKey('s', 'g', term, workerId) });
  const offersOf = (workerId: number) => primary.sentTo(workerId).filter(({ k }) => k === 'offer');
  for (const id of [1, 2, 3]) primary.sentTo(id);
  primary.send(2, offer);
  primary.send(1, { ...offer, term: term - 1 });
  t.deepEqual([offersOf(1), offersOf(2), offersOf(3)], [[], [], []]);
  primary.send(1, offer);
  t.deepEqual([offersOf(1), offersOf(2), offersOf(3)], [[], [offerFor(2)], []]);
  primary.join(4, 'g');
  t.deepEqual(offersOf(4), [offerFor(4)]);
  primary.send(2, { k: 'route', group: 'g', term: term - 1, route: 'direct' });
  primary.send(4, { k: 'route', group: 'g', term, route: 'direct' });
  primary.closed(1);
  primary.exited(1);
  primary.join(5, 'g');
  t.deepEqual(offersOf(5), []);
});

test('of what a dead worker left only that is removed which it has not removed itself', t => {
  const sent: string[] = [];
  const note = (what: string) => (address: string) => void sent.push(`${what} ${address}`);
  const leftovers = { note: note('note'), forget: note('forget'), remove: note('remove') };
  const primary = new UnitPrimary({}, leftovers);
  primary.join(1, 'g');
  primary.join(2, 'g');
  for (const address of ['/a', '/b']) primary.send(1, { k: 'address', address });
  primary.send(2, { k: 'address', address: '/a', gone: true });
  t.deepEqual(sent.splice(0), ['note /a', 'note /b'], 'another says nothing of it');
  primary.send(1, { k: 'address', address: '/a', gone: true });
  primary.closed(1);
  primary.exited(1);
  t.deepEqual(sent, ['forget /a', 'remove /b']);
});

test('of what a worker made in the file system the last few are remembered, however much it tells of', t => {
  const removed: string[] = [];
  const nothing = () => {};
  const primary = new UnitPrimary({}, { note: nothing, forget: nothing, remove: address => removed.push(address) });
  primary.hello(1);
  primary.send(1, ...Array.from({ length: 100_000 }, (_, i) => ({ k: 'address', address: `a${i}` }) as const));
  primary.send(1, { k: 'address', address: 'a99990' });
  primary.closed(1);
  primary.exited(1);
  t.is(removed.length, 64);
  t.is(removed.at(-1), 'a99990');
});

test('a worker is in so many groups and no more, and leaves room for others when it leaves one', t => {
  const primary = new UnitPrimary();
  primary.hello(1);
  primary.join(2, 'g');
  primary.send(1, ...Array.from({ length: MOST_GROUPS + 5 }, (_, i) => join({ group: `g${i}`, eligible: false })));
  t.is(primary.router.groups.size, MOST_GROUPS + 1);
  t.is(primary.sentTo(1).filter(({ k }) => k === 'warning').length, 5);
  t.is(primary.events.filter(({ event }) => event === 'warning').length, 1);
  primary.send(1, join({ group: 'g1' }));
  t.is(primary.router.groups.get('g1')!.leader, 1, 'it may change what it said');
  primary.send(1, { k: 'leave', group: 'g0' }, join({ group: 'another', eligible: false }));
  t.true(primary.router.groups.has('another'));
});
