// Names that are read of any object to find out what it is. A handle must not answer to them with a method.

/** Of promises and JSON, of NestJS and other containers, of test frameworks, of DOM and React checks. */
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
