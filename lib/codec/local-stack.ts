// Shows where an error from elsewhere was waited for, below where it came from.

const remote = new WeakSet<object>();

/** Marks an error that came from another process, or stands for one. */
export function markRemote<E extends Error>(error: E): E {
  remote.add(error);
  return error;
}

/** Appends the frames of who awaits the error now, once; errors made here show them already. */
export function addLocalStack(error: unknown): void {
  if (typeof error !== 'object' || error === null || !remote.delete(error)) return;
  const here = new Error('');
  const start = here.stack!.indexOf('\n    at async ');
  if (start === -1) return;
  const stack = `${(error as Error).stack}\n    --- awaited at ---${here.stack!.slice(start)}`;
  Object.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true });
}
