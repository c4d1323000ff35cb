// Which topics an MQTT filter means.

/**
 * Tells of a topic whether it matches a filter. `+` stands for one level, `#` at the end for any number of them, none
 * included; neither stands for a first level that begins with `$`.
 */
export function topicMatcher(filter: string): (topic: string) => boolean {
  // $share/group/filter: the group says who of many gets it, not what.
  const levels = filter.replace(/^\$share\/[^/]*\//, '').split('/');
  const isOpen = levels.at(-1) === '#';
  const fixed = isOpen ? levels.slice(0, -1) : levels;
  const isWild = /^[+#]/.test(levels[0]!);
  return topic => {
    if (isWild && topic.startsWith('$')) return false;
    const parts = topic.split('/');
    if (isOpen ? parts.length < fixed.length : parts.length !== fixed.length) return false;
    return fixed.every((level, i) => level === '+' || level === parts[i]);
  };
}
