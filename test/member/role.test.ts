import test from 'ava';
import { heldTerm, isLeading, newRole, play } from '../../lib/member/role.js';
import { plays, readRoleEvent, UnitRole } from '../helpers/unit/role.js';

const STORIES: Readonly<Record<string, readonly (readonly [title: string, schedule: string])[]>> = {
  appointment: [
    [
      'an appointed member opens the real client, and serves once it is open',
      `update 1@5 opening, leased | open 5  | opening 5
       opened 5                 | serve 5 | leading 5
       update 1@5 ready           |         | leading 5`,
    ],
    [
      'an appointment that was read long after it ended opens nothing: the lease never comes',
      `update 1@5 opening |         | opening 5
       update 2@6 ready   | close 5 | closing 5
       leased           |         | closing 5
       closed 5         |         | following
       leased           |         | following`,
    ],
    [
      'an appointed member that wants to go before it has a lease gives its term back unopened',
      `update 1@5 opening |                   | opening 5
       resign           | close 5           | closing 5 resigned
       closed 5         | resign 5 resigned | following`,
    ],
    [
      'a renewed lease opens nothing twice',
      `update 1@5 opening |         | opening 5
       leased           | open 5  | opening 5
       leased           |         | opening 5
       opened 5         | serve 5 | leading 5
       leased           |         | leading 5`,
    ],
    [
      'a member follows whoever else leads',
      `update 2@5 opening |  | following
       update 2@5 ready   |  | following
       update 5 vacant    |  | following
       update 3@6 ready   |  | following`,
    ],
    [
      'an appointment that was read late, when the leader should be ready already, still counts',
      `update 1@5 ready, leased | open 5 | opening 5`,
    ],
    ['news that the group is vacant appoints nobody, whatever it names', `update 1@5 vacant |  | following`],
    [
      'what became of another term than that at hand changes nothing',
      `update 1@5 opening, leased | open 5  | opening 5
       opened 4                 |         | opening 5
       open failed 4            |         | opening 5
       broken 4                 |         | opening 5
       closed 5                 |         | opening 5
       drained 5                |         | opening 5
       handover 4               |         | opening 5
       opened 5                 | serve 5 | leading 5
       opened 5                 |         | leading 5
       open failed 5            |         | leading 5
       broken 4                 |         | leading 5
       drained 5                |         | leading 5
       closed 5                 |         | leading 5
       handover 6               |         | leading 5`,
    ],
    [
      'a member that follows has nothing to end',
      `opened 5      |  | following
       open failed 5 |  | following
       broken 5      |  | following
       drained 5     |  | following
       closed 5      |  | following
       handover 5    |  | following
       resign        |  | following
       waited enough |  | following
       lost          |  | following`,
    ],
  ],
  'end of a term': [
    [
      'a real client that could not be opened is closed, then the term is given back',
      `update 1@5 opening, leased | open 5          | opening 5
       open failed 5            | close 5         | closing 5 failed
       opened 5                 |                 | closing 5 failed
       broken 5                 |                 | closing 5 failed
       closed 5                 | resign 5 failed | following`,
    ],
    [
      'a real client that breaks before it is open could not be opened',
      `update 1@5 opening, leased | open 5          | opening 5
       broken 5                 | close 5         | closing 5 failed
       closed 5                 | resign 5 failed | following`,
    ],
    [
      'a real client that breaks is closed, then the term is given back',
      `update 1@5 opening, leased | open 5          | opening 5
       opened 5                 | serve 5         | leading 5
       broken 5                 | stop, close 5   | closing 5 broken
       closed 4                 |                 | closing 5 broken
       closed 5                 | resign 5 broken | following`,
    ],
    [
      'a leader that is asked to hand over lets its calls end first',
      `update 1@5 opening, leased | open 5            | opening 5
       opened 5                 | serve 5           | leading 5
       handover 5               | drain 5           | draining 5
       handover 5               |                   | draining 5
       drained 4                |                   | draining 5
       drained 5                | stop, close 5     | closing 5 resigned
       closed 5                 | resign 5 resigned | following`,
    ],
    [
      'a real client that breaks while its calls end is closed at once',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       handover 5               | drain 5         | draining 5
       broken 5                 | stop, close 5   | closing 5 broken
       drained 5                |                 | closing 5 broken
       closed 5                 | resign 5 broken | following`,
    ],
    [
      'a leader that wants to go waits for the word of the primary',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       resign                   | yield 5 | leading 5
       resign                   | yield 5 | leading 5
       handover 5               | drain 5 | draining 5
       resign                   |         | draining 5`,
    ],
    [
      'a leader that wants to go asks again, urgently, and goes without that word',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       resign                   | yield 5       | leading 5
       waited enough            | yield 5 now   | leading 5, late
       resign                   | yield 5 now   | leading 5, late
       waited enough            | drain 5       | draining 5
       waited enough            |               | draining 5
       drained 5                | stop, close 5 | closing 5 resigned
       resign                   |               | closing 5 resigned`,
    ],
    [
      'a leader that wants to go before its real client is open gives up opening it',
      `update 1@5 opening, leased | open 5            | opening 5
       resign                   | close 5           | closing 5 resigned
       opened 5                 |                   | closing 5 resigned
       closed 5                 | resign 5 resigned | following`,
    ],
    [
      'a leader that is asked to hand over before its real client is open gives up opening it',
      `update 1@5 opening, leased | open 5            | opening 5
       handover 5               | close 5           | closing 5 resigned
       closed 5                 | resign 5 resigned | following`,
    ],
  ],
  'being deposed': [
    [
      'a leader that learns of a newer term closes, and says nothing of it',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       update 2@6 opening         | stop, close 5 | closing 5
       closed 5                 |               | following`,
    ],
    [
      'a leader that learns that its term is over closes',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       update 5 vacant            | stop, close 5 | closing 5
       closed 5                 |               | following`,
    ],
    [
      'a member that was deposed while it opened gives up opening',
      `update 1@5 opening, leased | open 5  | opening 5
       update 2@6 opening         | close 5 | closing 5
       closed 5                 |         | following`,
    ],
    [
      'a member that was deposed while its calls end closes',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       handover 5               | drain 5       | draining 5
       update 6 vacant            | stop, close 5 | closing 5
       closed 5                 |               | following`,
    ],
    [
      'a member that is appointed anew while it leads closes the old real client before it opens the new one',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       update 1@6 opening         | stop, close 5 | closing 5
       update 1@6 opening         |               | closing 5
       closed 5, leased         | open 6        | opening 6`,
    ],
    [
      'of what it was told while it closed only the last counts',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       update 1@6 opening         | stop, close 5 | closing 5
       update 2@7 opening         |               | closing 5
       closed 5                 |               | following`,
    ],
    [
      'news of a term that ended here comes too late',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       broken 5                 | ...
       update 1@5 ready           |                 | closing 5 broken
       closed 5                 | resign 5 broken | following
       update 1@5 ready           |                 | following
       update 1@6 opening, leased | open 6          | opening 6`,
    ],
    [
      'a term that broke is given back although the next one is its own too',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       broken 5                 | ...
       update 1@6 opening         |                         | closing 5 broken
       closed 5, leased         | resign 5 broken, open 6 | opening 6`,
    ],
  ],
  succession: [
    [
      'a successor opens and says so, and serves once its term has begun',
      `update 2@5 ready    |                 | following
       prepare 6, leased | open 6          | opening 6 to succeed
       update 2@5 ready    |                 | opening 6 to succeed
       opened 6          | send prepared 6 | opening 6 to succeed, open
       opened 5          |                 | opening 6 to succeed, open
       update 1@6 ready    | serve 6         | leading 6`,
    ],
    [
      'a successor whose term begins before it is open goes on like any leader',
      `update 2@5 ready    |         | following
       prepare 6, leased | open 6  | opening 6 to succeed
       update 5 vacant     |         | opening 6 to succeed
       update 1@6 opening  |         | opening 6
       opened 6          | serve 6 | leading 6`,
    ],
    [
      'a request to prepare that was read long after it was withdrawn opens nothing',
      `prepare 6        |                   | opening 6 to succeed
       handover 6       | close 6           | closing 6 resigned
       leased           |                   | closing 6 resigned
       closed 6         | resign 6 resigned | following`,
    ],
    [
      'a successor that fails says so',
      `prepare 6, leased | open 6          | opening 6 to succeed
       open failed 6     | close 6         | closing 6 failed
       closed 6          | resign 6 failed | following`,
    ],
    [
      'a successor whose open real client breaks says so',
      `prepare 6, leased | open 6          | opening 6 to succeed
       opened 6          | send prepared 6 | opening 6 to succeed, open
       broken 6          | close 6         | closing 6 failed
       closed 6          | resign 6 failed | following`,
    ],
    [
      'a successor closes when another is appointed instead',
      `prepare 6, leased | open 6          | opening 6 to succeed
       opened 6          | send prepared 6 | opening 6 to succeed, open
       update 3@7 opening  | close 6         | closing 6
       closed 6          |                 | following`,
    ],
    [
      'a successor that is appointed under a newer number closes and opens again',
      `prepare 6, leased | open 6          | opening 6 to succeed
       opened 6          | send prepared 6 | opening 6 to succeed, open
       update 1@7 opening  | close 6         | closing 6
       closed 6, leased  | open 7          | opening 7`,
    ],
    [
      'a member that is asked to prepare while it closes does so afterwards',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       update 2@6 ready           | stop, close 5 | closing 5
       prepare 7                |               | closing 5
       closed 5, leased         | open 7        | opening 7 to succeed`,
    ],
    [
      'a request to prepare that was overtaken by a newer term is forgotten',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       update 2@6 ready           | ...
       prepare 7                |     | closing 5
       update 3@8 opening         |     | closing 5
       closed 5                 |     | following
       prepare 8                |     | following`,
    ],
    [
      'a successor that wants to go gives its number back',
      `prepare 6, leased | open 6            | opening 6 to succeed
       resign            | close 6           | closing 6 resigned
       closed 6          | resign 6 resigned | following`,
    ],
  ],
  leaving: [
    [
      'a follower leaves at once, for good',
      `leave            | leave | gone
       leave            |       | gone
       update 1@5 opening |       | gone
       prepare 6        |       | gone
       lost             |       | gone`,
    ],
    [
      'a leader that leaves hands over first',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       leave                    | yield 5       | leading 5
       handover 5               | drain 5       | draining 5
       leave                    |               | draining 5
       drained 5                | stop, close 5 | closing 5 resigned
       leave                    |               | closing 5 resigned
       closed 5                 | leave         | gone`,
    ],
    [
      'a member that leaves while it opens gives up opening',
      `update 1@5 opening, leased | open 5  | opening 5
       leave                    | close 5 | closing 5 resigned
       closed 5                 | leave   | gone`,
    ],
    [
      'a member that leaves while it closes a broken real client says so, and takes no new term',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       broken 5                 | stop, close 5          | closing 5 broken
       leave                    |                        | closing 5 broken
       update 1@6 opening         |                        | closing 5 broken
       closed 5                 | resign 5 broken, leave | gone`,
    ],
    [
      'a leader that leaves and is deposed before the word to hand over comes is gone all the same',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       leave                    | yield 5       | leading 5
       update 2@6 opening         | stop, close 5 | closing 5
       closed 5                 | leave         | gone`,
    ],
  ],
  'without a primary': [
    [
      'a leader closes at once, and tells nobody',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       lost                     | stop, close 5 | closing 5
       lost                     |               | closing 5
       closed 5                 |               | following`,
    ],
    [
      'a member that opens gives up, and one whose calls end closes',
      `update 1@5 opening, leased | open 5        | opening 5
       lost                     | close 5       | closing 5
       closed 5                 |               | following
       update 1@6 opening, leased | open 6        | opening 6
       opened 6                 | serve 6       | leading 6
       handover 6               | drain 6       | draining 6
       lost                     | stop, close 6 | closing 6
       closed 6                 |               | following`,
    ],
    [
      'what is given back already is not told to a primary that is set up later',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       broken 5                 | stop, close 5 | closing 5 broken
       update 1@6 opening         |               | closing 5 broken
       lost                     |               | closing 5
       closed 5                 |               | following
       update 1@7 opening, leased | open 7        | opening 7`,
    ],
    [
      'a member that leaves is gone once it is closed',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       leave                    | yield 5       | leading 5
       lost                     | stop, close 5 | closing 5
       closed 5                 | leave         | gone`,
    ],
    [
      'a request to prepare is forgotten',
      `update 1@5 opening, leased | ...
       opened 5                 | ...
       update 2@6 ready           | ...
       prepare 7                |     | closing 5
       lost                     |     | closing 5
       closed 5                 |     | following`,
    ],
  ],
};

for (const [chapter, stories] of Object.entries(STORIES)) {
  for (const [title, schedule] of stories) {
    test(`${chapter}: ${title}`, t => plays(t, new UnitRole(), schedule));
  }
}

test('a member leads from the appointment that it read until it steps down', t => {
  const role = new UnitRole();
  const expected: readonly [event: string, isLeading: boolean][] = [
    ['update 2@4 ready', false],
    ['update 1@5 opening', true],
    ['leased', true],
    ['opened 5', true],
    ['handover 5', true],
    ['drained 5', false],
    ['closed 5', false],
    ['prepare 6', false],
    ['leased', false],
    ['opened 6', false],
    ['update 1@6 ready', true],
  ];
  for (const [event, leads] of expected) {
    role.apply(readRoleEvent(event));
    t.is(isLeading(role.state), leads, event);
  }
});

test('a term is held until it was given back, and a new one from its appointment, also while the old real client closes', t => {
  const role = new UnitRole();
  const expected: readonly [event: string, term: number | undefined][] = [
    ['update 2@4 ready', undefined],
    ['update 1@5 opening', 5],
    ['leased', 5],
    ['opened 5', 5],
    ['handover 5', 5],
    ['drained 5', 5],
    ['closed 5', undefined],
    ['prepare 6', undefined],
    ['update 1@6 opening', 6],
    ['opened 6', 6],
    ['update 6 vacant', undefined],
    ['update 1@7 opening', 7],
    ['update 7 vacant', undefined],
    ['closed 6', undefined],
  ];
  for (const [event, term] of expected) {
    role.apply(readRoleEvent(event));
    t.is(heldTerm(role.state), term, event);
  }
});

test('an event that nobody knows is an error in the code', t => {
  t.throws(() => play(newRole(1), { type: 'nonsense' } as never), { message: 'Unexpected case: {"type":"nonsense"}' });
});
