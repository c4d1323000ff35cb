import test from 'ava';
import { diffState } from '../../lib/pm2/diff-state.js';
import type { LogState } from '../../lib/protocol/messages.js';
import { claim, join, Log, ledByA, prepared, ready, resign, yields } from '../helpers/pm2/log.js';

/** What `me` hears of what happens to the log. */
function hears(me: string, log: Log, happens: (log: Log) => void, before: LogState | undefined = log.state) {
  happens(log);
  const { control, ended, gone, addresses } = diffState(before, log.state, me);
  const words = control.map(frame => ('phase' in frame ? `${frame.k} ${frame.phase}` : frame.k));
  return { words, ended: ended.map(({ term }) => term), gone: gone.map(({ h }) => h[1]), addresses, control };
}

test('a member hears where its group stands when it joins, and others hear nothing of it', t => {
  const log = ledByA().enter('d');
  const heard = hears('d', log, () => log.say('d', join()));
  t.deepEqual(heard.words, ['update ready']);
  t.deepEqual(heard.control[0], {
    k: 'update',
    group: 'g',
    term: log.term,
    phase: 'ready',
    leader: { workerId: 1, pid: 101 },
    methods: ['get'],
  });
  t.deepEqual(diffState(undefined, log.state, 'e').control, []);
});

test('all members hear who leads, then that it is ready, each once', t => {
  const log = new Log().enter('a', 'b').say('a', join()).say('b', join());
  t.deepEqual(hears('b', log, () => log.say('a', claim(0))).words, ['update opening']);
  t.deepEqual(hears('b', log, () => log.say('a', ready(log.term))).words, ['update ready']);
  t.deepEqual(hears('b', log, () => log.say('a', { k: 'heartbeat', n: 1 })).words, []);
});

test('the end of a term comes with the news of it', t => {
  const log = ledByA();
  const { term } = log;
  const heard = hears('b', log, () => log.exit('1'));
  t.deepEqual(heard.words, ['update vacant']);
  t.deepEqual(heard.ended, [term]);
  t.deepEqual(hears('b', log, () => log.say('c', claim(term))).words, ['update opening']);
});

test('a leader that is told to hand over hears it once', t => {
  const log = ledByA();
  t.deepEqual(hears('a', log, () => log.say('a', yields(log.term))).words, ['handover']);
  t.deepEqual(hears('a', log, () => log.say('a', yields(log.term))).words, []);
  t.deepEqual(hears('b', log, () => log.say('c', join())).words, []);
});

test('a successor is asked to prepare, and the leader hands over when it is prepared', t => {
  const log = ledByA('overlap').say('a', yields(ledByA('overlap').term));
  const { term } = log;
  t.deepEqual(hears('b', log, () => log.say('b', claim(term))).words, ['prepare']);
  const next = log.successor.term;
  const prepares = hears('a', log, () => log.say('b', prepared(next)));
  t.deepEqual(prepares.words, ['handover']);
  const heard = hears('b', log, () => log.say('a', resign(term)));
  t.deepEqual(heard.words, ['update ready']);
  t.deepEqual(heard.ended, [term]);
});

test('a successor hears that its term will not begin', t => {
  const preparing = () => {
    const log = ledByA('overlap');
    return log.say('a', yields(log.term)).say('b', claim(log.term));
  };
  const lost = preparing();
  const next = lost.successor.term;
  const heard = hears('b', lost, () => lost.say('b', resign(next)));
  t.deepEqual(heard.control, [{ k: 'handover', group: 'g', term: next }]);
  const replaced = preparing();
  const before = replaced.state;
  const silent = () => replaced.say('c', claim(replaced.successor.term, replaced.seen('b')));
  t.deepEqual(hears('b', replaced, silent).words, ['handover']);
  t.deepEqual(hears('c', replaced, () => {}, before).words, ['prepare']);
  const begun = preparing();
  t.deepEqual(hears('b', begun, () => begun.exit('1')).words, ['update opening']);
});

test('the leader hears which members are gone, by their worker', t => {
  const log = ledByA();
  t.deepEqual(hears('a', log, () => log.exit('2')).gone, [2]);
  t.deepEqual(hears('a', log, () => log.say('c', { k: 'leave', group: 'g' })).gone, [3]);
});

test('the others hear where the leader can be reached, new workers too', t => {
  const log = ledByA().enter('d');
  const { term } = log;
  const offer = () => log.say('a', { k: 'offer', group: 'g', term, address: '/x', secret: '' });
  t.deepEqual(hears('b', log, offer).addresses, [{ group: 'g', term, address: '/x' }]);
  t.deepEqual(hears('a', log, offer).addresses, []);
  t.deepEqual(hears('b', log, offer).addresses, []);
  t.deepEqual(hears('d', log, () => log.say('d', join())).addresses.length, 1);
  const fails = () => log.say('a', { k: 'offer', group: 'g', term, address: '', secret: '', problem: 'no room' });
  t.deepEqual(hears('b', log, fails).addresses, [{ group: 'g', term, problem: 'no room' }]);
  t.deepEqual(hears('b', log, fails).addresses, []);
});

test('an attempt that failed on all is news with its error', t => {
  const log = new Log().enter('a').say('a', join()).say('a', claim(0));
  const { control } = hears('a', log, () => log.say('a', resign(log.term, 'failed')));
  t.like(control[0], { k: 'update', phase: 'failed', error: { text: '"no"', ext: false } });
});

test('who left a group hears no more of it', t => {
  const log = ledByA();
  const heard = hears('b', log, () => log.say('b', { k: 'leave', group: 'g' }).exit('1'));
  t.deepEqual(heard.words, []);
});
