import test from 'ava';
import { succeed } from '../../lib/pm2/succession.js';
import type { Claim } from '../../lib/protocol/bus-frames.js';
import { UnitClock } from '../helpers/clocks/unit-clock.js';
import { ledByA } from '../helpers/pm2/log.js';

test('who is silent is succeeded after a while, but not where the state is lost meanwhile', t => {
  for (const isLost of [false, true]) {
    const clock = new UnitClock();
    const { state, term } = ledByA();
    const claims: Claim[] = [];
    let known: typeof state | undefined = state;
    succeed('a', { clock, me: 'c', choose: undefined, log: () => known, claim: claim => claims.push(claim) });
    if (isLost) known = undefined;
    clock.advance(10_000);
    t.deepEqual(
      claims.map(({ group, after }) => [group, after]),
      isLost ? [] : [['g', term]],
    );
  }
});
