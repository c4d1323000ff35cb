import test from 'ava';
import type { Link } from '../../lib/member/link.js';
import { Roads } from '../../lib/member/roads.js';
import { Outbox } from '../../lib/protocol/outbox.js';
import { DirectRig, TERM } from '../helpers/unit-direct.js';

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
  const direct = { transport, isOnly: false };
  const link = { clock, outbox, direct, self: { workerId, pid: 1 }, tell() {} } as unknown as Link;
  const roads = new Roads({ group: 'g', link, read() {}, hear() {}, reached() {}, warn: () => t.fail() });
  roads.to(TERM);
  roads.offered({ k: 'offer', group: 'g', term: TERM, ...rig.offerFor(workerId) });
  await rig.time.settle();
  t.is(roads.remote!.kind, 'direct');
  roads.finish(() => t.fail());
  await Promise.all([roads.leave(), rig.time.settle()]);
  t.is(roads.remote, undefined);
  rig.end();
  await rig.time.settle();
});
