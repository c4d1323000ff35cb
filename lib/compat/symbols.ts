// The symbols under which cluster-client's own clients have their methods: who reaches for them finds them here too.

const symbolOf = (name: string): symbol => Symbol.for(`ClusterClient#${name}`);

export const SUBSCRIBE: unique symbol = symbolOf('subscribe') as never;
export const UNSUBSCRIBE: unique symbol = symbolOf('unSubscribe') as never;
export const PUBLISH: unique symbol = symbolOf('publish') as never;
export const INVOKE: unique symbol = symbolOf('invoke') as never;
export const CLOSE: unique symbol = symbolOf('close') as never;
/** Ours alone: a call whose end is a promise. */
export const ASK: unique symbol = Symbol.for('cluster-shared-client.ask') as never;
