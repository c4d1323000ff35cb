import test from 'ava';
import { newLink, Received } from '../../lib/protocol/envelope.js';

test('each packet of the other side counts once, and what skips some counts too', t => {
  const received = new Received('up', 7);
  t.true(received.accepts({ link: 7, up: 1 }));
  t.false(received.accepts({ link: 7, up: 1 }));
  t.true(received.accepts({ link: 7, up: 3 }));
  t.false(received.accepts({ link: 7, up: 2 }));
  t.true(received.accepts({ link: 7, up: 4 }));
});

test('what goes the other way, over another link, or says neither is not meant', t => {
  for (const [direction, other] of [
    ['up', 'down'],
    ['down', 'up'],
  ] as const) {
    const received = new Received(direction, 7);
    for (const envelope of [{ link: 7, [other]: 1 }, { link: 8, [direction]: 1 }, { [direction]: 1 }, { link: 7 }, {}])
      t.false(received.accepts(envelope));
    t.true(received.accepts({ link: 7, [direction]: 1 }));
  }
});

test('links have names of their own', t => {
  const links = Array.from({ length: 100 }, newLink);
  t.is(new Set(links).size, 100);
  for (const link of links) t.true(Number.isSafeInteger(link) && link >= 0);
});
