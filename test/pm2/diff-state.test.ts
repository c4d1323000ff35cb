import test from 'ava';
import { diffState } from '../../lib/pm2/diff-state.js';
import type { LogState } from '../../lib/protocol/log-state.js';
import { claim, join, Log, ledByA, prepared, ready, resign, yields } from '../helpers/pm2/log.js';

/** What `me` hears of what happens to the log. */
function receives(me: string, log: Log, happens: (log: Log) => void, before: LogState | undefined = log.state) {
  happens(log);
  const { control, ended, gone, addresses } = diffState(before, log.state, me);
  const words = control.map(frame => ('phase' in frame ? `${frame.k} ${frame.phase}` : frame.k));
  return { words, ended: ended.map(({ term }) => term), gone: gone.map(({ h }) => h[1]), addresses, control };
}

test('a member hears where its group stands when it joins, and others hear nothing of it', t => {
  const log = ledByA().enter('d');
  const received = receives('d', log, () => log.send('d', join()));
  t.deepEqual(received.words, ['update ready']);
  t.deepEqual(received.control[0], {
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
  const log = new Log().enter('a', 'b').send('a', join()).send('b', join());
  t.deepEqual(receives('b', log, () => log.send('a', claim(0))).words, ['update opening']);
  t.deepEqual(receives('b', log, () => log.send('a', ready(log.term))).words, ['update ready']);
  t.deepEqual(receives('b', log, () => log.send('a', { k: 'heartbeat', n: 1 })).words, []);
});

test('the end of a term comes with the news of it', t => {
  const log = ledByA();
  const { term } = log;
  const received = receives('b', log, () => log.exit('1'));
  t.deepEqual(received.words, ['update vacant']);
  t.deepEqual(received.ended, [term]);
  t.deepEqual(receives('b', log, () => log.send('c', claim(term))).words, ['update opening']);
});

test('a leader that is told to hand over hears it once', t => {
  const log = ledByA();
  t.deepEqual(receives('a', log, () => log.send('a', yields(log.term))).words, ['handover']);
  t.deepEqual(receives('a', log, () => log.send('a', yields(log.term))).words, []);
  t.deepEqual(receives('b', log, () => log.send('c', join())).words, []);
});

test('a successor is asked to prepare, and the leader hands over when it is prepared', t => {
  const log = ledByA('overlap').send('a', yields(ledByA('overlap').term));
  const { term } = log;
  t.deepEqual(receives('b', log, () => log.send('b', claim(term))).words, ['prepare']);
  const next = log.successor.term;
  const prepares = receives('a', log, () => log.send('b', prepared(next)));
  t.deepEqual(prepares.words, ['handover']);
  const received = receives('b', log, () => log.send('a', resign(term)));
  t.deepEqual(received.words, ['update ready']);
  t.deepEqual(received.ended, [term]);
});

test('a successor hears that its term will not begin', t => {
  const preparing = () => {
    const log = ledByA('overlap');
    return log.send('a', yields(log.term)).send('b', claim(log.term));
  };
  const lost = preparing();
  const next = lost.successor.term;
  const received = receives('b', lost, () => lost.send('b', resign(next)));
  t.deepEqual(received.control, [{ k: 'handover', group: 'g', term: next }]);
  const replaced = preparing();
  const before = replaced.state;
  const silent = () => replaced.send('c', claim(replaced.successor.term, replaced.seen('b')));
  t.deepEqual(receives('b', replaced, silent).words, ['handover']);
  t.deepEqual(receives('c', replaced, () => {}, before).words, ['prepare']);
  const begun = preparing();
  t.deepEqual(receives('b', begun, () => begun.exit('1')).words, ['update opening']);
});

test('the leader hears which members are gone, by their worker', t => {
  const log = ledByA();
  t.deepEqual(receives('a', log, () => log.exit('2')).gone, [2]);
  t.deepEqual(receives('a', log, () => log.send('c', { k: 'leave', group: 'g' })).gone, [3]);
});

test('the others hear where the leader can be reached, new workers too', t => {
  const log = ledByA().enter('d');
  const { term } = log;
  const offer = () => log.send('a', { k: 'offer', group: 'g', term, address: '/x', secret: '' });
  t.deepEqual(receives('b', log, offer).addresses, [{ group: 'g', term, address: '/x' }]);
  t.deepEqual(receives('a', log, offer).addresses, []);
  t.deepEqual(receives('b', log, offer).addresses, []);
  t.deepEqual(receives('d', log, () => log.send('d', join())).addresses.length, 1);
  const fails = () => log.send('a', { k: 'offer', group: 'g', term, address: '', secret: '', problem: 'no room' });
  t.deepEqual(receives('b', log, fails).addresses, [{ group: 'g', term, problem: 'no room' }]);
  t.deepEqual(receives('b', log, fails).addresses, []);
});

test('an attempt that failed on all is news with its error', t => {
  const log = new Log().enter('a').send('a', join()).send('a', claim(0));
  const { control } = receives('a', log, () => log.send('a', resign(log.term, 'failed')));
  t.like(control[0], { k: 'update', phase: 'failed', error: { text: '"no"', ext: false } });
});

test('who left a group hears no more of it', t => {
  const log = ledByA();
  const received = receives('b', log, () => log.send('b', { k: 'leave', group: 'g' }).exit('1'));
  t.deepEqual(received.words, []);
});
