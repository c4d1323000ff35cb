import test from 'ava';
import { appChoice, type Choose } from '../../lib/group/choose.js';
import { claimDelay, STEP_MS } from '../../lib/pm2/preference.js';
import { claim, join, Log, ledByA, prepared, ready, resign, transfer, yields } from '../helpers/pm2/log.js';

/** How many steps each of a, b and c waits; `undefined`: it doesn't claim. */
function steps(log: Log, choose?: Choose): (number | undefined)[] {
  return ['a', 'b', 'c'].map(id => {
    const ms = claimDelay(log.state, 'g', id, choose);
    return ms === undefined ? undefined : ms / STEP_MS;
  });
}

const vacant = () => {
  const log = new Log().enter('a', 'b', 'c');
  for (const id of ['a', 'b', 'c']) log.send(id, join());
  return log;
};

test('the youngest goes first, then the others by age', t => {
  t.deepEqual(steps(vacant()), [2, 1, 0]);
});

test('priority comes before age, and who may not lead does not claim', t => {
  const log = vacant()
    .send('a', join('g', { priority: 1 }))
    .send('c', join('g', { eligible: false }));
  t.deepEqual(steps(log), [0, 1, undefined]);
});

test('the pause between attempts is that of the members, where they say one', t => {
  const log = new Log().enter('a').send('a', join('g', { backoff: [20, 50] }));
  const fail = () => log.send('a', claim(log.term)).send('a', resign(log.term, 'failed'));
  const pauses = [1, 2, 3].map(() => claimDelay(fail().state, 'g', 'a'));
  t.deepEqual(pauses, [20, 40, 50]);
});

test('who leads fewer groups goes first', t => {
  const log = vacant()
    .send('c', join('h'))
    .send('c', claim(0, undefined, 'h'));
  t.deepEqual(steps(log), [1, 0, 2]);
});

/** What others are given who had better lead, and may be busy. */
const patience = 1000 / STEP_MS;

test('who stepped down leads again only where nobody else does', t => {
  const log = ledByA();
  log.send('a', yields(log.term)).send('a', resign(log.term));
  t.deepEqual(steps(log), [patience + 2, 1, 0]);
  t.deepEqual(steps(log.exit('2').exit('3')).slice(0, 1), [0]);
});

test('who is asked for need not hurry, while it can come', t => {
  const handedTo = (id: number) => {
    const log = ledByA().send('a', transfer(id));
    return log.send('a', resign(log.term));
  };
  t.deepEqual(steps(handedTo(2)), [patience + 2, 0, patience + 1]);
  t.deepEqual(steps(handedTo(2).exit('2')), [0, undefined, patience + 1], 'the old leader opens again');
  const failed = handedTo(2);
  failed.send('b', claim(failed.term)).send('b', resign(failed.term, 'failed'));
  t.deepEqual(steps(failed), [0, patience, patience + 1]);
  const overlapping = ledByA('overlap').send('a', transfer(2));
  t.deepEqual(steps(overlapping), [patience, 0, patience + 1], 'the leader gives up who does not come');
  t.deepEqual(steps(overlapping.send('a', yields(overlapping.term))), [undefined, 0, patience + 1]);
});

test('a group that is led needs no claim, and one that is not there either', t => {
  t.deepEqual(steps(ledByA()), [undefined, undefined, undefined]);
  t.deepEqual(steps(new Log()), [undefined, undefined, undefined]);
});

test('a hand-over that waits for a successor has claims of all but the leader, until there is one', t => {
  const log = ledByA('overlap');
  log.send('a', yields(log.term));
  t.deepEqual(steps(log), [undefined, 1, 0]);
  log.send('c', claim(log.term));
  t.deepEqual(steps(log), [undefined, undefined, undefined]);
  log.send('c', prepared(log.successor.term));
  t.deepEqual(steps(log), [undefined, undefined, undefined]);
});

test('who could not open waits for the others, and all of them pause after a round', t => {
  const log = vacant().send('c', claim(0));
  log.send('c', resign(log.term, 'failed'));
  t.deepEqual(steps(log), [1, 0, 1000 / STEP_MS]);
  for (const id of ['a', 'b']) log.send(id, claim(log.term)).send(id, resign(log.term, 'failed'));
  t.deepEqual(steps(log), [4 + 2, 4 + 1, 4]);
});

test('after a break all pause', t => {
  const log = ledByA();
  for (let i = 0; i < 2; i++)
    log.send('a', resign(log.term, 'broken')).send('a', claim(log.term)).send('a', ready(log.term));
  log.send('a', resign(log.term, 'broken'));
  t.deepEqual(steps(log), [10, 9, 8]);
});

test('of two that joined at the same moment the one with the higher worker id goes first', t => {
  const log = new Log().enter('a', 'b');
  log.at = 5;
  log.send('a', join());
  log.at = 5;
  log.send('b', join());
  t.deepEqual(steps(log).slice(0, 2), [1, 0]);
});

test("the app's choice goes first", t => {
  const warnings: string[] = [];
  const choose = appChoice(
    (candidates, name) => {
      t.is(name, 'g');
      return candidates.find(({ workerId, pid, leads }) => workerId === 1 && pid === 101 && leads === 0)!;
    },
    text => warnings.push(text),
  );
  const log = vacant()
    .send('c', join('h'))
    .send('b', join('i'))
    .send('b', claim(0, undefined, 'i'));
  t.deepEqual(steps(log, choose), [0, 2, 1]);
  t.deepEqual(warnings, []);
});

test("an app's choice that throws, or names a non-candidate, is a warning and no choice", t => {
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(text);
  const throws = appChoice(() => {
    throw new Error('no');
  }, warn);
  t.deepEqual(steps(vacant(), throws), [2, 1, 0]);
  t.regex(warnings.splice(0)[0]!, /threw/);
  const outsider = appChoice(() => undefined as never, warn);
  t.deepEqual(steps(vacant(), outsider), [2, 1, 0]);
  t.regex(warnings[0]!, /none of the candidates/);
});
