import test from 'ava';
import { FollowerRoutes } from '../../lib/member/follower-routes.js';
import type { Link } from '../../lib/member/link.js';
import { RouteProblem } from '../../lib/member/route-problem.js';
import { Kind } from '../../lib/protocol/bundle.js';
import { Outbox } from '../../lib/protocol/outbox.js';
import { DirectRig, TERM } from '../helpers/unit/direct.js';

test('who leaves while its leader is still read to the end hears nothing of that end', async t => {
  const rig = new DirectRig();
  await rig.open();
  const { clock, direct: transport, workerId } = rig[2];
  const outbox = new Outbox({
    clock,
    version: 1,
    link: 7,
    direction: 'up',
    carriesBytes: true,
    send: (_packet, written) => clock.defer(written),
  });
  const direct = { transport, hasNoRelay: false };
  const link = { clock, outbox, direct, self: { workerId, pid: 1 }, sendControl() {} } as unknown as Link;
  const name = 'g';
  const problem = new RouteProblem({ name, link, warning: () => t.fail() });
  const routes = new FollowerRoutes(
    { name, link, problem },
    () => {},
    () => {},
    () => {},
  );
  routes.to(TERM);
  routes.offered({ k: 'offer', group: 'g', term: TERM, ...rig.offerFor(workerId) });
  await rig.time.settle();
  t.is(routes.remote!.kind, 'direct');
  routes.finish(() => t.fail());
  await Promise.all([routes.leave(), rig.time.settle()]);
  t.is(routes.remote, undefined);
  rig.end();
  await rig.time.settle();
});

test('a route that was prepared, and whose member was given up meanwhile, begins anew', async t => {
  const rig = new DirectRig({ hasNoRelay: true });
  await rig.open();
  const { clock, direct: transport, workerId } = rig[2];
  const link = { clock, direct: { transport, hasNoRelay: true }, self: { workerId, pid: 1 }, sendControl() {} };
  const name = 'g';
  const problem = new RouteProblem({ name, link: link as unknown as Link, warning: () => t.fail() });
  const nothing = () => {};
  const routes = new FollowerRoutes({ name, link: link as unknown as Link, problem }, nothing, nothing, () => t.fail());
  routes.offered({ k: 'offer', group: 'g', term: TERM, ...rig.offerFor(workerId) });
  await rig.time.settle();
  rig.relayUp({ g: 'g', t: TERM, h: [Kind.MEMBER_LEFT, workerId, 1, 0], x: '[0]' });
  await rig.time.advance(1000);
  const route = routes.to(TERM);
  route.send(Kind.CALL, 1, '0', undefined, { method: 'm', deadline: 1e9 });
  await rig.time.settle();
  t.regex(rig.received.at(-1)!, /^2 CALL 1 /);
  routes.destroy();
  rig.end();
  await rig.time.settle();
});
