import test from 'ava';
import { leaderOf, phaseOf, termOf } from '../../lib/group/queries.js';
import { ERROR, follows, UnitGroup } from '../helpers/unit/group.js';

/** A sentence, a schedule, and whether hung leaders are killed. */
type Story = readonly [title: string, schedule: string, kills?: true];

const APPOINTMENT: readonly Story[] = [
  [
    'the first member that may lead is appointed, and leads once its real client is open',
    `join 1         | appointed 1@1 | opening 1@1
     ready 1@1      | ready 1@1 | leading 1@1
     join 2         |  | leading 1@1`,
  ],
  [
    'a member that may not lead leaves the group vacant until one comes that may',
    `join 1 ineligible | vacant | vacant
     join 2            | appointed 2@1 | opening 2@1`,
  ],
  [
    'a member that may lead from now on is appointed',
    `join 1 ineligible | vacant | vacant
     join 1            | appointed 1@1 | opening 1@1`,
  ],
  [
    'a member joins again with other options and keeps its place',
    `join 1         | appointed 1@1
     ready 1@1      | ready 1@1
     join 1 overlap |  | leading 1@1
     join 2         | 
     yield 1@1      | prepare 2@2 | preparing 1@1 for 2@2`,
  ],
  [
    'the word of anybody but the leader in its term changes nothing, but who prepared unasked is to let go',
    `join 1              | appointed 1@1
     join 2              | 
     ready 2@1           |  | opening 1@1
     ready 1@2           |  | opening 1@1
     prepared 2@1        | handover 2@1 | opening 1@1
     prepared 1@2        |  | opening 1@1
     resign 2@1 resigned |  | opening 1@1
     resign 1@2 resigned |  | opening 1@1
     yield 1@1           |  | opening 1@1
     ready 1@1           | ready 1@1 | leading 1@1
     ready 1@1           |  | leading 1@1
     yield 2@1           |  | leading 1@1
     yield 1@2           |  | leading 1@1
     prepared 1@1        |  | leading 1@1
     resume              |  | leading 1@1
     exited 9            |  | leading 1@1
     alive 1             |  | leading 1@1
     alive 9             |  | leading 1@1
     closed 9            |  | leading 1@1
     leave 9             |  | leading 1@1
     silent 9            |  | leading 1@1`,
  ],
  [
    'a group without members knows no events but a join',
    `ready 1@0           |  | vacant
     prepared 1@0        | handover 1@0 | vacant
     yield 1@0           |  | vacant
     resign 1@0 resigned |  | vacant
     leave 1             |  | vacant
     closed 1            |  | vacant
     exited 1            |  | vacant
     silent 1            |  | vacant
     alive 1             |  | vacant
     resume              |  | vacant
     transfer 7          | transferred 7 vacant | vacant`,
  ],
];

const END_OF_A_TERM: readonly Story[] = [
  [
    'a leader that resigned is succeeded at once, and avoided while there is anybody else',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2 | opening 2@2
     closed 2            | end 2@2 | fenced 2@2 disconnected
     exited 2            | deposed 2@2 exited, appointed 1@3 | opening 1@3`,
  ],
  [
    'a leader that resigned leads again where nobody else may',
    `join 1              | ...
     join 2 ineligible   | ...
     ready 1@1           | ...
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 1@2 | opening 1@2`,
  ],
  [
    'a leader that leaves is succeeded at once',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     leave 1             | end 1@1, deposed 1@1 resigned, appointed 2@2 | opening 2@2
     leave 2             | end 2@2, deposed 2@2 resigned, vacant | vacant`,
  ],
  [
    'a leader whose channel closed is fenced until its process is dead',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     closed 1            | end 1@1 | fenced 1@1 disconnected
     join 3              |  | fenced 1@1 disconnected
     alive 2             |  | fenced 1@1 disconnected
     transfer 7          | transferred 7 vacant | fenced 1@1 disconnected
     exited 1            | deposed 1@1 exited, appointed 2@2 | opening 2@2`,
  ],
  [
    'a leader whose channel closed is fenced until its lease has run out',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     closed 1            | end 1@1 | fenced 1@1 disconnected
     silent 1            | deposed 1@1 disconnected, appointed 2@2 | opening 2@2
     exited 1            |  | opening 2@2`,
  ],
  [
    'an appointed leader whose channel closed is fenced as well: it may have begun',
    `join 1              | ...
     join 2              | ...
     closed 1            | end 1@1 | fenced 1@1 disconnected
     exited 1            | deposed 1@1 exited, appointed 2@2 | opening 2@2`,
  ],
  [
    'a silent leader is deposed, and is no candidate until it is heard',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     silent 1            | end 1@1, deposed 1@1 silent, appointed 2@2 | opening 2@2
     resign 2@2 resigned | end 2@2, deposed 2@2 resigned, appointed 2@3 | opening 2@3
     alive 1             |  | opening 2@3
     resign 2@3 resigned | end 2@3, deposed 2@3 resigned, appointed 1@4 | opening 1@4`,
  ],
  [
    'where all that may lead are silent the group is vacant until one is heard',
    `join 1              | ...
     ready 1@1           | ...
     silent 1            | end 1@1, deposed 1@1 silent, vacant | vacant
     silent 1            |  | vacant
     join 1              |  | vacant
     alive 1             | appointed 1@2 | opening 1@2
     alive 1             |  | opening 1@2`,
  ],
  [
    'a worker that is silent in another group is passed over here',
    `join 1              | ...
     join 2              | ...
     silent 2            |  | opening 1@1
     silent 1            | end 1@1, deposed 1@1 silent, vacant | vacant
     alive 2             | appointed 2@2 | opening 2@2`,
  ],
  [
    'a hung leader that is to be killed is succeeded when its process is dead, not before',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     silent 1            | kill 1 | fenced 1@1 killed
     silent 1            |  | fenced 1@1 killed
     alive 1             |  | fenced 1@1 killed
     ready 1@1           |  | fenced 1@1 killed
     closed 1            | end 1@1 | fenced 1@1 killed
     silent 1            |  | fenced 1@1 killed
     exited 1            | deposed 1@1 killed, appointed 2@2 | opening 2@2`,
    true,
  ],
  [
    'a leader that resigned just before it was killed is succeeded at once, and its callers hear of the end',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     silent 1            | kill 1 | fenced 1@1 killed
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2 | opening 2@2
     closed 1            |  | opening 2@2
     exited 1            |  | opening 2@2`,
    true,
  ],
  [
    'a leader that leaves just before it is killed is awaited all the same',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     silent 1            | kill 1 | fenced 1@1 killed
     leave 1             |  | fenced 1@1 killed
     closed 1            | end 1@1 | fenced 1@1 killed
     exited 1            | deposed 1@1 killed, appointed 2@2 | opening 2@2`,
    true,
  ],
  [
    'a leader whose channel closed is not killed: its lease runs out',
    `join 1              | ...
     closed 1            | end 1@1 | fenced 1@1 disconnected
     silent 1            | deposed 1@1 disconnected, vacant | vacant`,
    true,
  ],
];

const FAILED_ATTEMPTS: readonly Story[] = [
  [
    'each member is tried once, then there is a pause that grows with each round',
    `join 1            | appointed 1@1 | opening 1@1
     join 2            |  | opening 1@1
     resign 1@1 failed | end 1@1, deposed 1@1 failed, appointed 2@2 | opening 2@2
     resign 2@2 failed | end 2@2, deposed 2@2 failed, pause 100, vacant | vacant paused failed
     resume            | appointed 1@3 | opening 1@3
     resign 1@3 failed | end 1@3, deposed 1@3 failed, appointed 2@4 | opening 2@4
     resign 2@4 failed | end 2@4, deposed 2@4 failed, pause 200, vacant | vacant paused failed
     resume            | appointed 1@5 | opening 1@5
     ready 1@5         | ready 1@5 | leading 1@5`,
  ],
  [
    'a new worker is tried at once while those that failed wait, and its own failure makes the pause longer',
    `join 1            | ...
     resign 1@1 failed | end 1@1, deposed 1@1 failed, pause 100, vacant | vacant paused failed
     join 2            | appointed 2@2 | opening 2@2
     resume            |  | opening 2@2
     resign 2@2 failed | end 2@2, deposed 2@2 failed, pause 200, vacant | vacant paused failed
     join 3 ineligible |  | vacant paused failed
     join 1            |  | vacant paused failed
     resume            | appointed 1@3 | opening 1@3`,
  ],
  [
    'a member that could not open and may lead again later counts as a new worker',
    `join 1            | ...
     join 1 ineligible |  | opening 1@1
     resign 1@1 failed | end 1@1, deposed 1@1 failed, vacant | vacant
     join 1            | appointed 1@2 | opening 1@2`,
  ],
  [
    'a pause ends when all who failed have left',
    `join 1            | ...
     join 2 ineligible | ...
     resign 1@1 failed | ...
     leave 1           |  | vacant
     resume            |  | vacant`,
  ],
  [
    'a member that is heard again is tried at once while those that failed wait, and after a break it waits with them',
    `join 1            | ...
     join 2            | ...
     silent 2          |  | opening 1@1
     resign 1@1 failed | ... | vacant paused failed
     alive 2           | appointed 2@2 | opening 2@2
     ready 2@2         | ...
     silent 1          | ...
     resign 2@2 broken | ... | vacant paused broken
     alive 1           |  | vacant paused broken
     resume            | appointed 1@3 | opening 1@3`,
  ],
  [
    'a leader that breaks once is opened anew at once, one that keeps breaking after pauses that grow',
    `join 1            | ...
     ready 1@1         | ...
     resign 1@1 broken | end 1@1, deposed 1@1 broken, appointed 1@2 | opening 1@2
     ready 1@2         | ready 1@2
     resign 1@2 broken | end 1@2, deposed 1@2 broken, pause 100 | vacant paused broken
     join 2            |  | vacant paused broken
     alive 1           |  | vacant paused broken
     resume            | appointed 1@3 | opening 1@3
     ready 1@3         | ready 1@3
     resign 1@3 broken | end 1@3, deposed 1@3 broken, pause 200 | vacant paused broken`,
  ],
  [
    'a term that held for ten seconds ends the count of breaks',
    `join 1            | ...
     ready 1@1         | ...
     resign 1@1 broken | ... | opening 1@2
     ready 1@2         | ...
     wait 9999         | 
     resign 1@2 broken | end 1@2, deposed 1@2 broken, pause 100 | vacant paused broken
     resume            | appointed 1@9999
     ready 1@9999      | ...
     wait 10000        | 
     resign 1@9999 broken | end 1@9999, deposed 1@9999 broken, appointed 1@19999 | opening 1@19999`,
  ],
  [
    'terms that held for ten seconds together end the count, too',
    `join 1               | ...
     ready 1@1            | ...
     resign 1@1 broken    | ...
     ready 1@2            | ...
     wait 100             | 
     resign 1@2 broken    | end 1@2, deposed 1@2 broken, pause 100 | vacant paused broken
     resume               | ...
     ready 1@100          | ...
     wait 6000            | 
     resign 1@100 resigned | ...
     ready 1@6100         | ...
     wait 6000            | 
     resign 1@6100 resigned | ...
     ready 1@12100        | ...
     wait 1000            | 
     resign 1@12100 broken | end 1@12100, deposed 1@12100 broken, appointed 1@13100 | opening 1@13100`,
  ],
  [
    'a term that held for ten seconds ends the count however it ends: by the death of its leader',
    `join 1            | ...
     join 2            | ...
     ready 1@1         | ...
     resign 1@1 broken | ...
     ready 1@2         | ...
     wait 10000        | 
     closed 1          | ...
     exited 1          | deposed 1@2 exited, appointed 2@10000
     ready 2@10000     | ...
     resign 2@10000 broken | end 2@10000, deposed 2@10000 broken, appointed 2@10001 | opening 2@10001`,
  ],
  [
    'a term that held for ten seconds ends the count however it ends: by a hand-over',
    `join 1            | ...
     join 2            | ...
     ready 1@1         | ...
     resign 1@1 broken | ...
     ready 1@2         | ...
     wait 10000        | 
     transfer 7        | handover 1@2
     resign 1@2 resigned | end 1@2, deposed 1@2 resigned, appointed 2@10000
     ready 2@10000     | ...
     resign 2@10000 broken | end 2@10000, deposed 2@10000 broken, appointed 1@10001 | opening 1@10001`,
  ],
];

const EXCLUSIVE: readonly Story[] = [
  [
    'an exclusive transfer: the leader is asked to go, then the successor opens',
    `join 1              | ...
     join 2              | ...
     join 3              | ...
     ready 1@1           | ...
     transfer 7 to 3     | handover 1@1 | handing over 1@1
     transfer 8 to 2     | transferred 8 vacant | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 3@2 | opening 3@2
     ready 3@2           | ready 3@2, transferred 7 | leading 3@2`,
  ],
  [
    'without a wish the usual choice is made among the others',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     transfer 7          | handover 1@1 | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2 | opening 2@2
     ready 2@2           | ready 2@2, transferred 7 | leading 2@2`,
  ],
  [
    'a transfer to the leader is done already, and one to a member that may not lead is refused',
    `join 1              | ...
     transfer 6          | transferred 6 vacant | opening 1@1
     ready 1@1           | ...
     transfer 7 to 1     | transferred 7 | leading 1@1
     transfer 8          | transferred 8 no candidate | leading 1@1
     join 2 ineligible   | ...
     transfer 9 to 2     | transferred 9 no candidate | leading 1@1
     transfer 10 to 3    | transferred 10 no candidate | leading 1@1
     join 3              | ...
     silent 3            | ...
     transfer 11 to 3    | transferred 11 no candidate | leading 1@1`,
  ],
  [
    'where the successor fails the old leader opens again, and the transfer has failed',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     transfer 7 to 2     | handover 1@1
     resign 1@1 resigned | ... | opening 2@2
     resign 2@2 failed   | end 2@2, deposed 2@2 failed, appointed 1@3 | opening 1@3
     ready 1@3           | ready 1@3, transferred 7 failed | leading 1@3`,
  ],
  [
    'where the successor dies before the leader has gone the old leader opens again',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     transfer 7 to 2     | handover 1@1
     closed 2            |  | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 1@2 | opening 1@2
     ready 1@2           | ready 1@2, transferred 7 failed | leading 1@2`,
  ],
  [
    'where the leader dies while it hands over the successor comes on its death',
    `join 1              | ...
     join 2              | ...
     join 3              | ...
     ready 1@1           | ...
     transfer 7 to 3     | handover 1@1
     closed 1            | end 1@1 | fenced 1@1 disconnected
     exited 1            | deposed 1@1 exited, appointed 3@2 | opening 3@2
     ready 3@2           | ready 3@2, transferred 7 | leading 3@2`,
  ],
  [
    'where nobody can open after a transfer it has failed, and the rounds go on',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     transfer 7 to 2     | handover 1@1
     resign 1@1 resigned | ...
     resign 2@2 failed   | ...
     resign 1@3 failed   | end 1@3, deposed 1@3 failed, transferred 7 failed, pause 100, vacant | vacant paused failed
     resume              | appointed 2@4 | opening 2@4`,
  ],
  [
    'where everybody leaves during a transfer it has failed',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     transfer 7 to 2     | handover 1@1
     leave 2             |  | handing over 1@1
     leave 1             | end 1@1, deposed 1@1 resigned, transferred 7 failed, vacant | vacant`,
  ],
  [
    'a leader that breaks while it hands over is succeeded at once, whatever broke before',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     resign 1@1 broken   | ...
     ready 1@2           | ...
     transfer 7 to 2     | handover 1@2
     resign 1@2 broken   | end 1@2, deposed 1@2 broken, appointed 2@3 | opening 2@3
     ready 2@3           | ready 2@3, transferred 7 | leading 2@3`,
  ],
  [
    'a transfer that ends in a pause has failed: during the pause all may leave',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     resign 1@1 broken   | ...
     ready 1@2           | ...
     transfer 7 to 2     | handover 1@2
     resign 1@2 resigned | ... | opening 2@3
     resign 2@3 broken   | end 2@3, deposed 2@3 broken, transferred 7 failed, pause 100 | vacant paused broken
     leave 1             |  | vacant paused broken
     leave 2             |  | vacant paused broken`,
  ],
  [
    'a hung leader that hands over is deposed, and the successor comes',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     transfer 7 to 2     | handover 1@1
     silent 1            | end 1@1, deposed 1@1 silent, appointed 2@2 | opening 2@2
     ready 2@2           | ready 2@2, transferred 7 | leading 2@2`,
  ],
  [
    'a hung leader that hands over is killed, and the successor comes on its death',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     transfer 7 to 2     | handover 1@1
     silent 1            | kill 1 | fenced 1@1 killed
     closed 1            | end 1@1
     exited 1            | deposed 1@1 killed, appointed 2@2 | opening 2@2
     ready 2@2           | ready 2@2, transferred 7 | leading 2@2`,
    true,
  ],
];

const OVERLAP: readonly Story[] = [
  [
    'an overlapping transfer: the successor is ready before the leader is asked to go',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     transfer 7 to 2     | prepare 2@2 | preparing 1@1 for 2@2
     ready 2@2           |  | preparing 1@1 for 2@2
     prepared 1@2        |  | preparing 1@1 for 2@2
     prepared 2@3        |  | preparing 1@1 for 2@2
     yield 1@1           |  | preparing 1@1 for 2@2
     prepared 2@2        | handover 1@1 | handing over 1@1 to 2@2
     prepared 2@2        |  | handing over 1@1 to 2@2
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2, ready 2@2, transferred 7 | leading 2@2`,
  ],
  [
    'a leader that wants to go waits for a successor that is ready',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2 | preparing 1@1 for 2@2
     prepared 2@2        | handover 1@1 | handing over 1@1 to 2@2
     leave 1             | end 1@1, deposed 1@1 resigned, appointed 2@2, ready 2@2 | leading 2@2`,
  ],
  [
    'a leader that waits no longer is asked to go while its successor opens, and is succeeded by it',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2 | preparing 1@1 for 2@2
     yield 1@9 now       |  | preparing 1@1 for 2@2
     yield 1@1 now       | handover 1@1 | handing over 1@1 to 2@2, opening
     yield 1@1 now       |  | handing over 1@1 to 2@2, opening
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2 | opening 2@2
     prepared 2@2        | ready 2@2 | leading 2@2`,
  ],
  [
    'a successor that is prepared after the leader was asked to go leads at once',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2
     yield 1@1 now       | handover 1@1 | handing over 1@1 to 2@2, opening
     prepared 2@3        |  | handing over 1@1 to 2@2, opening
     prepared 2@2        |  | handing over 1@1 to 2@2
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2, ready 2@2 | leading 2@2`,
  ],
  [
    'a successor that fails, or falls silent, after the leader was asked to go is not appointed',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2
     yield 1@1 now       | handover 1@1 | handing over 1@1 to 2@2, opening
     silent 2            |  | handing over 1@1 to 2@2, opening
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 3@3 | opening 3@3
     ready 3@3           | ...
     prepared 2@2        | handover 2@2 | leading 3@3`,
  ],
  [
    'a leader that wants to go and has no successor is asked to go at once, and leads again',
    `join 1 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | handover 1@1 | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 1@2 | opening 1@2`,
  ],
  [
    'a successor that fails is followed by the next, and then the leader goes without one',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2 | preparing 1@1 for 2@2
     resign 2@2 failed   | prepare 3@3 | preparing 1@1 for 3@3
     resign 3@3 failed   | handover 1@1 | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 1@4 | opening 1@4`,
  ],
  [
    'a successor that dies is followed by the next, once its real client can be open no more',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2 | preparing 1@1 for 2@2
     closed 2            |  | preparing 1@1 for lost 2@2
     exited 2            | prepare 3@3 | preparing 1@1 for 3@3
     leave 3             | handover 1@1 | handing over 1@1`,
  ],
  [
    'where the wanted successor fails or goes the leader leads on, and the transfer has failed',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     transfer 7 to 2     | prepare 2@2 | preparing 1@1 for 2@2
     resign 2@2 failed   | transferred 7 failed | leading 1@1
     transfer 8 to 2     | transferred 8 no candidate | leading 1@1
     transfer 9 to 3     | prepare 3@3 | preparing 1@1 for 3@3
     closed 3            |  | preparing 1@1 for lost 3@3
     exited 3            | transferred 9 failed | leading 1@1`,
  ],
  [
    'a successor that can not be reached is followed by the next after its lease, and by none where the leader goes first',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2 | preparing 1@1 for 2@2
     closed 2            |  | preparing 1@1 for lost 2@2
     silent 2            | prepare 3@3 | preparing 1@1 for 3@3
     closed 3            |  | preparing 1@1 for lost 3@3
     yield 1@1 now       | handover 1@1 | handing over 1@1
     exited 3            |  | handing over 1@1`,
  ],
  [
    'where the leader is lost while its successor can not be reached, nobody waits for that one',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2 | preparing 1@1 for 2@2
     closed 2            |  | preparing 1@1 for lost 2@2
     silent 1            | end 1@1, deposed 1@1 silent, appointed 3@3 | opening 3@3`,
  ],
  [
    'a successor that falls silent is followed by the next, and gives back what it opened when it is heard again',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2 | preparing 1@1 for 2@2
     silent 2            | handover 2@2, prepare 3@3 | preparing 1@1 for 3@3
     alive 2             |  | preparing 1@1 for 3@3
     prepared 2@2        | handover 2@2 | preparing 1@1 for 3@3
     resign 2@2 resigned |  | preparing 1@1 for 3@3
     prepared 3@3        | handover 1@1 | handing over 1@1 to 3@3`,
  ],
  [
    'where the wanted successor falls silent the leader leads on, and the transfer has failed',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     transfer 7 to 2     | prepare 2@2 | preparing 1@1 for 2@2
     silent 2            | handover 2@2, transferred 7 failed | leading 1@1
     prepared 2@2        | handover 2@2 | leading 1@1`,
  ],
  [
    'a successor that hangs is not killed: it leads nothing yet',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     transfer 7 to 2     | prepare 2@2 | preparing 1@1 for 2@2
     silent 2            | handover 2@2, transferred 7 failed | leading 1@1`,
    true,
  ],
  [
    'a successor that fails after it was ready is not appointed',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     transfer 7 to 2     | prepare 2@2
     prepared 2@2        | handover 1@1
     resign 2@2 failed   |  | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 1@3 | opening 1@3
     ready 1@3           | ready 1@3, transferred 7 failed | leading 1@3`,
  ],
  [
    'a successor that dies after it was ready is not appointed',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2
     prepared 2@2        | handover 1@1
     closed 2            |  | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 1@3 | opening 1@3`,
  ],
  [
    'a successor that fell silent after it was ready is not appointed',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2
     prepared 2@2        | handover 1@1
     silent 2            |  | handing over 1@1 to 2@2
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 3@3 | opening 3@3`,
  ],
  [
    'a leader that goes before the successor is ready is succeeded by it under its number',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2 | opening 2@2
     prepared 2@2        | ready 2@2 | leading 2@2
     ready 2@2           |  | leading 2@2`,
  ],
  [
    'a leader that breaks while its successor gets ready is succeeded by it',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2
     resign 1@1 broken   | end 1@1, deposed 1@1 broken, appointed 2@2 | opening 2@2
     resign 2@2 failed   | end 2@2, deposed 2@2 failed, appointed 1@3 | opening 1@3`,
  ],
  [
    'a leader that hangs while its successor gets ready is succeeded by it',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     transfer 7          | prepare 2@2
     silent 1            | end 1@1, deposed 1@1 silent, appointed 2@2 | opening 2@2
     ready 2@2           | ready 2@2, transferred 7 | leading 2@2`,
  ],
  [
    'where the leader dies while its successor gets ready that one comes on its death, under its own number',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     transfer 7 to 3     | prepare 3@2
     closed 1            | end 1@1 | fenced 1@1 disconnected for 3@2, opening
     prepared 2@2        | handover 2@2 | fenced 1@1 disconnected for 3@2, opening
     prepared 3@2        |  | fenced 1@1 disconnected for 3@2
     exited 1            | deposed 1@1 exited, appointed 3@2, ready 3@2, transferred 7 | leading 3@2`,
  ],
  [
    'where the leader dies, and its successor fails, falls silent or is lost before that is known, another one comes',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2
     closed 1            | end 1@1 | fenced 1@1 disconnected for 2@2, opening
     resign 2@2 failed   |  | fenced 1@1 disconnected
     exited 1            | deposed 1@1 exited, appointed 3@3 | opening 3@3
     ready 3@3           | ...
     yield 3@3           | prepare 2@4
     closed 3            | end 3@3 | fenced 3@3 disconnected for 2@4, opening
     join 4 overlap      | ...
     silent 2            |  | fenced 3@3 disconnected for 2@4, opening
     silent 3            | deposed 3@3 disconnected, appointed 4@5 | opening 4@5
     ready 4@5           | ...
     alive 2             | ...
     yield 4@5           | prepare 2@6
     closed 2            |  | preparing 4@5 for lost 2@6
     closed 4            | end 4@5 | fenced 4@5 disconnected`,
  ],
];

const INELIGIBLE_LEADER: readonly Story[] = [
  [
    'a leader that may lead no more gives the group to the first that may',
    `join 1              | ...
     ready 1@1           | ...
     join 1 ineligible   |  | leading 1@1
     join 2              | handover 1@1 | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2 | opening 2@2`,
  ],
  [
    'one that became ineligible while it opened is replaced once it is ready',
    `join 1              | ...
     join 2              | ...
     join 1 ineligible   |  | opening 1@1
     ready 1@1           | ready 1@1, handover 1@1 | handing over 1@1`,
  ],
  [
    'one that became ineligible during a transfer is replaced though that failed',
    `join 1 overlap            | ...
     join 2 overlap            | ...
     join 3 overlap            | ...
     ready 1@1                 | ...
     transfer 7 to 2           | prepare 2@2 | preparing 1@1 for 2@2
     join 1 overlap ineligible |  | preparing 1@1 for 2@2
     resign 2@2 failed         | transferred 7 failed, prepare 3@3 | preparing 1@1 for 3@3`,
  ],
  [
    'one is replaced as soon as a member that may lead is heard again',
    `join 1              | ...
     ready 1@1           | ...
     join 2              | ...
     silent 2            | ...
     join 1 ineligible   |  | leading 1@1
     alive 2             | handover 1@1 | handing over 1@1`,
  ],
];

const LAST_RESORT: readonly Story[] = [
  [
    'a leader that has stepped aside leads on as long as nobody else is eligible',
    `join 1       | ...
     ready 1@1    | ...
     join 1 aside |  | leading 1@1
     join 2 aside |  | leading 1@1
     join 3       | handover 1@1 | handing over 1@1`,
  ],
  [
    'where all step aside while the group is handed over the successor leads, and then the next',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     join 1 aside        | handover 1@1 | handing over 1@1
     join 2 aside        |  | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2 | opening 2@2
     ready 2@2           | ready 2@2 | leading 2@2
     yield 2@2           | handover 2@2 | handing over 2@2
     leave 2             | end 2@2, deposed 2@2 resigned, appointed 1@3 | opening 1@3
     ready 1@3           | ready 1@3 | leading 1@3
     leave 1             | end 1@3, deposed 1@3 resigned, vacant | vacant`,
  ],
  [
    'an overlapping group is handed over from one that has stepped aside to the next before that closes',
    `join 1 overlap       | ...
     join 2 overlap aside | ...
     ready 1@1            | ...
     join 1 overlap aside |  | leading 1@1
     yield 1@1            | prepare 2@2 | preparing 1@1 for 2@2`,
  ],
  [
    'one that has stepped aside is appointed where nobody eligible is left, and no transfer goes to it before',
    `join 1       | ...
     join 2 aside | ...
     ready 1@1    | ...
     transfer 7   | transferred 7 no candidate | leading 1@1
     closed 1     | end 1@1 | fenced 1@1 disconnected
     exited 1     | deposed 1@1 exited, appointed 2@2 | opening 2@2`,
  ],
  [
    'one that has stepped aside and could not open is tried again after the pause',
    `join 1 aside      | appointed 1@1 | opening 1@1
     resign 1@1 failed | ... | vacant paused failed
     join 1 aside      |  | vacant paused failed
     resume            | appointed 1@2 | opening 1@2`,
  ],
];

/** Nobody is chosen but by a claim. */
const CLAIMS: readonly Story[] = [
  [
    'of those that may lead whoever claims first leads, also who has failed, which begins a new round',
    `join 1              |  | vacant
     join 2              |  | vacant
     join 3 ineligible   |  | vacant
     claim 3             |  | vacant
     claim 9             |  | vacant
     claim 2             | appointed 2@1 | opening 2@1
     claim 1             |  | opening 2@1
     resign 2@1 failed   | end 2@1, deposed 2@1 failed | vacant
     claim 2             | appointed 2@2 | opening 2@2
     resign 2@2 failed   | end 2@2, deposed 2@2 failed | vacant
     claim 1             | appointed 1@3 | opening 1@3
     resign 1@3 failed   | end 1@3, deposed 1@3 failed, pause 100, vacant | vacant paused failed
     join 1              |  | vacant paused failed
     join 4              |  | vacant
     leave 4             | pause 200 | vacant paused failed
     claim 1             | appointed 1@4 | opening 1@4
     silent 2            |  | opening 1@4
     resign 1@4 resigned | end 1@4, deposed 1@4 resigned | vacant
     claim 2             |  | vacant
     alive 2             |  | vacant
     claim 2             | appointed 2@5 | opening 2@5`,
  ],
  [
    'a pause after a break is for whoever chooses to keep',
    `join 1            |  | vacant
     claim 1           | ...
     ready 1@1         | ...
     resign 1@1 broken | end 1@1, deposed 1@1 broken | vacant
     claim 1           | ...
     ready 1@2         | ...
     resign 1@2 broken | end 1@2, deposed 1@2 broken, pause 100 | vacant paused broken
     claim 1           | appointed 1@3 | opening 1@3
     resume            |  | opening 1@3`,
  ],
  [
    'a successor is awaited until one claims, and the next where it fails',
    `join 1 overlap    | ...
     join 2 overlap    | ...
     join 3 overlap    | ...
     claim 1           | ...
     ready 1@1         | ...
     yield 1@1         |  | preparing 1@1
     claim 1           |  | preparing 1@1
     claim 9           |  | preparing 1@1
     claim 2           | prepare 2@2 | preparing 1@1 for 2@2
     claim 3           |  | preparing 1@1 for 2@2
     resign 2@2 failed |  | preparing 1@1
     claim 2           |  | preparing 1@1
     claim 3           | prepare 3@3 | preparing 1@1 for 3@3
     exited 3          | handover 1@1 | handing over 1@1`,
  ],
  [
    'where the last candidate goes before it claims, a leader that wants to go is asked to',
    `join 1 overlap            | ...
     join 2 overlap            | ...
     claim 1                   | ...
     ready 1@1                 | ...
     transfer 7                |  | preparing 1@1
     yield 1@1                 |  | preparing 1@1
     join 2 overlap ineligible | handover 1@1 | handing over 1@1
     resign 1@1 resigned       | end 1@1, deposed 1@1 resigned | vacant
     claim 1                   | appointed 1@2 | opening 1@2
     ready 1@2                 | ready 1@2, transferred 7 failed | leading 1@2`,
  ],
  [
    'where the last candidate goes before it claims, another leader leads on',
    `join 1 overlap            | ...
     join 2 overlap            | ...
     join 3 overlap            | ...
     claim 1                   | ...
     ready 1@1                 | ...
     transfer 7                |  | preparing 1@1
     leave 2                   |  | preparing 1@1
     exited 3                  | transferred 7 failed | leading 1@1
     join 2 overlap            | ...
     join 3 overlap            | ...
     transfer 8 to 2           |  | preparing 1@1
     join 2 overlap ineligible | transferred 8 failed | leading 1@1`,
  ],
  [
    'a claim of another, or of the leader itself, gives up one that was asked for and does not come',
    `join 1 overlap  | ...
     join 2 overlap  | ...
     join 3 overlap  | ...
     claim 1         | ...
     ready 1@1       | ...
     transfer 7 to 2 |  | preparing 1@1
     claim 3         | transferred 7 failed | leading 1@1
     transfer 8 to 2 |  | preparing 1@1
     claim 1         | transferred 8 failed | leading 1@1
     transfer 9      |  | preparing 1@1
     claim 1         | transferred 9 failed | leading 1@1
     transfer 10 to 2 |  | preparing 1@1
     yield 1@1       |  | preparing 1@1
     claim 3         | prepare 3@2 | preparing 1@1 for 3@2
     prepared 3@2    | handover 1@1 | handing over 1@1 to 3@2
     leave 1         | end 1@1, deposed 1@1 resigned, appointed 3@2, ready 3@2, transferred 10 failed | leading 3@2`,
  ],
  [
    'while nobody may lead any more a transfer is not waited for',
    `join 1            | ...
     join 2            | ...
     claim 1           | ...
     ready 1@1         | ...
     transfer 7        | handover 1@1
     leave 1           | end 1@1, deposed 1@1 resigned | vacant
     join 2 ineligible | transferred 7 failed | vacant`,
  ],
];

test('who joins again is as old as it was', t => {
  const group = new UnitGroup();
  group.do('join 1');
  group.apply({ type: 'join', id: '1', member: { joinedAt: 9, eligible: true, priority: 5, handover: 'exclusive' } });
  t.like(group.state.members['1'], { joinedAt: 1, priority: 5 });
});

/** What becomes of a count of failures: 2 after the first two lines. */
const COUNTS: readonly (readonly [schedule: string, failures: number])[] = [
  ['exited 1', 2],
  ['resign 1@3 resigned', 2],
  ['yield 1@3, exited 1', 2],
  ['yield 1@3, prepared 2@4, resign 1@3 resigned', 2],
  ['yield 1@3, prepared 2@4, resign 1@3 resigned, resign 2@4 broken', 3],
  ['wait 10000, exited 1', 0],
  ['wait 10000, closed 1', 0],
  ['wait 10000, yield 1@3, prepared 2@4, resign 1@3 resigned', 0],
  ['wait 10000, yield 1@3, resign 1@3 resigned', 0],
];

test('failures count on through an end that is none, and through a hand-over, but not through a term that held', t => {
  for (const [schedule, failures] of COUNTS) {
    const group = new UnitGroup();
    const before = 'join 1 overlap, join 2 overlap, ready 1@1, resign 1@1 broken, ready 1@2, resign 1@2 broken, resume';
    for (const event of [...before.split(', '), 'ready 1@3', ...schedule.split(', ')]) group.do(event);
    t.is(group.state.failures, failures, schedule);
  }
});

const ROOMS: Readonly<Record<string, readonly Story[]>> = {
  appointment: APPOINTMENT,
  'end of a term': END_OF_A_TERM,
  'failed attempts': FAILED_ATTEMPTS,
  'exclusive hand-over': EXCLUSIVE,
  'overlapping hand-over': OVERLAP,
  'ineligible leader': INELIGIBLE_LEADER,
  'last resort': LAST_RESORT,
};

for (const [room, stories] of Object.entries(ROOMS)) {
  for (const [title, schedule, kills] of stories) {
    test(`${room}: ${title}`, t => follows(t, new UnitGroup(kills), schedule));
  }
}

for (const [title, schedule] of CLAIMS)
  test(`claims: ${title}`, t => follows(t, new UnitGroup(false, () => undefined), schedule));

test('a term is the wall clock in whole milliseconds, and grows where that stands still or goes back', t => {
  const group = new UnitGroup();
  group.now = 1e12 + 0.7;
  group.do('join 1');
  t.is(group.state.lastTerm, 1e12);
  group.do(`resign 1@${1e12} resigned`);
  t.is(group.state.lastTerm, 1e12 + 1);
  group.now = 5;
  group.do(`resign 1@${1e12 + 1} resigned`);
  t.is(group.state.lastTerm, 1e12 + 2);
  group.now = 2e12;
  group.do(`resign 1@${1e12 + 2} resigned`);
  t.is(group.state.lastTerm, 2e12);
});

test('the error of the last attempt and the methods of the leader are kept for the news', t => {
  const group = new UnitGroup();
  group.do('join 1');
  group.do('resign 1@1 failed');
  t.is(group.state.error, ERROR);
  t.is(phaseOf(group.state), 'failed');
  group.do('resume');
  t.is(group.state.error, ERROR);
  group.do('ready 1@2 get put');
  t.deepEqual(group.state.methods, ['get', 'put']);
});

test('the news is vacant, opening or ready, and failed after a round of failed attempts', t => {
  const group = new UnitGroup();
  const expected = [
    ['join 9 ineligible', 'vacant', 0],
    ['join 1 overlap', 'opening', 1],
    ['ready 1@1', 'ready', 1],
    ['join 2 overlap', 'ready', 1],
    ['yield 1@1', 'ready', 1],
    ['prepared 2@2', 'ready', 1],
    ['closed 1', 'vacant', 1],
    ['exited 1', 'ready', 2],
    ['resign 2@2 broken', 'opening', 3],
    ['resign 2@3 failed', 'failed', 3],
  ] as const;
  for (const [event, phase, term] of expected) {
    group.do(event);
    t.is(phaseOf(group.state), phase, event);
    t.is(termOf(group.state), term, event);
  }
  t.is(leaderOf(group.state), undefined);
});

test('who is chosen is asked of the candidates alone, and of those that are not avoided first', t => {
  const asked: (readonly string[])[] = [];
  const group = new UnitGroup(false, ids => {
    asked.push(ids);
    return ids.at(-1);
  });
  for (const event of ['join 1', 'join 2', 'join 3 ineligible', 'join 4', 'ready 1@1', 'resign 1@1 resigned'])
    group.do(event);
  t.deepEqual(asked, [['1'], ['2', '4']]);
  t.is(leaderOf(group.state), '4');
});

test('an event that nobody knows is an error in the code', t => {
  const group = new UnitGroup();
  t.throws(() => group.apply({ type: 'nonsense' } as never), { message: 'Unexpected case: {"type":"nonsense"}' });
});
