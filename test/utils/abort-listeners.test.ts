import { getEventListeners } from 'node:events';
import test from 'ava';
import { listenToAbort, stopListeningToAbort } from '../../lib/utils/abort-listeners.js';

const count = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

test('many listen to a signal by one listener, which goes with the last of them', t => {
  const { signal } = new AbortController();
  const listeners = Array.from({ length: 20 }, () => () => {});
  for (const listener of listeners) listenToAbort(signal, listener);
  t.is(count(signal), 1);
  for (const listener of listeners) {
    t.is(count(signal), 1);
    stopListeningToAbort(signal, listener);
    stopListeningToAbort(signal, listener);
  }
  t.is(count(signal), 0);
  listenToAbort(signal, listeners[0]!);
  t.is(count(signal), 1);
});

test('all are called in order once it aborts, but for those that another one took off', t => {
  const controller = new AbortController();
  const { signal } = controller;
  const called: number[] = [];
  const listeners = [0, 1, 2, 3].map(n => () => {
    called.push(n);
    if (n === 1) stopListeningToAbort(signal, listeners[2]!);
    stopListeningToAbort(signal, listeners[n]!);
  });
  for (const listener of listeners) listenToAbort(signal, listener);
  controller.abort();
  t.deepEqual(called, [0, 1, 3]);
  t.is(count(signal), 0);
});
