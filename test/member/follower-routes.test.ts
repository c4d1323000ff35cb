import test from 'ava';
import { FollowerRoutes } from '../../lib/member/follower-routes.js';
import type { Link } from '../../lib/member/link.js';
import { RouteProblem } from '../../lib/member/route-problem.js';
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
