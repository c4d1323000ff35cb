// Bytes of blobs and files can't be read at once, but a value is encoded at once. So they are read before, and kept here.

/** Ends an encoding: a value has a blob in it whose bytes haven't been read. */
export class UnreadBlob extends Error {
  constructor(private readonly blob: Blob) {
    super('A Blob or File can be sent in the arguments and the result of a call only. Send its bytes.');
  }

  /** Reads them; then the value can be encoded, or has another blob. */
  async read(): Promise<void> {
    READ.set(this.blob, new Uint8Array(await this.blob.arrayBuffer()));
  }
}

/** A blob never changes. */
const READ = new WeakMap<Blob, Uint8Array>();

/** @throws {UnreadBlob} */
export function bytesOfBlob(blob: Blob): Uint8Array {
  const bytes = READ.get(blob);
  if (!bytes) throw new UnreadBlob(blob);
  return bytes;
}
