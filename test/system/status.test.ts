import type { ClientStatus } from '../../lib/index.js';
import { EPOCH } from '../helpers/clocks/virtual-time.js';
import { system } from '../helpers/system/test.js';

const NO_STREAMS = { open: 0, items: 0, bytes: 0 };

/** Of each histogram only the count. */
const withoutTimes = ({ calls, served, failovers, ...rest }: ClientStatus) => ({
  ...rest,
  calls: { ...calls, queued: calls.queued.count, total: calls.total.count },
  served: { ...served, duration: served.duration.count },
  failovers: { ...failovers, duration: failovers.duration.count },
});

system('status() of a client, leader and follower, tells where it stands', async (t, rig) => {
  const worker = rig.fork();
  const early = rig.client(worker, { eligible: false });
  void early.echo(1);
  t.deepEqual(withoutTimes(early.status()), {
    name: 'g',
    transport: 'memory',
    route: undefined,
    routeProblem: undefined,
    role: 'follower',
    term: 0,
    leader: undefined,
    calls: {
      waiting: 1,
      inFlight: 0,
      ended: { ok: 0, failed: 0 },
      failures: {},
      resent: 0,
      streams: NO_STREAMS,
      queued: 0,
      total: 0,
    },
    served: { running: 0, ended: { ok: 0, failed: 0, abandoned: 0 }, duration: 0, streams: NO_STREAMS },
    subscriptions: 0,
    sticky: 0,
    queuedBytes: 'echo'.length + 16 + '1'.length,
    ended: undefined,
    failovers: { count: 0, causes: {}, duration: 0, last: undefined },
    fleet: undefined,
  });
  const leading = rig.client(rig.fork());
  await rig.time.until(Promise.all([early.ready(), leading.ready()]));
  await rig.time.until(early.subscribe('topic', () => {}).ready);
  await rig.time.until(early.with({ sticky: 'me' }).publish('here'));
  await rig.time.until(early.fail(new Error('no')).then(null, () => {}));
  void early.hold(1).catch(() => {});
  await rig.connect();
  const leader = { workerId: 2, pid: rig.workers[1]!.pid };
  const { term } = leading;
  t.deepEqual(withoutTimes(early.status()), {
    name: 'g',
    transport: 'memory',
    route: rig.route,
    routeProblem: undefined,
    role: 'follower',
    term,
    leader,
    calls: {
      waiting: 0,
      inFlight: 1,
      ended: { ok: 2, failed: 1 },
      failures: { rejected: 1 },
      resent: 0,
      streams: NO_STREAMS,
      queued: 4,
      total: 3,
    },
    served: { running: 0, ended: { ok: 0, failed: 0, abandoned: 0 }, duration: 0, streams: NO_STREAMS },
    subscriptions: 1,
    sticky: 1,
    queuedBytes: 0,
    ended: undefined,
    failovers: { count: 0, causes: {}, duration: 0, last: undefined },
    fleet: undefined,
  });
  t.like(withoutTimes(leading.status()).served, { running: 1, ended: { ok: 2, failed: 1 }, duration: 3 });
  const { role, route } = leading.status();
  t.deepEqual([role, route, leading.leader], ['leader', 'local', leader]);
  t.deepEqual(JSON.parse(JSON.stringify(leading.status())).leader, leader);
});

system('status() of the primary is a plain object, with every group and member', async (t, rig) => {
  const client = rig.client(rig.fork(), { priority: 3 });
  await rig.time.until(client.ready());
  await rig.time.advance(50);
  const other = rig.client(rig.fork(), { eligible: false });
  const here = rig.client(undefined);
  await rig.time.until(Promise.all([other.ready(), here.ready()]));
  rig.client(rig.workers[1], { name: 'h', eligible: false });
  await rig.time.settle();
  const [one, two] = rig.workers;
  const { groups, queuedBytes, messages, bytes } = rig.primary.status();
  t.is(queuedBytes, 0);
  t.true(messages >= 0 && bytes >= 0);
  const { term } = client;
  const members = [
    { workerId: 1, pid: one!.pid, eligible: true, priority: 3, route: 'local' },
    { workerId: 0, pid: process.pid, eligible: false, priority: 0, route: 'relay' },
    { workerId: 2, pid: two!.pid, eligible: false, priority: 0, route: rig.route },
  ];
  t.deepEqual(
    groups.map(({ failovers, ...group }) => ({
      ...group,
      members: group.members.map(({ joinedAt: _, ...member }) => member),
      failovers: failovers.count,
    })),
    [
      {
        name: 'g',
        term,
        state: 'leading',
        leader: { workerId: 1, pid: one!.pid },
        members,
        ended: undefined,
        failovers: 0,
      },
      {
        name: 'h',
        term: 0,
        state: 'vacant',
        leader: undefined,
        members: [{ workerId: 2, pid: two!.pid, eligible: false, priority: 0, route: undefined }],
        ended: undefined,
        failovers: 0,
      },
    ],
  );
  t.deepEqual(rig.primary.status().workers, [
    { workerId: 1, pid: one!.pid, leads: 1, queuedBytes: 0 },
    { workerId: 0, pid: process.pid, leads: 0, queuedBytes: 0 },
    { workerId: 2, pid: two!.pid, leads: 0, queuedBytes: 0 },
  ]);
  for (const { joinedAt } of groups[0]!.members) t.true(joinedAt >= EPOCH && joinedAt <= rig.time.wall());
  t.notThrows(() => structuredClone(rig.primary.status()));
});

system(
  'messages and bytes count what was passed on',
  async (t, rig) => {
    const clients = await rig.clients(2);
    await rig.time.settle();
    const before = rig.primary.status();
    await rig.time.until(clients[1]!.echo('x'.repeat(1000)));
    const after = rig.primary.status();
    t.is(after.messages - before.messages, 2);
    t.true(after.bytes - before.bytes >= 2000);
    await rig.time.until(clients[0]!.echo('the leader asks itself'));
    t.deepEqual(rig.primary.status(), after);
  },
  { over: ['advanced', 'json'] },
);

system(
  'one value for many crosses from the leader to the primary once',
  async (t, rig) => {
    const clients = await rig.clients(6);
    for (const client of clients) await rig.time.until(client.subscribe('topic', () => {}).ready);
    await rig.time.settle();
    const before = rig.primary.status();
    rig.upstream().push('topic', 'x'.repeat(10_000));
    await rig.time.settle();
    const after = rig.primary.status();
    t.is(after.messages - before.messages, 1);
    t.true(after.bytes - before.bytes < 11_000);
  },
  { over: ['advanced', 'json'] },
);

system('the states of a group over a hand-over and a fence', async (t, rig) => {
  const state = () => rig.primary.status().groups[0]!.state;
  let open = () => {};
  rig.upstream().onReady = () => new Promise<void>(resolve => (open = resolve));
  const clients = [rig.client(rig.fork()), rig.client(rig.fork())];
  await rig.time.settle();
  const seen: string[] = [state()];
  open();
  await rig.time.settle();
  seen.push(state());
  const call = clients[1]!.work(1, 50);
  await rig.time.settle();
  void rig.primary.transfer('g');
  await rig.time.settle();
  seen.push(state());
  await rig.time.until(call);
  await rig.time.settle();
  seen.push(state());
  open();
  await rig.time.settle();
  rig.upstream().onReady = () => {};
  rig.leader().disconnect();
  await rig.time.settle();
  seen.push(state());
  rig.workers[0]!.kill();
  await rig.time.settle();
  await rig.time.advance(1000);
  seen.push(rig.primary.status().groups.length === 0 ? 'gone' : state());
  t.deepEqual(seen, ['opening', 'leading', 'handing-over', 'opening', 'fenced', 'gone']);
});

system('failovers are counted, with cause and duration, in the primary and in the workers', async (t, rig) => {
  const clients = await rig.clients(3);
  const last = clients[2]!;
  const terms = [last.term];
  const story = async (next: () => unknown) => {
    const { term } = last;
    rig.upstream().onReady = () => new Promise<void>(resolve => rig.time.setTimer(resolve, 7));
    next();
    await rig.time.reached(() => last.term > term && last.status().route !== undefined);
    await rig.time.settle();
    terms.push(last.term);
  };
  await story(() => rig.leader().kill());
  await story(() => void rig.primary.transfer('g'));
  const { failovers } = rig.primary.status().groups[0]!;
  t.like(failovers, { count: 2, causes: { exited: 1, resigned: 1 } });
  t.deepEqual(failovers.last, { cause: 'resigned', fromTerm: terms[1]!, toTerm: terms[2]!, durationMs: 7 });
  t.like(failovers.duration, { count: 2, sumMs: 14 });
  t.is(failovers.duration.counts[6], 2, 'longer than 4 ms, but no longer than 8');
  t.like(last.status().failovers, { count: 2, causes: { exited: 1, resigned: 1 } });
  t.like(last.status().failovers.last, { cause: 'resigned', toTerm: terms[2]! });
  t.notThrows(() => structuredClone(last.status()));
});

system('a primary that closed and was set up again begins to count anew', async (t, rig) => {
  const [client] = await rig.clients(1);
  await rig.time.until(rig.primary.close());
  await rig.time.advance(100);
  rig.setup();
  await rig.time.until(client!.ready());
  t.is(client!.status().failovers.count, 0);
});
