// What is sent to the leader and back, and how many at once.

export interface EchoCase {
  readonly name: string;
  readonly title: string;
  readonly inFlight: number;
  readonly value: () => unknown;
}

/** 100 bytes as JSON. */
export const SMALL = {
  id: 'user-000042',
  name: 'Ada Lovelace',
  active: true,
  score: 98.5,
  tags: ['a', 'b'],
  at: 1700000000000,
};

/** Like a page of such objects. */
const rows = (bytes: number) =>
  Array.from({ length: Math.round(bytes / 100) }, (_, n) => ({ ...SMALL, score: n + 0.5 }));

/** Without spaces and other characters that cluster-client has to escape: they would cost it another half. */
const text = (bytes: number) => 'VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZQ'.repeat(bytes / 46 + 1).slice(0, bytes);

const KB = 1000;
const MB = 1000 * KB;

const small = () => SMALL;

export const ECHO_CASES = [
  { name: '1', title: '100 B object, one at a time', inFlight: 1, value: small },
  { name: '16', title: '100 B object, 16 in flight', inFlight: 16, value: small },
  { name: '64', title: '100 B object, 64 in flight', inFlight: 64, value: small },
  { name: '1024', title: '100 B object, 1,024 in flight', inFlight: 1024, value: small },
  { name: '10kB-string', title: '10 kB string, 64 in flight', inFlight: 64, value: () => text(10 * KB) },
  { name: '10kB-buffer', title: '10 kB Buffer, 64 in flight', inFlight: 64, value: () => Buffer.from(text(10 * KB)) },
  { name: '10kB-object', title: '10 kB object, 64 in flight', inFlight: 64, value: () => ({ rows: rows(10 * KB) }) },
  { name: '1MB-string', title: '1 MB string, 8 in flight', inFlight: 8, value: () => text(MB) },
  { name: '1MB-buffer', title: '1 MB Buffer, 8 in flight', inFlight: 8, value: () => Buffer.from(text(MB)) },
] as const satisfies readonly EchoCase[];
