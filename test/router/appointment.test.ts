import test from 'ava';
import { toCandidate } from '../../lib/router/appointment.js';
import { type GroupMember, leaderOf, phaseOf, termOf } from '../../lib/router/group-state.js';
import { ERROR, follows, UnitGroup } from '../helpers/unit/group.js';

/** A sentence, a schedule, and whether hung leaders are killed. */
type Story = readonly [title: string, schedule: string, hungLeader?: 'kill'];

const APPOINTMENT: readonly Story[] = [
  [
    'the first member that may lead is appointed, and leads once its real client is open',
    `join 1         | appointed 1@1, tell, tell | opening 1@1
     ready 1@1      | ready 1@1, tell           | leading 1@1
     join 2         | tell                      | leading 1@1`,
  ],
  [
    'a member that may not lead leaves the group vacant until one comes that may',
    `join 1 ineligible | vacant, tell              | vacant
     join 2            | appointed 2@1, tell, tell | opening 2@1`,
  ],
  [
    'a member that may lead from now on is appointed',
    `join 1 ineligible | vacant, tell              | vacant
     join 1            | appointed 1@1, tell, tell | opening 1@1`,
  ],
  [
    'a member joins again with other options and keeps its place',
    `join 1         | appointed 1@1, tell, tell
     ready 1@1      | ready 1@1, tell
     join 1 overlap | tell                      | leading 1@1
     join 2         | tell
     yield 1@1      | prepare 2@2               | preparing 1@1 for 2@2`,
  ],
  [
    'the word of anybody but the leader in its term changes nothing, but who prepared unasked is to let go',
    `join 1              | appointed 1@1, tell, tell
     join 2              | tell
     ready 2@1           |                           | opening 1@1
     ready 1@2           |                           | opening 1@1
     prepared 2@1        | handover 2@1              | opening 1@1
     prepared 1@2        |                           | opening 1@1
     resign 2@1 resigned |                           | opening 1@1
     resign 1@2 resigned |                           | opening 1@1
     yield 1@1           |                           | opening 1@1
     ready 1@1           | ready 1@1, tell           | leading 1@1
     ready 1@1           |                           | leading 1@1
     yield 2@1           |                           | leading 1@1
     yield 1@2           |                           | leading 1@1
     prepared 1@1        |                           | leading 1@1
     resume              |                           | leading 1@1
     exited 1            |                           | leading 1@1
     exited 9            |                           | leading 1@1
     heard 1             |                           | leading 1@1
     heard 9             |                           | leading 1@1
     closed 9            |                           | leading 1@1
     leave 9             |                           | leading 1@1
     silent 9            |                           | leading 1@1`,
  ],
  [
    'a group without members knows no events but a join',
    `ready 1@0           |                                 | vacant
     prepared 1@0        | handover 1@0                    | vacant
     yield 1@0           |                                 | vacant
     resign 1@0 resigned |                                 | vacant
     leave 1             |                                 | vacant
     closed 1            |                                 | vacant
     exited 1            |                                 | vacant
     silent 1            |                                 | vacant
     heard 1             |                                 | vacant
     resume              |                                 | vacant
     transfer 7          | transferred 7 vacant            | vacant`,
  ],
];

const END_OF_A_TERM: readonly Story[] = [
  [
    'a leader that resigned is succeeded at once, and avoided while there is anybody else',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2, tell | opening 2@2
     closed 2            | end 2@2, tell                                      | fenced 2@2 disconnected
     exited 2            | deposed 2@2 exited, appointed 1@3, tell            | opening 1@3`,
  ],
  [
    'a leader that resigned leads again where nobody else may',
    `join 1              | ...
     join 2 ineligible   | ...
     ready 1@1           | ...
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 1@2, tell | opening 1@2`,
  ],
  [
    'a leader that leaves is succeeded at once',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     leave 1             | end 1@1, deposed 1@1 resigned, appointed 2@2, tell | opening 2@2
     leave 2             | end 2@2, deposed 2@2 resigned, vacant, tell        | vacant`,
  ],
  [
    'a leader whose channel closed is fenced until its process is dead',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     closed 1            | end 1@1, tell                           | fenced 1@1 disconnected
     join 3              | tell                                    | fenced 1@1 disconnected
     heard 2             |                                         | fenced 1@1 disconnected
     transfer 7          | transferred 7 vacant                    | fenced 1@1 disconnected
     exited 2            |                                         | fenced 1@1 disconnected
     exited 1            | deposed 1@1 exited, appointed 2@2, tell | opening 2@2`,
  ],
  [
    'a leader whose channel closed is fenced until its lease has run out',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     closed 1            | end 1@1, tell                                 | fenced 1@1 disconnected
     silent 1            | deposed 1@1 disconnected, appointed 2@2, tell | opening 2@2
     exited 1            |                                               | opening 2@2`,
  ],
  [
    'an appointed leader whose channel closed is fenced as well: it may have begun',
    `join 1              | ...
     join 2              | ...
     closed 1            | end 1@1, tell                           | fenced 1@1 disconnected
     exited 1            | deposed 1@1 exited, appointed 2@2, tell | opening 2@2`,
  ],
  [
    'a silent leader is deposed, and is no candidate until it is heard',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     silent 1            | end 1@1, deposed 1@1 silent, appointed 2@2, tell  | opening 2@2
     resign 2@2 resigned | end 2@2, deposed 2@2 resigned, appointed 2@3, tell | opening 2@3
     heard 1             |                                                   | opening 2@3
     resign 2@3 resigned | end 2@3, deposed 2@3 resigned, appointed 1@4, tell | opening 1@4`,
  ],
  [
    'where all that may lead are silent the group is vacant until one is heard',
    `join 1              | ...
     ready 1@1           | ...
     silent 1            | end 1@1, deposed 1@1 silent, vacant, tell | vacant
     silent 1            |                                           | vacant
     join 1              | tell                                      | vacant
     heard 1             | appointed 1@2, tell                       | opening 1@2
     heard 1             |                                           | opening 1@2`,
  ],
  [
    'a worker that is silent in another group is passed over here',
    `join 1              | ...
     join 2              | ...
     silent 2            |                                           | opening 1@1
     silent 1            | end 1@1, deposed 1@1 silent, vacant, tell | vacant
     heard 2             | appointed 2@2, tell                       | opening 2@2`,
  ],
  [
    'a hung leader that is to be killed is succeeded when its process is dead, not before',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     silent 1            | kill 1, tell                            | fenced 1@1 killed
     silent 1            |                                         | fenced 1@1 killed
     heard 1             |                                         | fenced 1@1 killed
     ready 1@1           |                                         | fenced 1@1 killed
     exited 2            |                                         | fenced 1@1 killed
     closed 1            | end 1@1                                 | fenced 1@1 killed
     silent 1            |                                         | fenced 1@1 killed
     exited 1            | deposed 1@1 killed, appointed 2@2, tell | opening 2@2`,
    'kill',
  ],
  [
    'a leader that resigned just before it was killed is succeeded at once, and its callers hear of the end',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     silent 1            | kill 1, tell                                       | fenced 1@1 killed
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2, tell | opening 2@2
     closed 1            |                                                    | opening 2@2
     exited 1            |                                                    | opening 2@2`,
    'kill',
  ],
  [
    'a leader that leaves just before it is killed is awaited all the same',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     silent 1            | kill 1, tell                            | fenced 1@1 killed
     leave 1             |                                         | fenced 1@1 killed
     closed 1            | end 1@1                                 | fenced 1@1 killed
     exited 1            | deposed 1@1 killed, appointed 2@2, tell | opening 2@2`,
    'kill',
  ],
  [
    'a leader whose channel closed is not killed: its lease runs out',
    `join 1              | ...
     closed 1            | end 1@1, tell                          | fenced 1@1 disconnected
     silent 1            | deposed 1@1 disconnected, vacant, tell | vacant`,
    'kill',
  ],
];

const FAILED_ATTEMPTS: readonly Story[] = [
  [
    'each member is tried once, then there is a pause that grows with each round',
    `join 1            | appointed 1@1, tell, tell                        | opening 1@1
     join 2            | tell                                             | opening 1@1
     resign 1@1 failed | end 1@1, deposed 1@1 failed, appointed 2@2, tell | opening 2@2
     resign 2@2 failed | end 2@2, deposed 2@2 failed, pause 100, vacant, tell | vacant paused failed
     resume            | appointed 1@3, tell                              | opening 1@3
     resign 1@3 failed | end 1@3, deposed 1@3 failed, appointed 2@4, tell | opening 2@4
     resign 2@4 failed | end 2@4, deposed 2@4 failed, pause 200, vacant, tell | vacant paused failed
     resume            | appointed 1@5, tell                              | opening 1@5
     ready 1@5         | ready 1@5, tell                                  | leading 1@5`,
  ],
  [
    'a new worker is tried at once while those that failed wait, and its own failure makes the pause longer',
    `join 1            | ...
     resign 1@1 failed | end 1@1, deposed 1@1 failed, pause 100, vacant, tell | vacant paused failed
     join 2            | appointed 2@2, tell, tell                            | opening 2@2
     resume            |                                                      | opening 2@2
     resign 2@2 failed | end 2@2, deposed 2@2 failed, pause 200, vacant, tell | vacant paused failed
     join 3 ineligible | tell                                                 | vacant paused failed
     join 1            | tell                                                 | vacant paused failed
     resume            | appointed 1@3, tell                                  | opening 1@3`,
  ],
  [
    'a member that could not open and may lead again later counts as a new worker',
    `join 1            | ...
     join 1 ineligible | tell                                          | opening 1@1
     resign 1@1 failed | end 1@1, deposed 1@1 failed, vacant, tell     | vacant
     join 1            | appointed 1@2, tell, tell                     | opening 1@2`,
  ],
  [
    'a pause that is over after all who failed have left finds the group vacant',
    `join 1            | ...
     join 2 ineligible | ...
     resign 1@1 failed | ...
     leave 1           |                     | vacant paused failed
     resume            | vacant, tell        | vacant
     resume            |                     | vacant`,
  ],
  [
    'a member that is heard during the pause waits for its end',
    `join 1            | ...
     join 2            | ...
     silent 2          |                     | opening 1@1
     resign 1@1 failed | ...                 | vacant paused failed
     heard 2           |                     | vacant paused failed
     resume            | appointed 1@2, tell | opening 1@2`,
  ],
  [
    'a leader that breaks once is opened anew at once, one that keeps breaking after pauses that grow',
    `join 1            | ...
     ready 1@1         | ...
     resign 1@1 broken | end 1@1, deposed 1@1 broken, appointed 1@2, tell | opening 1@2
     ready 1@2         | ready 1@2, tell
     resign 1@2 broken | end 1@2, deposed 1@2 broken, pause 100, tell     | vacant paused
     join 2            | tell                                             | vacant paused
     heard 1           |                                                  | vacant paused
     resume            | appointed 1@3, tell                              | opening 1@3
     ready 1@3         | ready 1@3, tell
     resign 1@3 broken | end 1@3, deposed 1@3 broken, pause 200, tell     | vacant paused`,
  ],
  [
    'a term that held for ten seconds ends the count of breaks',
    `join 1            | ...
     ready 1@1         | ...
     resign 1@1 broken | ...                                                  | opening 1@2
     ready 1@2         | ...
     wait 9999         |
     resign 1@2 broken | end 1@2, deposed 1@2 broken, pause 100, tell         | vacant paused
     resume            | appointed 1@9999, tell
     ready 1@9999      | ...
     wait 10000        |
     resign 1@9999 broken | end 1@9999, deposed 1@9999 broken, appointed 1@19999, tell | opening 1@19999`,
  ],
  [
    'terms that held for ten seconds together end the count, too',
    `join 1               | ...
     ready 1@1            | ...
     resign 1@1 broken    | ...
     ready 1@2            | ...
     wait 100             |
     resign 1@2 broken    | end 1@2, deposed 1@2 broken, pause 100, tell | vacant paused
     resume               | ...
     ready 1@100          | ...
     wait 6000            |
     resign 1@100 resigned | ...
     ready 1@6100         | ...
     wait 6000            |
     resign 1@6100 resigned | ...
     ready 1@12100        | ...
     wait 1000            |
     resign 1@12100 broken | end 1@12100, deposed 1@12100 broken, appointed 1@13100, tell | opening 1@13100`,
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
     exited 1          | deposed 1@2 exited, appointed 2@10000, tell
     ready 2@10000     | ...
     resign 2@10000 broken | end 2@10000, deposed 2@10000 broken, appointed 2@10001, tell | opening 2@10001`,
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
     resign 1@2 resigned | end 1@2, deposed 1@2 resigned, appointed 2@10000, tell
     ready 2@10000     | ...
     resign 2@10000 broken | end 2@10000, deposed 2@10000 broken, appointed 1@10001, tell | opening 1@10001`,
  ],
];

const EXCLUSIVE: readonly Story[] = [
  [
    'an exclusive transfer: the leader is asked to go, then the successor opens',
    `join 1              | ...
     join 2              | ...
     join 3              | ...
     ready 1@1           | ...
     transfer 7 to 3     | handover 1@1                                       | handing over 1@1
     transfer 8 to 2     | transferred 8 vacant                               | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 3@2, tell | opening 3@2
     ready 3@2           | ready 3@2, tell, transferred 7                     | leading 3@2`,
  ],
  [
    'without a wish the usual choice is made among the others',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     transfer 7          | handover 1@1                                       | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2, tell | opening 2@2
     ready 2@2           | ready 2@2, tell, transferred 7                     | leading 2@2`,
  ],
  [
    'a transfer to the leader is done already, and one to a member that may not lead is refused',
    `join 1              | ...
     transfer 6          | transferred 6 vacant           | opening 1@1
     ready 1@1           | ...
     transfer 7 to 1     | transferred 7                  | leading 1@1
     transfer 8          | transferred 8 no candidate     | leading 1@1
     join 2 ineligible   | ...
     transfer 9 to 2     | transferred 9 no candidate     | leading 1@1
     transfer 10 to 3    | transferred 10 no candidate    | leading 1@1
     join 3              | ...
     silent 3            | ...
     transfer 11 to 3    | transferred 11 no candidate    | leading 1@1`,
  ],
  [
    'where the successor fails the old leader opens again, and the transfer has failed',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     transfer 7 to 2     | handover 1@1
     resign 1@1 resigned | ...                                              | opening 2@2
     resign 2@2 failed   | end 2@2, deposed 2@2 failed, appointed 1@3, tell | opening 1@3
     ready 1@3           | ready 1@3, tell, transferred 7 failed            | leading 1@3`,
  ],
  [
    'where the successor dies before the leader has gone the old leader opens again',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     transfer 7 to 2     | handover 1@1
     closed 2            |                                                    | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 1@2, tell | opening 1@2
     ready 1@2           | ready 1@2, tell, transferred 7 failed              | leading 1@2`,
  ],
  [
    'where the leader dies while it hands over the successor comes on its death',
    `join 1              | ...
     join 2              | ...
     join 3              | ...
     ready 1@1           | ...
     transfer 7 to 3     | handover 1@1
     closed 1            | end 1@1, tell                           | fenced 1@1 disconnected
     exited 1            | deposed 1@1 exited, appointed 3@2, tell | opening 3@2
     ready 3@2           | ready 3@2, tell, transferred 7          | leading 3@2`,
  ],
  [
    'where nobody can open after a transfer it has failed, and the rounds go on',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     transfer 7 to 2     | handover 1@1
     resign 1@1 resigned | ...
     resign 2@2 failed   | ...
     resign 1@3 failed   | end 1@3, deposed 1@3 failed, transferred 7 failed, pause 100, vacant, tell | vacant paused failed
     resume              | appointed 2@4, tell                                                        | opening 2@4`,
  ],
  [
    'where everybody leaves during a transfer it has failed',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     transfer 7 to 2     | handover 1@1
     leave 2             |                                                                   | handing over 1@1
     leave 1             | end 1@1, deposed 1@1 resigned, transferred 7 failed, vacant, tell | vacant`,
  ],
  [
    'a leader that breaks while it hands over is succeeded at once, whatever broke before',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     resign 1@1 broken   | ...
     ready 1@2           | ...
     transfer 7 to 2     | handover 1@2
     resign 1@2 broken   | end 1@2, deposed 1@2 broken, appointed 2@3, tell | opening 2@3
     ready 2@3           | ready 2@3, tell, transferred 7                   | leading 2@3`,
  ],
  [
    'a transfer that ends in a pause has failed: during the pause all may leave',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     resign 1@1 broken   | ...
     ready 1@2           | ...
     transfer 7 to 2     | handover 1@2
     resign 1@2 resigned | ...                                                               | opening 2@3
     resign 2@3 broken   | end 2@3, deposed 2@3 broken, transferred 7 failed, pause 100, tell | vacant paused
     leave 1             |                                                                   | vacant paused
     leave 2             |                                                                   | vacant paused`,
  ],
  [
    'a hung leader that hands over is deposed, and the successor comes',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     transfer 7 to 2     | handover 1@1
     silent 1            | end 1@1, deposed 1@1 silent, appointed 2@2, tell | opening 2@2
     ready 2@2           | ready 2@2, tell, transferred 7                   | leading 2@2`,
  ],
  [
    'a hung leader that hands over is killed, and the successor comes on its death',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     transfer 7 to 2     | handover 1@1
     silent 1            | kill 1, tell                            | fenced 1@1 killed
     closed 1            | end 1@1
     exited 1            | deposed 1@1 killed, appointed 2@2, tell | opening 2@2
     ready 2@2           | ready 2@2, tell, transferred 7          | leading 2@2`,
    'kill',
  ],
];

const OVERLAP: readonly Story[] = [
  [
    'an overlapping transfer: the successor is ready before the leader is asked to go',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     transfer 7 to 2     | prepare 2@2                                              | preparing 1@1 for 2@2
     ready 2@2           |                                                          | preparing 1@1 for 2@2
     prepared 1@2        |                                                          | preparing 1@1 for 2@2
     prepared 2@3        |                                                          | preparing 1@1 for 2@2
     yield 1@1           |                                                          | preparing 1@1 for 2@2
     prepared 2@2        | handover 1@1                                             | handing over 1@1 to 2@2
     prepared 2@2        |                                                          | handing over 1@1 to 2@2
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2, tell, ready 2@2, tell, transferred 7 | leading 2@2`,
  ],
  [
    'a leader that wants to go waits for a successor that is ready',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2                                        | preparing 1@1 for 2@2
     prepared 2@2        | handover 1@1                                       | handing over 1@1 to 2@2
     leave 1             | end 1@1, deposed 1@1 resigned, appointed 2@2, tell, ready 2@2, tell | leading 2@2`,
  ],
  [
    'a leader that waits no longer is asked to go while its successor opens, and is succeeded by it',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2  | preparing 1@1 for 2@2
     yield 1@9 now       |              | preparing 1@1 for 2@2
     yield 1@1 now       | handover 1@1 | handing over 1@1 to 2@2, opening
     yield 1@1 now       |              | handing over 1@1 to 2@2, opening
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2, tell | opening 2@2
     prepared 2@2        | ready 2@2, tell                                    | leading 2@2`,
  ],
  [
    'a successor that is prepared after the leader was asked to go leads at once',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     yield 1@1 now       | prepare 2@2, handover 1@1 | handing over 1@1 to 2@2, opening
     prepared 2@3        |                           | handing over 1@1 to 2@2, opening
     prepared 2@2        |                           | handing over 1@1 to 2@2
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2, tell, ready 2@2, tell | leading 2@2`,
  ],
  [
    'a successor that fails, or falls silent, after the leader was asked to go is not appointed',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     yield 1@1 now       | prepare 2@2, handover 1@1 | handing over 1@1 to 2@2, opening
     silent 2            |                           | handing over 1@1 to 2@2, opening
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 3@3, tell | opening 3@3
     ready 3@3           | ...
     prepared 2@2        | handover 2@2              | leading 3@3`,
  ],
  [
    'a leader that wants to go and has no successor is asked to go at once, and leads again',
    `join 1 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | handover 1@1                                       | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 1@2, tell | opening 1@2`,
  ],
  [
    'a successor that fails is followed by the next, and then the leader goes without one',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2                                        | preparing 1@1 for 2@2
     resign 2@2 failed   | prepare 3@3                                        | preparing 1@1 for 3@3
     resign 3@3 failed   | handover 1@1                                       | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 1@4, tell | opening 1@4`,
  ],
  [
    'a successor that dies is followed by the next, once its real client can be open no more',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2 | preparing 1@1 for 2@2
     exited 3            |             | preparing 1@1 for 2@2
     closed 2            |             | preparing 1@1 for lost 2@2
     exited 3            |             | preparing 1@1 for lost 2@2
     exited 2            | prepare 3@3 | preparing 1@1 for 3@3
     leave 3             | handover 1@1 | handing over 1@1`,
  ],
  [
    'where the wanted successor fails or goes the leader leads on, and the transfer has failed',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     transfer 7 to 2     | prepare 2@2          | preparing 1@1 for 2@2
     resign 2@2 failed   | transferred 7 failed | leading 1@1
     transfer 8 to 2     | transferred 8 no candidate | leading 1@1
     transfer 9 to 3     | prepare 3@3          | preparing 1@1 for 3@3
     closed 3            |                      | preparing 1@1 for lost 3@3
     exited 3            | transferred 9 failed | leading 1@1`,
  ],
  [
    'a successor that can not be reached is followed by the next after its lease, and by none where the leader goes first',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2              | preparing 1@1 for 2@2
     closed 2            |                          | preparing 1@1 for lost 2@2
     silent 2            | prepare 3@3              | preparing 1@1 for 3@3
     closed 3            |                          | preparing 1@1 for lost 3@3
     yield 1@1 now       | handover 1@1             | handing over 1@1
     exited 3            |                          | handing over 1@1`,
  ],
  [
    'where the leader is lost while its successor can not be reached, nobody waits for that one',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2              | preparing 1@1 for 2@2
     closed 2            |                          | preparing 1@1 for lost 2@2
     silent 1            | end 1@1, deposed 1@1 silent, appointed 3@3, tell | opening 3@3`,
  ],
  [
    'a successor that falls silent is followed by the next, and gives back what it opened when it is heard again',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2  | preparing 1@1 for 2@2
     silent 2            | handover 2@2, prepare 3@3  | preparing 1@1 for 3@3
     heard 2             |              | preparing 1@1 for 3@3
     prepared 2@2        | handover 2@2 | preparing 1@1 for 3@3
     resign 2@2 resigned |              | preparing 1@1 for 3@3
     prepared 3@3        | handover 1@1 | handing over 1@1 to 3@3`,
  ],
  [
    'where the wanted successor falls silent the leader leads on, and the transfer has failed',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     transfer 7 to 2     | prepare 2@2          | preparing 1@1 for 2@2
     silent 2            | handover 2@2, transferred 7 failed | leading 1@1
     prepared 2@2        | handover 2@2         | leading 1@1`,
  ],
  [
    'a successor that hangs is not killed: it leads nothing yet',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     transfer 7 to 2     | prepare 2@2          | preparing 1@1 for 2@2
     silent 2            | handover 2@2, transferred 7 failed | leading 1@1`,
    'kill',
  ],
  [
    'a successor that fails after it was ready is not appointed',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     transfer 7 to 2     | prepare 2@2
     prepared 2@2        | handover 1@1
     resign 2@2 failed   |                                                    | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 1@3, tell | opening 1@3
     ready 1@3           | ready 1@3, tell, transferred 7 failed              | leading 1@3`,
  ],
  [
    'a successor that dies after it was ready is not appointed',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2
     prepared 2@2        | handover 1@1
     closed 2            |                                                    | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 1@3, tell | opening 1@3`,
  ],
  [
    'a successor that fell silent after it was ready is not appointed',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2
     prepared 2@2        | handover 1@1
     silent 2            |                                                    | handing over 1@1 to 2@2
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 3@3, tell | opening 3@3`,
  ],
  [
    'a leader that goes before the successor is ready is succeeded by it under its number',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2, tell | opening 2@2
     prepared 2@2        | ready 2@2, tell                                    | leading 2@2
     ready 2@2           |                                                    | leading 2@2`,
  ],
  [
    'a leader that breaks while its successor gets ready is succeeded by it',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     yield 1@1           | prepare 2@2
     resign 1@1 broken   | end 1@1, deposed 1@1 broken, appointed 2@2, tell | opening 2@2
     resign 2@2 failed   | end 2@2, deposed 2@2 failed, appointed 1@3, tell | opening 1@3`,
  ],
  [
    'a leader that hangs while its successor gets ready is succeeded by it',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     ready 1@1           | ...
     transfer 7          | prepare 2@2
     silent 1            | end 1@1, deposed 1@1 silent, appointed 2@2, tell | opening 2@2
     ready 2@2           | ready 2@2, tell, transferred 7                   | leading 2@2`,
  ],
  [
    'where the leader dies while its successor gets ready that one comes, under a new number',
    `join 1 overlap      | ...
     join 2 overlap      | ...
     join 3 overlap      | ...
     ready 1@1           | ...
     transfer 7 to 3     | prepare 3@2
     closed 1            | end 1@1, tell                           | fenced 1@1 disconnected
     prepared 3@2        | handover 3@2                            | fenced 1@1 disconnected
     exited 1            | deposed 1@1 exited, appointed 3@3, tell | opening 3@3
     ready 3@3           | ready 3@3, tell, transferred 7          | leading 3@3`,
  ],
];

const INELIGIBLE_LEADER: readonly Story[] = [
  [
    'a leader that may lead no more gives the group to the first that may',
    `join 1              | ...
     ready 1@1           | ...
     join 1 ineligible   | tell                                               | leading 1@1
     join 2              | handover 1@1, tell                                 | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2, tell | opening 2@2`,
  ],
  [
    'one that became ineligible while it opened is replaced once it is ready',
    `join 1              | ...
     join 2              | ...
     join 1 ineligible   | tell                          | opening 1@1
     ready 1@1           | ready 1@1, tell, handover 1@1 | handing over 1@1`,
  ],
  [
    'one that became ineligible during a transfer is replaced though that failed',
    `join 1 overlap            | ...
     join 2 overlap            | ...
     join 3 overlap            | ...
     ready 1@1                 | ...
     transfer 7 to 2           | prepare 2@2                       | preparing 1@1 for 2@2
     join 1 overlap ineligible | tell                              | preparing 1@1 for 2@2
     resign 2@2 failed         | transferred 7 failed, prepare 3@3 | preparing 1@1 for 3@3`,
  ],
  [
    'one is replaced as soon as a member that may lead is heard again',
    `join 1              | ...
     ready 1@1           | ...
     join 2              | ...
     silent 2            | ...
     join 1 ineligible   | tell         | leading 1@1
     heard 2             | handover 1@1 | handing over 1@1`,
  ],
];

const LAST_RESORT: readonly Story[] = [
  [
    'a leader that has stepped aside leads on as long as nobody else is eligible',
    `join 1       | ...
     ready 1@1    | ...
     join 1 aside | tell               | leading 1@1
     join 2 aside | tell               | leading 1@1
     join 3       | handover 1@1, tell | handing over 1@1`,
  ],
  [
    'where all step aside while the group is handed over the successor leads, and then the next',
    `join 1              | ...
     join 2              | ...
     ready 1@1           | ...
     join 1 aside        | handover 1@1, tell                                 | handing over 1@1
     join 2 aside        | tell                                               | handing over 1@1
     resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2, tell | opening 2@2
     ready 2@2           | ready 2@2, tell                                    | leading 2@2
     yield 2@2           | handover 2@2                                       | handing over 2@2
     leave 2             | end 2@2, deposed 2@2 resigned, appointed 1@3, tell | opening 1@3
     ready 1@3           | ready 1@3, tell                                    | leading 1@3
     leave 1             | end 1@3, deposed 1@3 resigned, vacant, tell        | vacant`,
  ],
  [
    'an overlapping group is handed over from one that has stepped aside to the next before that closes',
    `join 1 overlap       | ...
     join 2 overlap aside | ...
     ready 1@1            | ...
     join 1 overlap aside | tell        | leading 1@1
     yield 1@1            | prepare 2@2 | preparing 1@1 for 2@2`,
  ],
  [
    'one that has stepped aside is appointed where nobody eligible is left, and no transfer goes to it before',
    `join 1       | ...
     join 2 aside | ...
     ready 1@1    | ...
     transfer 7   | transferred 7 no candidate | leading 1@1
     closed 1     | end 1@1, tell              | fenced 1@1 disconnected
     exited 1     | deposed 1@1 exited, appointed 2@2, tell | opening 2@2`,
  ],
  [
    'one that has stepped aside and could not open is tried again after the pause',
    `join 1 aside      | appointed 1@1, tell, tell | opening 1@1
     resign 1@1 failed | ...                       | vacant paused failed
     join 1 aside      | tell                      | vacant paused failed
     resume            | appointed 1@2, tell       | opening 1@2`,
  ],
];

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
  for (const [title, schedule, hungLeader] of stories) {
    test(`${room}: ${title}`, t => follows(t, new UnitGroup(hungLeader), schedule));
  }
}

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
  t.is(group.state.error, undefined);
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
    ['exited 1', 'opening', 3],
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
  const asked: number[][] = [];
  const choose = (candidates: readonly GroupMember[]) => {
    asked.push(candidates.map(member => member.workerId));
    return candidates.at(-1)!.workerId;
  };
  const group = new UnitGroup('depose', choose);
  for (const event of ['join 1', 'join 2', 'join 3 ineligible', 'join 4', 'ready 1@1', 'resign 1@1 resigned'])
    group.do(event);
  t.deepEqual(asked, [[1], [2, 4]]);
  t.is(leaderOf(group.state), 4);
});

test('an event or a stage that nobody knows is an error in the code', t => {
  const group = new UnitGroup();
  t.throws(() => group.apply({ type: 'nonsense' } as never), { message: 'Unexpected case: {"type":"nonsense"}' });
  const state = { ...group.state, at: { stage: 'nonsense' } as never };
  t.throws(() => phaseOf(state), { message: 'Unexpected case: {"stage":"nonsense"}' });
});

test('a candidate is shown without what only the group needs to know', t => {
  const member = { workerId: 1, pid: 2, joinedAt: 3, eligible: true, priority: 4, handover: 'overlap' } as const;
  t.deepEqual(toCandidate({ ...member, hasFailed: false, isSilent: false }, 5), {
    workerId: 1,
    pid: 2,
    joinedAt: 3,
    leads: 5,
    priority: 4,
  });
});

test('a new group whose only candidates lead others waits for a moment for those who may come', t => {
  const group = new UnitGroup('depose', candidates => candidates.at(-1)!.workerId);
  group.expected = 9;
  group.busy.add(1).add(2);
  follows(
    t,
    group,
    `join 1            | hold open, tell       | vacant paused
     join 2            | tell                  | vacant paused
     join 3 ineligible | tell                  | vacant paused
     join 4            | appointed 4@1, tell, tell | opening 4@1
     resume            |                       | opening 4@1
     leave 4           | end 4@1, deposed 4@1 resigned, appointed 2@2, tell | opening 2@2`,
  );
});

test('it waits no longer, and not where nobody can come, or somebody has led it before', t => {
  const group = new UnitGroup();
  group.busy.add(1);
  group.expected = 9;
  follows(
    t,
    group,
    `join 1  | hold open, tell     | vacant paused
     resume  | appointed 1@1, tell | opening 1@1
     leave 1 | end 1@1, deposed 1@1 resigned, vacant, tell | vacant
     join 1  | appointed 1@2, tell, tell`,
  );
  const alone = new UnitGroup();
  alone.busy.add(1);
  alone.expected = 1;
  follows(t, alone, 'join 1 | appointed 1@1, tell, tell');
});
