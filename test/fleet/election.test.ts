// The election of a fleet group on one host, event by event: what it observes, and when it claims.

import test from 'ava';
import { wakeAt } from '../../lib/fleet/election.js';
import { follows, type Schedule, START, UnitElection } from '../helpers/unit/election.js';

function table(schedules: readonly Schedule[]): void {
  for (const [title, schedule, options] of schedules) test(title, t => follows(t, new UnitElection(options), schedule));
}

// ----------------------------------------------------------------------------------------------------- 1. observe

table([
  ['nothing is done before there is a connection', 'join |\n tick | \n wait 9000 |\n up | read'],
  ['a host without a member reads, and claims nothing', 'up | read\n read 0 nothing |\n wait 9000 |'],
  [
    'observe: a change of the revision begins the wait anew',
    `${START}
     read 4 a held 7        |
     wait 400               |
     announced 5 a held 7   |
     wait 500               |
     announced 6 a held 7   |
     wait 600               | read
     read 6 a held 7        |
     wait 2399              | read
     read 6 a held 7        |
     wait 1                 | write 6: me5 held 8 opening`,
  ],
  [
    'observe: the revision in a read counts, whether it is higher or lower',
    `${START}
     read 9 a held 7        |
     wait 600               | read
     read 3 a held 7        |
     wait 600               | read
     read 3 a held 7        |
     wait 2399              | read
     read 3 a held 7        |
     wait 1                 | warn went back, write 3: me5 held 8 opening`,
  ],
  [
    'observe: an announcement of a revision that is not higher is old',
    `${START}
     read 9 a held 7        |
     announced 8 a released 6 |
     announced 9 a released 7 |
     wait 590               |`,
  ],
  [
    'observe: a lower revision with a later term shows that the register went back',
    `${START}
     read 9 a held 7        |
     announced 2 b held 8   | read
     read 2 b held 8        |
     wait 590               |`,
  ],
  [
    'observe: an old announcement of a record that is damaged changes nothing',
    `${START}\n read 9 a held 7 |\n announced 2 damaged |\n wait 590 |`,
  ],
  [
    'observe: an announcement before the first read is not trusted',
    `${START}
     announced 4 a released 7 |
     read 5 b held 8        |
     wait 590               |`,
  ],
  [
    'observe: what was announced after a read was sent is newer than its answer',
    `${START}
     read 4 a held 7        |
     wait 600               | read
     announced 6 b held 8   |
     read 5 a released 7    | read
     read 6 b held 8        |
     wait 590               |`,
  ],
  [
    'observe: a read without an answer is repeated',
    `${START}
     unanswered             |
     wait 249               |
     wait 1                 | read
     unanswered             |
     wait 250               | read`,
  ],
  [
    'observe: a host that learns of no renewal reads the record',
    `${START}
     read 4 a held 7        |
     wait 599               |
     wait 1                 | read
     read 5 a held 7        |
     wait 600               | read`,
  ],
  [
    'observe: nothing is read of a released record that others are left to claim',
    'join ineligible |\n up | read\n read 4 a released 7 |\n wait 9000 |',
  ],
  [
    'observe: without announcements the record is read periodically',
    `join                    |
     up polling             | read
     read 4 a held 7        |
     wait 99                |
     wait 1                 | read
     read 4 a held 7        |
     wait 100               | read`,
  ],
  [
    'observe: nothing is asked without a connection, and the record is read when it is back',
    `${START}
     read 4 a held 7        |
     down                   |
     wait 9000              |
     up                     | read
     read 4 a held 7        | write 4: me5 held 8 opening`,
  ],
]);

// ------------------------------------------------------------------------------------------------------- 2. claim

table([
  ['claim: a record that was never written, at once', `${START}\n read 0 nothing | write 0: me5 held 1 opening`],
  ['claim: a released one, at once', `${START}\n read 4 a released 7 | write 4: me5 held 8 opening`],
  [
    'claim: a held one after its lease',
    `${START}
     read 4 a held 7 lease 500 |
     wait 499               |
     wait 1                 | read
     read 4 a held 7 lease 500 | write 4: me5 held 8 opening`,
  ],
  [
    'claim: the lease is that of the record, also if it is longer',
    `${START}
     read 4 a held 7 lease 9000 |
     wait 8999              | ...
     read 4 a held 7 lease 9000 |
     wait 1                 | write 4: me5 held 8 opening`,
  ],
  [
    'claim: one of the same host with a lower term of the host, at once',
    `${START}\n read 4 me4 held 7 | write 4: me5 held 8 opening`,
  ],
  [
    'claim: not one of the same host with a higher term of the host',
    `${START}\n read 4 me6 held 7 |\n wait 590 |\n wait 10 | read\n read 4 me6 held 7 |\n wait 590 |`,
  ],
  [
    'claim: its own one, though it does not lead, at once',
    `${START}\n read 4 me5 held 7 | write 4: me5 held 8 opening`,
  ],
  [
    'claim: after the register went back not even a released one before a lease has passed',
    `${START}
     read 9 a held 7        |
     wait 600               | read
     read 3 b released 6    |
     wait 2999              |
     wait 1                 | read
     read 3 b released 6    | warn went back, write 3: me5 held 8 opening`,
  ],
  [
    'claim: after a term went back not before a lease has passed',
    `${START}
     read 4 a held 7        |
     announced 5 b released 6 |
     wait 2999              |
     wait 1                 | read
     read 5 b released 6    | warn went back, write 5: me5 held 8 opening`,
  ],
  [
    'claim: one that somebody deleted, after a lease',
    `${START}
     read 4 nothing         |
     wait 2999              |
     wait 1                 | read
     read 4 nothing         | write 4: me5 held 1 opening`,
  ],
  [
    'claim: one of another version after its lease and the own one, in a later term',
    `${START}
     read 4 other version 7 lease 500 |
     wait 2999              | ...
     read 4 other version 7 lease 500 |
     wait 1                 | warn unreadable, write 4: me5 held 8 opening`,
  ],
  [
    'claim: a damaged one after the own lease',
    `${START}
     read 4 damaged         |
     wait 2999              | ...
     read 4 damaged         |
     wait 1                 | warn unreadable, write 4: me5 held 1 opening`,
  ],
  [
    'claim: what was confirmed long ago is read first, since others may have claimed',
    `${START}
     read 4 a held 7        |
     down                   |
     wait 60000             |
     up                     | read
     read 5 b held 8        |
     wait 590               |`,
  ],
  [
    'claim: a conflict is read, and the winner is waited for',
    `${START}
     read 4 a released 7    | write 4: me5 held 8 opening
     conflict               | read
     read 5 b held 8 opening |
     wait 590               |`,
  ],
  [
    'claim: one without an answer that was done is made again, in the next term',
    `${START}
     read 4 a released 7    | write 4: me5 held 8 opening
     unanswered             | read
     read 5 me5 held 8 opening | write 5: me5 held 9 opening`,
  ],
  [
    'claim: terms come from the wall clock',
    `${START}\n read 4 a released 7 | write 4: me5 held 1000 opening`,
    { wall: 1000 },
  ],
  ['claim: but they only grow', `${START}\n read 4 a released 2000 | write 4: me5 held 2001 opening`, { wall: 1000 }],
  ['claim: not by a host that is not eligible', 'join ineligible |\n up | read\n read 0 nothing |\n wait 9000 |'],
  ['claim: what was done stays done', `${START}\n read 4 a released 7 done | write 4: me5 held 8 opening done`],
]);

// ------------------------------------------------------------------------------------------------------ 3. jitter

table([
  [
    'jitter: up to 500 ms after a lease',
    `${START}
     read 4 a held 7        |
     wait 3249              | ...
     read 4 a held 7        |
     wait 1                 | write 4: me5 held 8 opening`,
    { random: 0.5 },
  ],
  [
    'jitter: half of that after a release',
    `${START}\n read 4 a released 7 |\n wait 124 |\n wait 1 | write 4: me5 held 8 opening`,
    { random: 0.5 },
  ],
  [
    'jitter: 20 ms more for each group that the process leads',
    `${START}\n read 4 a released 7 |\n wait 59 |\n wait 1 | write 4: me5 held 8 opening`,
    { leads: 3 },
  ],
  [
    'jitter: shorter for a higher priority',
    'join priority 1 |\n up | read\n read 4 a released 7 |\n wait 61 |\n wait 2 | write 4: me5 held 8 opening',
    { random: 0.5 },
  ],
  [
    'jitter: longer for a lower priority',
    'join priority -1 |\n up | read\n read 4 a released 7 |\n wait 249 |\n wait 1 | write 4: me5 held 8 opening',
    { random: 0.5 },
  ],
  [
    'jitter: none for the host that was named',
    `${START}\n read 4 a released 7 next Me | write 4: me5 held 8 opening`,
    { random: 0.5 },
  ],
  [
    'jitter: 300 ms more if another host was named',
    `${START}\n read 4 a released 7 next B |\n wait 299 |\n wait 1 | read`,
  ],
  [
    'jitter: none of that where any other host was asked for',
    `${START}\n read 4 a released 7 next anybody | write 4: me5 held 8 opening`,
  ],
  [
    'jitter: 2 s more for a host that released because somebody asked for another one',
    `${START}\n read 4 me4 released 7 next anybody |\n wait 1999 |\n wait 1 | read`,
  ],
  ['jitter: 300 ms more for a host that released', `${START}\n read 4 me4 released 7 |\n wait 299 |\n wait 1 | read`],
  [
    'jitter: without announcements those must have read it before',
    `join |\n up polling | read\n read 4 me4 released 7 |
     wait 100               | read
     read 4 me4 released 7  |
     wait 100               | read
     read 4 me4 released 7  |
     wait 100               | read
     read 4 me4 released 7  |
     wait 100               | write 4: me5 held 8 opening`,
  ],
  [
    'jitter: none for the successor of a process that died',
    `${START}\n read 4 me4 held 7 | write 4: me5 held 8 opening`,
    { random: 0.5, leads: 3 },
  ],
  [
    'jitter: a pause after a failure comes first',
    `${START}\n read 4 a released 7 pause 200 |\n wait 199 |\n wait 1 | write 4: me5 held 8 opening`,
  ],
]);

// -------------------------------------------------------------------------------------------------------- timers

test('a timer that fires early is set again', t => {
  const election = new UnitElection();
  follows(t, election, `${START}\n read 4 a held 7 |`);
  const at = wakeAt(election.state)!;
  t.is(at, 600);
  election.now = at - 1;
  follows(t, election, 'tick |');
  t.is(wakeAt(election.state), at);
});
