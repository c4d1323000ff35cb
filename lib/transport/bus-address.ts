// The address in a leader's offer if data may use the bus: a socket, if there is one, the leader's address on the bus, and
// the secret in plain text, because everyone who can read the bus can read the data too.

export interface BusAddress {
  readonly socket?: string | undefined;
  readonly bus?: string | undefined;
  readonly secret?: string | undefined;
}

export const writeBusAddress = (address: BusAddress): string => JSON.stringify(address);

/** An address in another format is that of a socket. */
export function readBusAddress(text: string): BusAddress {
  if (!text.startsWith('{')) return { socket: text };
  try {
    const { socket, bus, secret } = JSON.parse(text) as Record<string, unknown>;
    return { socket: textOf(socket), bus: textOf(bus), secret: textOf(secret) };
  } catch {
    return { socket: text };
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
