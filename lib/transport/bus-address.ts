// What the offer of a leader says where data may go over the bus: a socket if there is one, the leader's end of the bus,
// and the secret in the clear, because whoever reads the bus reads the data too.

export interface BusAddress {
  readonly socket?: string | undefined;
  readonly bus?: string | undefined;
  readonly secret?: string | undefined;
}

export const writeBusAddress = (address: BusAddress): string => JSON.stringify(address);

/** An address without any of it is a socket's. */
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
