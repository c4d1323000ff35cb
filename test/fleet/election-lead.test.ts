// The election of a fleet group on one host, event by event: while it leads, and how that ends.

import test from 'ava';
import { isReleasing, mayAct, wakeAt } from '../../lib/fleet/election.js';
import { follows, LEADS, type Schedule, START, UnitElection } from '../helpers/unit/election.js';

function table(schedules: readonly Schedule[]): void {
  for (const [title, schedule, options] of schedules) test(title, t => follows(t, new UnitElection(options), schedule));
}

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
     read 3 me5 held 1 transfer anybody | hand over 1, write 3: me5 held 1 next anybody
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
  ['hand-over: to any host', `${LEADS}\n transfer | hand over 1\n resign 1 | write 2: me5 released 1 next anybody`],
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

// ------------------------------------------------------------------------------------------- the lease of the host

test('without the lease of its host a leader writes nothing, and leads on when it is back in time', t => {
  const unit = new UnitElection();
  follows(t, unit, LEADS);
  unit.hasHostLease = false;
  follows(t, unit, 'wait 400 |\n beat 2 |\n wait 400 |\n beat 3 |');
  unit.hasHostLease = true;
  follows(t, unit, 'beat 4 | write 2: me5 held 1\n written 3 | announce 3, acknowledge 2 3 4');
});

test('without the lease of its host a leader does not write a lost record again', t => {
  const unit = new UnitElection();
  follows(t, unit, LEADS);
  unit.hasHostLease = false;
  follows(t, unit, 'up | read\n read 0 nothing |\n resign 1 |');
});

// ------------------------------------------------------------------------------------------------- a suspended machine

test('time that only the wall clock has seen counts as time of the lease', t => {
  const unit = new UnitElection();
  follows(t, unit, `${LEADS}\n wait 400 |\n beat 2 | write 2: me5 held 1`);
  t.true(mayAct(unit.state, { now: unit.now, wall: 750 }));
  t.false(mayAct(unit.state, { now: unit.now, wall: 1500 }));
  unit.wall += 800;
  // What was written before is older than it seems, and renews for less.
  follows(
    t,
    unit,
    'written 3 | warn clock, announce 3, acknowledge 2\n wait 1199 |\n wait 1 | step down 1 silent, read',
  );
});

test('a lease that was slept through is over at once', t => {
  const unit = new UnitElection();
  follows(t, unit, LEADS);
  unit.wall += 2000;
  follows(t, unit, 'tick | warn clock, step down 1 silent, write 2: me5 held 2000 opening');
});

test('who only waits does not count it, and a wall clock that is set back changes nothing', t => {
  const unit = new UnitElection();
  follows(t, unit, `${START}\n read 5 other held 1 | `);
  unit.wall += 1_000_000;
  follows(t, unit, 'tick |');
  unit.wall = 0;
  follows(t, unit, 'tick |');
});

test('a write without an answer, and a claim on its way, are older than they seem, too', t => {
  const unit = new UnitElection();
  follows(t, unit, `${LEADS}\n wait 400 |\n beat 2 | write 2: me5 held 1\n unanswered | read`);
  unit.wall += 800;
  follows(t, unit, 'tick | warn clock\n read 3 me5 held 1 | acknowledge 2, write 3: me5 held 1\n wait 1199 |');
  follows(t, unit, 'wait 1 | step down 1 silent');
  const other = new UnitElection();
  follows(t, other, `${START}\n read 0 nothing | write 0: me5 held 1 opening`);
  other.wall += 2000;
  follows(t, other, 'written 1 | announce 1, lead 1 from -2000, step down 1 silent, write 1: me5 held 2000 opening');
});
