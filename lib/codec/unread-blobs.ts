// Reading the bytes of blobs and files is asynchronous, encoding is not. So the bytes are read before and stored here.

/** Ends an encoding: the value contains a blob whose bytes have not been read. */
export class UnreadBlob extends Error {
  constructor(private readonly blob: Blob) {
    super('A Blob or File can be sent in the arguments and the result of a call only. Send its bytes.');
  }

  /** Reads the bytes. Then the encoding can be repeated; it may find another unread blob. */
  async read(): Promise<void> {
    READ.set(this.blob, new Uint8Array(await this.blob.arrayBuffer()));
  }
}

/** Blobs are immutable, so the bytes can be kept. */
const READ = new WeakMap<Blob, Uint8Array>();

/** @throws {UnreadBlob} */
export function bytesOfBlob(blob: Blob): Uint8Array {
  const bytes = READ.get(blob);
  if (!bytes) throw new UnreadBlob(blob);
  return bytes;
}
