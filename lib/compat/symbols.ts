// The symbols under which cluster-client's clients have their methods, for code that uses them directly.

const symbolOf = (name: string): symbol => Symbol.for(`ClusterClient#${name}`);

export const SUBSCRIBE: unique symbol = symbolOf('subscribe') as never;
export const UNSUBSCRIBE: unique symbol = symbolOf('unSubscribe') as never;
export const PUBLISH: unique symbol = symbolOf('publish') as never;
export const INVOKE: unique symbol = symbolOf('invoke') as never;
export const CLOSE: unique symbol = symbolOf('close') as never;
/** Not part of cluster-client: returns the function that calls a method. */
export const ASK: unique symbol = Symbol.for('cluster-shared-client.ask') as never;
