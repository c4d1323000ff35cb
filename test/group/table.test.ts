// Every event in every stage: what is to be done, and where the group then stands. Where nothing is said, nothing changes.

import test from 'ava';
import { orderWords, stageWords, UnitGroup } from '../helpers/unit/group.js';

/** Three members of a group that overlaps, of whom nobody is chosen but by a claim. */
const MEMBERS = ['join 1 overlap', 'join 2 overlap', 'join 3 overlap'];

const EVENTS = [
  'claim 1',
  'claim 2',
  'ready 1@1',
  'ready 2@2',
  'prepared 1@1',
  'prepared 2@2',
  'prepared 3@2',
  'yield 1@1',
  'yield 1@1 now',
  'yield 2@2',
  'resign 1@1 resigned',
  'resign 1@1 failed',
  'resign 2@2 failed',
  'resign 2@1 failed',
  'resign 1@2 failed',
  'leave 1',
  'leave 2',
  'closed 1',
  'closed 2',
  'exited 1',
  'exited 2',
  'silent 1',
  'silent 2',
  'alive 1',
  'resume',
  'transfer 8',
  'transfer 8 to 2',
];

/** What comes before, and what each event then makes of it. */
const STAGES: readonly (readonly [before: readonly string[], table: string])[] = [
  [
    [],
    `
    claim 1             | appointed 1@1 | opening 1@1
    claim 2             | appointed 2@1 | opening 2@1
    prepared 1@1        | handover 1@1 | vacant
    prepared 2@2        | handover 2@2 | vacant
    prepared 3@2        | handover 3@2 | vacant
    leave 1             |  | vacant
    leave 2             |  | vacant
    closed 1            |  | vacant
    closed 2            |  | vacant
    exited 1            |  | vacant
    exited 2            |  | vacant
    silent 1            |  | vacant
    silent 2            |  | vacant
    transfer 8          | transferred 8 vacant | vacant
    transfer 8 to 2     | transferred 8 vacant | vacant
    `,
  ],
  [
    ['claim 1'],
    `
    ready 1@1           | ready 1@1 | leading 1@1
    prepared 1@1        | ready 1@1 | leading 1@1
    prepared 2@2        | handover 2@2 | opening 1@1
    prepared 3@2        | handover 3@2 | opening 1@1
    resign 1@1 resigned | end 1@1, deposed 1@1 resigned | vacant
    resign 1@1 failed   | end 1@1, deposed 1@1 failed | vacant
    leave 1             | end 1@1, deposed 1@1 resigned | vacant
    leave 2             |  | opening 1@1
    closed 1            | end 1@1 | fenced 1@1 disconnected
    closed 2            |  | opening 1@1
    exited 1            | end 1@1, deposed 1@1 exited | vacant
    exited 2            |  | opening 1@1
    silent 1            | end 1@1, deposed 1@1 silent | vacant
    silent 2            |  | opening 1@1
    transfer 8          | transferred 8 vacant | opening 1@1
    transfer 8 to 2     | transferred 8 vacant | opening 1@1
    `,
  ],
  [
    ['claim 1', 'ready 1@1'],
    `
    prepared 2@2        | handover 2@2 | leading 1@1
    prepared 3@2        | handover 3@2 | leading 1@1
    yield 1@1           |  | preparing 1@1
    yield 1@1 now       | handover 1@1 | handing over 1@1
    resign 1@1 resigned | end 1@1, deposed 1@1 resigned | vacant
    resign 1@1 failed   | end 1@1, deposed 1@1 failed | vacant
    leave 1             | end 1@1, deposed 1@1 resigned | vacant
    leave 2             |  | leading 1@1
    closed 1            | end 1@1 | fenced 1@1 disconnected
    closed 2            |  | leading 1@1
    exited 1            | end 1@1, deposed 1@1 exited | vacant
    exited 2            |  | leading 1@1
    silent 1            | end 1@1, deposed 1@1 silent | vacant
    silent 2            |  | leading 1@1
    transfer 8          |  | preparing 1@1
    transfer 8 to 2     |  | preparing 1@1
    `,
  ],
  [
    ['claim 1', 'ready 1@1', 'transfer 7'],
    `
    claim 1             | transferred 7 failed | leading 1@1
    claim 2             | prepare 2@2 | preparing 1@1 for 2@2
    prepared 2@2        | handover 2@2 | preparing 1@1
    prepared 3@2        | handover 3@2 | preparing 1@1
    yield 1@1           |  | preparing 1@1
    yield 1@1 now       | handover 1@1 | handing over 1@1
    resign 1@1 resigned | end 1@1, deposed 1@1 resigned | vacant
    resign 1@1 failed   | end 1@1, deposed 1@1 failed | vacant
    leave 1             | end 1@1, deposed 1@1 resigned | vacant
    leave 2             |  | preparing 1@1
    closed 1            | end 1@1 | fenced 1@1 disconnected
    closed 2            |  | preparing 1@1
    exited 1            | end 1@1, deposed 1@1 exited | vacant
    exited 2            |  | preparing 1@1
    silent 1            | end 1@1, deposed 1@1 silent | vacant
    silent 2            |  | preparing 1@1
    transfer 8          | transferred 8 vacant | preparing 1@1
    transfer 8 to 2     | transferred 8 vacant | preparing 1@1
    `,
  ],
  [
    ['claim 1', 'ready 1@1', 'transfer 7', 'claim 2'],
    `
    prepared 2@2        | handover 1@1 | handing over 1@1 to 2@2
    prepared 3@2        | handover 3@2 | preparing 1@1 for 2@2
    yield 1@1           |  | preparing 1@1 for 2@2
    yield 1@1 now       | handover 1@1 | handing over 1@1 to 2@2, opening
    resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2 | opening 2@2
    resign 1@1 failed   | end 1@1, deposed 1@1 failed, appointed 2@2 | opening 2@2
    resign 2@2 failed   |  | preparing 1@1
    leave 1             | end 1@1, deposed 1@1 resigned, appointed 2@2 | opening 2@2
    leave 2             |  | preparing 1@1
    closed 1            | end 1@1 | fenced 1@1 disconnected for 2@2, opening
    closed 2            |  | preparing 1@1 for lost 2@2
    exited 1            | end 1@1, deposed 1@1 exited, appointed 2@2 | opening 2@2
    exited 2            |  | preparing 1@1
    silent 1            | end 1@1, deposed 1@1 silent, appointed 2@2 | opening 2@2
    silent 2            | handover 2@2 | preparing 1@1
    transfer 8          | transferred 8 vacant | preparing 1@1 for 2@2
    transfer 8 to 2     | transferred 8 vacant | preparing 1@1 for 2@2
    `,
  ],
  [
    ['claim 1', 'ready 1@1', 'transfer 7', 'claim 2', 'prepared 2@2'],
    `
    prepared 2@2        |  | handing over 1@1 to 2@2
    prepared 3@2        | handover 3@2 | handing over 1@1 to 2@2
    resign 1@1 resigned | end 1@1, deposed 1@1 resigned, appointed 2@2, ready 2@2, transferred 7 | leading 2@2
    resign 1@1 failed   | end 1@1, deposed 1@1 failed, appointed 2@2, ready 2@2, transferred 7 | leading 2@2
    resign 2@2 failed   |  | handing over 1@1
    leave 1             | end 1@1, deposed 1@1 resigned, appointed 2@2, ready 2@2, transferred 7 | leading 2@2
    leave 2             |  | handing over 1@1
    closed 1            | end 1@1 | fenced 1@1 disconnected for 2@2
    closed 2            |  | handing over 1@1
    exited 1            | end 1@1, deposed 1@1 exited, appointed 2@2, ready 2@2, transferred 7 | leading 2@2
    exited 2            |  | handing over 1@1
    silent 1            | end 1@1, deposed 1@1 silent, appointed 2@2, ready 2@2, transferred 7 | leading 2@2
    silent 2            |  | handing over 1@1 to 2@2
    transfer 8          | transferred 8 vacant | handing over 1@1 to 2@2
    transfer 8 to 2     | transferred 8 vacant | handing over 1@1 to 2@2
    `,
  ],
  [
    ['claim 1', 'ready 1@1', 'transfer 7', 'claim 2', 'closed 1'],
    `
    prepared 2@2        |  | fenced 1@1 disconnected for 2@2
    prepared 3@2        | handover 3@2 | fenced 1@1 disconnected for 2@2, opening
    resign 1@1 resigned | deposed 1@1 resigned, appointed 2@2 | opening 2@2
    resign 1@1 failed   | end 1@1, deposed 1@1 failed, appointed 2@2 | opening 2@2
    resign 2@2 failed   |  | fenced 1@1 disconnected
    leave 2             |  | fenced 1@1 disconnected
    closed 1            | end 1@1 | fenced 1@1 disconnected for 2@2, opening
    closed 2            |  | fenced 1@1 disconnected
    exited 1            | deposed 1@1 exited, appointed 2@2 | opening 2@2
    exited 2            |  | fenced 1@1 disconnected
    silent 1            | deposed 1@1 disconnected, appointed 2@2 | opening 2@2
    silent 2            |  | fenced 1@1 disconnected for 2@2, opening
    transfer 8          | transferred 8 vacant | fenced 1@1 disconnected for 2@2, opening
    transfer 8 to 2     | transferred 8 vacant | fenced 1@1 disconnected for 2@2, opening
    `,
  ],
];

/** `event | orders | stage`, by event. */
function readTable(table: string): Map<string, readonly string[]> {
  const rows = table.trim().split('\n');
  return new Map(
    rows.map(row => row.split('|').map(cell => cell.trim())).map(([event = '', ...cells]) => [event, cells]),
  );
}

for (const [before, table] of STAGES) {
  const group = new UnitGroup(false, () => undefined);
  for (const event of [...MEMBERS, ...before]) group.do(event);
  const { state } = group;
  test(`each event while it is ${stageWords(state.at)}`, t => {
    const expected = readTable(table);
    for (const event of EVENTS) {
      group.state = state;
      const orders = group.do(event).map(orderWords).join(', ');
      const [given, stage] = expected.get(event) ?? ['', stageWords(state.at)];
      t.deepEqual([orders, stageWords(group.state.at)], [given, stage], event);
      if (!expected.has(event)) t.is(group.state, state, `${event} changes nothing`);
      expected.delete(event);
    }
    t.deepEqual([...expected], []);
  });
}
