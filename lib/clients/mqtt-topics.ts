// Matches topics against MQTT filters.

/**
 * Returns a function that checks whether a topic matches the filter. `+` matches one level, `#` at the end any number of
 * levels, including none. Neither matches a first level that begins with `$`.
 */
export function topicMatcher(filter: string): (topic: string) => boolean {
  // $share/group/filter: the group determines which subscriber gets a message, not which topics match.
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
