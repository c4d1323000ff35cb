import test from 'ava';
import { Peers } from '../../lib/fleet/peers.js';
import { Presence } from '../../lib/fleet/presence.js';
import { UnitClock } from '../helpers/clocks/unit-clock.js';

const peer = (host: string, hostTerm: number, member: number) => ({ process: `p${member}`, host, hostTerm, member });

function rig() {
  const gone: number[] = [];
  const presence = new Presence(new UnitClock());
  const peers = new Peers(presence, peer('own', 5, 1), { gone: ({ member }) => void gone.push(member) });
  peers.lead(7);
  return { gone, peers };
}

test('the successor of a leader of a host may connect, and its predecessor is gone before', t => {
  const { gone, peers } = rig();
  t.true(peers.connected(peer('a', 1, 10)));
  t.true(peers.connected(peer('b', 1, 20)));
  t.true(peers.connected(peer('a', 2, 11)));
  t.deepEqual(gone, [10]);
  t.false(peers.connected(peer('a', 1, 10)), 'the predecessor comes too late');
  t.true(peers.connected(peer('a', 2, 11)), 'again, after an interruption');
  t.deepEqual(gone, [10]);
});

test('of its own host a leader accepts only who came after it', t => {
  const { gone, peers } = rig();
  t.false(peers.connected(peer('own', 4, 2)));
  t.true(peers.connected(peer('own', 6, 3)));
  t.deepEqual(gone, []);
});

test('members that leave, are silent or are no longer among those of their process', t => {
  const { gone, peers } = rig();
  for (const member of [10, 11, 12, 13]) peers.connected(peer(`h${member}`, 1, member));
  peers.left(peer('h10', 1, 10));
  peers.left(peer('h10', 1, 10));
  peers.heard('p11', new Set([99]));
  peers.heard('p12', new Set([12]));
  peers.checked(process => process === 'p13');
  t.deepEqual(gone, [10, 11, 13]);
  peers.lead(8);
  peers.left(peer('h12', 1, 12));
  t.deepEqual(gone, [10, 11, 13], 'members of the last term are no concern of this one');
  peers.lead(undefined);
  peers.lead(undefined);
  peers.close();
});
