import test from 'ava';
import { classMethodNames, isCallableName, methodNames } from '../../lib/leader/method-names.js';

class Base {
  inherited(): void {}
  toString(): string {
    return 'mine';
  }
}

class Client extends Base {
  readonly own = () => {};
  readonly data = 1;
  get(): void {}
  _private(): void {}
  get trap(): () => void {
    throw new Error('a getter was read');
  }
  [Symbol.iterator](): void {}
  static make(): void {}
}

test('the methods of a client are its own, its class and what that extends, but none of every object', t => {
  t.deepEqual(methodNames(new Client()).sort(), ['get', 'inherited', 'own']);
});

test('the methods of a class are known without an instance', t => {
  t.deepEqual(classMethodNames(Client).sort(), ['get', 'inherited']);
});

test('a client may be a function, or have no prototype', t => {
  t.deepEqual(methodNames(Object.assign(Object.create(null), { get() {} })), ['get']);
  t.true(methodNames(Object.assign(() => {}, { get() {} })).includes('get'));
});

test('names that begin with _, of every object, symbols and what is no name can not be called', t => {
  for (const name of ['get', 'then', 'constructor_', 'proto__', ' ']) t.true(isCallableName(name), name);
  const never = [
    '',
    '_get',
    '__proto__',
    'constructor',
    'hasOwnProperty',
    'toString',
    Symbol('get'),
    1,
    null,
    undefined,
  ];
  for (const name of never) t.false(isCallableName(name), String(name));
});
