import test from 'ava';
import { topicMatcher } from '../../lib/clients/mqtt-topics.js';

const TABLE: readonly [filter: string, matching: readonly string[], others: readonly string[]][] = [
  ['a', ['a'], ['b', 'a/b', '/a', '']],
  ['a/b', ['a/b'], ['a', 'a/b/c', 'A/b']],
  ['+', ['a', ''], ['a/b', '/a', '$SYS']],
  ['a/+', ['a/b', 'a/'], ['a', 'a/b/c']],
  ['+/b', ['a/b', '/b'], ['b', '$SYS/b']],
  ['a/+/c', ['a/b/c', 'a//c'], ['a/c', 'a/b/c/d']],
  ['#', ['a', 'a/b', '/'], ['$SYS', '$SYS/a']],
  ['a/#', ['a', 'a/b', 'a/b/c'], ['b', 'ab']],
  ['a/+/#', ['a/b', 'a/b/c'], ['a', 'b']],
  ['$SYS/#', ['$SYS', '$SYS/broker'], ['SYS', 'a']],
  ['$SYS/+', ['$SYS/broker'], ['$SYS']],
  ['$share/group/a/+', ['a/b'], ['a', '$share/group/a/b']],
  ['a.c', ['a.c'], ['abc']],
];

for (const [filter, matching, others] of TABLE) {
  test(`${filter} means ${matching.map(topic => `"${topic}"`).join(', ')}`, t => {
    const matches = topicMatcher(filter);
    for (const topic of matching) t.true(matches(topic), topic);
    for (const topic of others) t.false(matches(topic), topic);
  });
}
