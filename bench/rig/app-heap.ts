// What an application holds in memory. Below 8 MB of old space V8 never begins to mark, so it collects Buffers by cheap
// scavenges alone. No application is that small, and whether a process of the bench is depends on the size of the code that
// it loads: with 10 kB Buffers, one MB more took two thirds of the calls.

const COUNT = 150_000;

/** Keeps about 12 MB until the process ends. */
export function holdAppHeap(): void {
  const items = Array.from({ length: COUNT }, (_, id) => ({ id, name: `item ${id}` }));
  process.once('exit', () => items.pop());
}
