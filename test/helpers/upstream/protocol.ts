// What travels between the embedded upstream and its clients: one JSON object a line. Who keeps what lives in the two ends.

/** What a client may ask for. */
export type Operation =
  | { readonly op: 'get'; readonly key: string }
  | { readonly op: 'set'; readonly key: string; readonly value: unknown }
  | { readonly op: 'incr'; readonly key: string }
  | { readonly op: 'echo'; readonly value: unknown }
  | { readonly op: 'slow'; readonly ms: number }
  | { readonly op: 'subscribe'; readonly topic: string }
  | { readonly op: 'unsubscribe'; readonly topic: string }
  | { readonly op: 'publish'; readonly topic: string; readonly message: unknown }
  | { readonly op: 'stats' };

/** client -> upstream */
export type Request = Operation & {
  /** Pairs the reply with the request; counts up on each connection. */
  readonly n: number;
  /** The caller's own name for the operation; the upstream counts those that ran more than once. */
  readonly id?: string | undefined;
  /** The fencing token; the upstream counts operations of a term that was over when they began. */
  readonly term?: number | undefined;
  /** When the client sent it, in ms of the host's monotonic clock. */
  readonly at: number;
};

/** upstream -> client */
export type FromUpstream = Reply | Update;

export interface Reply {
  readonly n: number;
  readonly value?: unknown;
  readonly error?: { readonly message: string; readonly code: string };
}

/** A publication. The numbers of a topic have no holes, so a subscriber can count what it missed. */
export interface Update {
  readonly topic: string;
  readonly sequence: number;
  readonly message: unknown;
}

/** One operation that ran. */
export interface Executed {
  readonly op: Operation['op'];
  readonly id?: string | undefined;
  readonly term?: number | undefined;
  /** The connection's number, from 1. */
  readonly connection: number;
  /** Its client sent it after one of a higher term was sent. */
  readonly isStale?: true;
}

/** A connection as the upstream saw it, in ms of the host's monotonic clock. */
export interface SeenConnection {
  /** Of its first operation that had one. */
  readonly term?: number | undefined;
  readonly from: number;
  readonly until?: number | undefined;
}

export interface UpstreamStats {
  readonly connections: Connections;
  readonly operations: number;
  /** Operations with an id that had run before. */
  readonly ranTwice: number;
  /** Operations that were stale, whichever was read first. */
  readonly ranStale: number;
  /** Per topic: the last number given out, and how many connections are subscribed now. */
  readonly topics: Readonly<Record<string, { readonly sequence: number; readonly subscribers: number }>>;
}

/** Connections of clients: now, ever, and the most at one time. */
export interface Connections {
  readonly live: number;
  readonly total: number;
  readonly highest: number;
}
