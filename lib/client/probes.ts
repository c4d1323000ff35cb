// Names that libraries read on any object to find out what it is. A handle must not return a method for them.

/** Read by promises and JSON, by NestJS and other containers, by test frameworks, and by DOM and React checks. */
const PROBES: ReadonlySet<string> = new Set([
  'then',
  'catch',
  'finally',
  'toJSON',
  'constructor',
  'prototype',
  'name',
  'length',
  'size',
  'message',
  'stack',
  'default',
  'inspect',
  'onModuleInit',
  'onModuleDestroy',
  'onApplicationBootstrap',
  'onApplicationShutdown',
  'beforeApplicationShutdown',
  'asymmetricMatch',
  'calls',
  'mock',
  'isMockFunction',
  'nodeType',
  'nodeName',
  'tagName',
  'hasAttribute',
  'window',
  'props',
  'ref',
  'render',
  'displayName',
]);

export const isProbe = (name: string): boolean => PROBES.has(name) || /^[_$@]/.test(name);
