import cluster from 'node:cluster';
import test from 'ava';
import {
  createClusterPrimaryEnd,
  createClusterWorkerEnd,
  setClusterSerialization,
  whereAmI,
} from '../../lib/transport/cluster.js';
import { countListeners } from '../helpers/transport/actor.js';

test('the primary end works on node:cluster unless told otherwise, and leaves it as it was', t => {
  const before = countListeners({ process, cluster });
  const end = createClusterPrimaryEnd();
  end.listen({ message() {}, closed() {}, exited() {} });
  t.is(cluster.listenerCount('exit'), 1);
  end.close();
  t.deepEqual(countListeners({ process, cluster }), before);
});

test('there is no worker end outside of a cluster worker', t => {
  t.throws(() => createClusterWorkerEnd(), { instanceOf: TypeError });
});

test('the serialization is set beside the settings that are there', t => {
  const calls: unknown[] = [];
  const settings = { exec: 'worker.js', silent: true, serialization: 'json' as const };
  setClusterSerialization('advanced', { settings, setupPrimary: options => calls.push(options) });
  t.deepEqual(calls, [{ exec: 'worker.js', silent: true, serialization: 'advanced' }]);
});

test('the serialization is set on node:cluster', t => {
  setClusterSerialization('advanced');
  t.is(cluster.settings.serialization, 'advanced');
});

test('a process knows what it is to the cluster', t => {
  t.is(whereAmI(), 'primary');
  t.is(whereAmI({ isMainThread: true, isWorker: true }), 'worker');
  t.is(whereAmI({ isMainThread: false, isWorker: true }), 'thread');
});
