// The election of a fleet group on one host, event by event.

import test from 'ava';
import { isReleasing, wakeAt } from '../../lib/fleet/election.js';
import { follows, UnitElection, type UnitElectionOptions } from '../helpers/unit/election.js';

const START = `
  join                     |
  up                       | read
`;

/** It leads in term 1, since time 0, by revision 1. */
const LEADS = `${START.trimEnd()}
  read 0 nothing           | write 0: me5 held 1 opening
  written 1                | announce 1, lead 1 from 0
  beat 1                   |
  ready 1                  | write 1: me5 held 1
  written 2                | announce 2, acknowledge 1
`;

type Schedule = readonly [title: string, schedule: string, options?: UnitElectionOptions];

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
    'observe: a host that hears of no renewal reads the record',
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

// -------------------------------------------------------------------------------------------------------- 4. lead

table([
  [
    'lead: a term begins with the answer, and its lease with the sending',
    `${START}\n read 0 nothing | write 0: me5 held 1 opening\n wait 100 |\n written 1 | announce 1, lead 1 from 0`,
  ],
  [
    'lead: an answer after the lease is no lease',
    `${START}\n read 0 nothing | write 0: me5 held 1 opening\n wait 2000 |\n written 1 | announce 1, lead 1 from 0, step down 1 silent, write 1: me5 held 2 opening`,
  ],
  [
    'lead: a heartbeat renews, and is acknowledged with the answer',
    `${LEADS}
     wait 400               |
     beat 2                 | write 2: me5 held 1
     wait 100               |
     written 3              | announce 3, acknowledge 2`,
  ],
  [
    'lead: one that follows a write at once waits for the next',
    `${LEADS}\n wait 199 |\n beat 2 |\n wait 200 |\n beat 3 | write 2: me5 held 1\n written 3 | announce 3, acknowledge 2 3`,
  ],
  [
    'lead: one during a write waits for the next',
    `${LEADS}\n wait 400 |\n beat 2 | write 2: me5 held 1\n beat 3 |\n written 3 | announce 3, acknowledge 2, write 3: me5 held 1\n written 4 | announce 4, acknowledge 3`,
  ],
  ['lead: without a term a heartbeat is acknowledged', `${START}\n beat 1 | acknowledge 1`],
  [
    'lead: the lease ends by itself, whatever is under way',
    `${LEADS}\n wait 400 |\n beat 2 | write 2: me5 held 1\n wait 1599 |\n wait 1 | step down 1 silent`,
  ],
  ['lead: the lease ends without a connection', `${LEADS}\n down |\n wait 1999 |\n wait 1 | step down 1 silent`],
  [
    'lead: a process that was frozen ends its lease before it reads what has arrived',
    `${LEADS}
     wait 400               |
     beat 2                 | write 2: me5 held 1
     freeze 1600            |
     written 3              | step down 1 silent, announce 3, write 3: me5 held 2 opening`,
  ],
  ['lead: a real client that is open is recorded', `${LEADS}\n wait 400 |\n ready 1 | write 2: me5 held 1`],
  ['lead: a term that is over is not made ready', `${LEADS}\n ready 7 |\n yield 7 |\n resign 7 |`],
  ['lead: a host that is not eligible any more hands over', `${LEADS}\n join ineligible | hand over 1`],
  [
    'lead: one that became so while it opened, too',
    `${START}\n read 0 nothing | write 0: me5 held 1 opening\n written 1 | announce 1, lead 1 from 0\n join ineligible |\n ready 1 | hand over 1, write 1: me5 held 1`,
  ],
  ['lead: what is done is recorded at once', `${LEADS}\n done | write 2: me5 held 1 done`],
]);

// -------------------------------------------------------------------------------- 5. writes without an answer

table([
  [
    'a write without an answer: if it was done, the lease runs from its sending',
    `${LEADS}
     wait 500               |
     beat 2                 | write 2: me5 held 1
     wait 1000              |
     unanswered             | read
     read 3 me5 held 1      | acknowledge 2, write 3: me5 held 1
     wait 999               |
     wait 1                 | step down 1 silent`,
  ],
  [
    'a write without an answer: if it was not done, it is no lease',
    `${LEADS}
     wait 500               |
     beat 2                 | write 2: me5 held 1
     wait 1000              |
     unanswered             | read
     read 2 me5 held 1      | write 2: me5 held 1
     wait 499               |
     wait 1                 | step down 1 silent`,
  ],
  [
    'a write without an answer: of several, the lease runs from the first',
    `${LEADS}
     wait 500               |
     beat 2                 | write 2: me5 held 1
     wait 100               |
     unanswered             | read
     read 2 me5 held 1      | write 2: me5 held 1
     wait 100               |
     unanswered             | read
     read 3 me5 held 1      | acknowledge 2, write 3: me5 held 1
     wait 1799              |
     wait 1                 | step down 1 silent`,
  ],
  [
    'a write without an answer: a version from before it does not show that it was done',
    `${LEADS}
     wait 500               |
     beat 2                 | write 2: me5 held 1
     unanswered             | read
     read 1 me5 held 1      | write 1: me5 held 1
     conflict               | read
     read 2 me5 held 1      | write 2: me5 held 1
     wait 1499              |
     wait 1                 | step down 1 silent`,
  ],
  [
    'a write without an answer: a request of another host does not show that it was done',
    `${LEADS}
     wait 500               |
     beat 2                 | write 2: me5 held 1
     unanswered             | read
     read 3 me5 held 1 transfer anybody | hand over 1, write 3: me5 held 1
     wait 1499              |
     wait 1                 | step down 1 silent`,
  ],
  [
    'a write without an answer: the answer to a later one acknowledges its heartbeat too',
    `${LEADS}
     wait 500               |
     beat 2                 | write 2: me5 held 1
     unanswered             | read
     beat 3                 |
     read 2 me5 held 1      | write 2: me5 held 1
     written 3              | announce 3, acknowledge 2 3`,
  ],
]);

// --------------------------------------------------------------------------------- 6. conflicts, and lost records

table([
  [
    'a conflict while leading: a later term ends the own one',
    `${LEADS}\n wait 400 |\n beat 2 | write 2: me5 held 1\n conflict | read\n read 4 b held 2 | step down 1 silent`,
  ],
  [
    'a conflict while leading: the own term goes on',
    `${LEADS}\n wait 400 |\n beat 2 | write 2: me5 held 1\n conflict | read\n read 3 me5 held 1 | write 3: me5 held 1\n written 4 | announce 4, acknowledge 2`,
  ],
  [
    'a conflict while leading: a record that is lost is written again, with a warning',
    `${LEADS}\n wait 400 |\n beat 2 | write 2: me5 held 1\n conflict | read\n read 0 nothing | write 0: me5 held 1\n written 1 | announce 1, warn lost, acknowledge 2`,
  ],
  [
    'a conflict while leading: an older record is replaced, with a warning',
    `${START}\n read 4 a released 7 | write 4: me5 held 8 opening\n written 5 | announce 5, lead 8 from 0\n ready 8 | write 5: me5 held 8\n conflict | read\n read 3 b held 6 | write 3: me5 held 8\n written 4 | announce 4, warn lost`,
  ],
  [
    'a conflict while leading: an older answer that was overtaken is no loss',
    `${START}\n read 4 a released 7 | write 4: me5 held 8 opening\n written 5 | announce 5, lead 8 from 0\n ready 8 | write 5: me5 held 8\n conflict | read\n read 3 b held 6 | write 3: me5 held 8\n conflict | read\n read 5 me5 held 8 | write 5: me5 held 8\n written 6 | announce 6`,
  ],
  [
    'a conflict while leading: a lost record is not written after the lease',
    `${LEADS}\n wait 400 |\n beat 2 | write 2: me5 held 1\n conflict | read\n wait 1600 | step down 1 silent\n read 0 nothing |`,
  ],
  [
    'an announcement while leading is a reason to read',
    `${LEADS}\n announced 3 me5 held 1 transfer anybody | read\n read 3 me5 held 1 transfer anybody | hand over 1`,
  ],
]);

// ----------------------------------------------------------------------------------------------------- 7. release

table([
  [
    'release: written when the real client is closed',
    `${LEADS}\n resign 1 | write 2: me5 released 1\n written 3 | announce 3\n wait 299 |\n wait 1 | read`,
  ],
  [
    'release: after what is under way',
    `${LEADS}\n wait 400 |\n beat 2 | write 2: me5 held 1\n resign 1 |\n written 3 | announce 3, write 3: me5 released 1`,
  ],
  [
    'release: again after a conflict',
    `${LEADS}\n resign 1 | write 2: me5 released 1\n conflict | read\n read 3 me5 held 1 transfer anybody | write 3: me5 released 1`,
  ],
  [
    'release: again if it is not known whether it was done',
    `${LEADS}\n resign 1 | write 2: me5 released 1\n unanswered | read\n read 2 me5 held 1 | write 2: me5 released 1`,
  ],
  [
    'release: not if it was done',
    `${LEADS}\n resign 1 | write 2: me5 released 1\n unanswered | read\n read 3 me5 released 1 |`,
  ],
  [
    'release: not over another leader',
    `${LEADS}\n resign 1 | write 2: me5 released 1\n conflict | read\n read 5 b held 2 |`,
  ],
  [
    'release: with the failure, after which the next claim waits',
    `${LEADS}\n resign 1 failed | write 2: me5 released 1 failures 1 pause 100\n written 3 | announce 3`,
  ],
  [
    'release: the pause doubles',
    `${START}\n read 4 a released 7 failures 3 pause 0 | write 4: me5 held 8 opening failures 3\n written 5 | announce 5, lead 8 from 0\n resign 8 failed | write 5: me5 released 8 failures 4 pause 800`,
  ],
  ['release: a first break has no pause', `${LEADS}\n resign 1 broken | write 2: me5 released 1 failures 1`],
  ['release: a member that leaves releases', `${LEADS}\n leave | write 2: me5 released 1`],
  [
    'release: a member that left before its claim was done releases it',
    `${START}\n read 0 nothing | write 0: me5 held 1 opening\n leave |\n written 1 | announce 1, write 1: me5 released 1`,
  ],
  [
    'release: what is done',
    `${LEADS}\n done | write 2: me5 held 1 done\n resign 1 |\n written 3 | announce 3, write 3: me5 released 1 done`,
  ],
]);

test('release: it is waited for, but not for longer than a second', t => {
  const election = new UnitElection();
  follows(t, election, `${LEADS}\n down |\n leave |`);
  t.true(isReleasing(election.state));
  follows(t, election, 'wait 999 |');
  t.true(isReleasing(election.state));
  follows(t, election, 'wait 1 |');
  t.false(isReleasing(election.state));
  t.is(wakeAt(election.state), undefined);
});

test('release: a claim under way is waited for', t => {
  const election = new UnitElection();
  follows(t, election, `${START}\n read 0 nothing | write 0: me5 held 1 opening\n leave |`);
  t.true(isReleasing(election.state));
  follows(t, election, 'conflict | read');
  t.false(isReleasing(election.state));
});

// ---------------------------------------------------------------------------------------------------- hand-overs

table([
  ['hand-over: a leader that yields', `${LEADS}\n yield 1 | hand over 1\n resign 1 | write 2: me5 released 1`],
  ['hand-over: to a host by name', `${LEADS}\n transfer B | hand over 1\n resign 1 | write 2: me5 released 1 next B`],
  ['hand-over: to any host', `${LEADS}\n transfer | hand over 1\n resign 1 | write 2: me5 released 1`],
  ['hand-over: not to itself', `${LEADS}\n transfer Me |`],
  [
    'hand-over: not before the real client is open',
    `${START}\n read 0 nothing | write 0: me5 held 1 opening\n written 1 | announce 1, lead 1 from 0\n transfer B |`,
  ],
  [
    'hand-over: another host asks for it',
    `${START}\n read 4 a held 7 |\n transfer B | write 4: a5 held 7 transfer B\n written 5 | announce 5`,
  ],
  [
    'hand-over: it asks again after a conflict in the same term',
    `${START}\n read 4 a held 7 |\n transfer B | write 4: a5 held 7 transfer B\n conflict | read\n read 5 a held 7 | write 5: a5 held 7 transfer B`,
  ],
  [
    'hand-over: it does not ask the next leader',
    `${START}\n read 4 a held 7 |\n transfer B | write 4: a5 held 7 transfer B\n conflict | read\n read 5 b held 8 |`,
  ],
  ['hand-over: it asks once', `${START}\n read 4 a held 7 transfer C |\n transfer B |`],
  [
    'hand-over: nobody is asked where nobody leads',
    `join ineligible |\n up | read\n read 4 a released 7 |\n transfer B |`,
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
