import test from 'ava';
import { decodeError } from '../../lib/codec/decode-error.js';
import { SharedClientError } from '../../lib/errors/shared-client-error.js';

test('a broken payload gives the error that says so, and does not throw', t => {
  for (const json of [[99], [16], [16, 'Error'], undefined]) {
    const error = decodeError(json, true, undefined, 'x\n    at here');
    t.true(error instanceof SharedClientError);
    t.like(error, { code: 'ERR_PROTOCOL' });
    t.true(error.stack?.endsWith('    at here'));
  }
});

test('a class that is not known here is an Error', t => {
  const error = decodeError([16, 'FutureError', 'FutureError', 'm', 's', {}], true, undefined);
  t.is(error.constructor, Error);
  t.like(error, { name: 'FutureError', message: 'm', stack: 's' });
});

test('the limit of stack traces is as it was', t => {
  const before = Error.stackTraceLimit;
  decodeError([16, 'Error', 'Error', 'm', 's', {}], true, undefined);
  t.is(Error.stackTraceLimit, before);
  decodeError([16, 'NonError', 'NonError', 'm', 's', { value: 1 }], true, undefined);
  t.is(Error.stackTraceLimit, before);
});

test('errors arrive where the limit of stack traces is frozen', t => {
  const before = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')!;
  Object.defineProperty(Error, 'stackTraceLimit', { ...before, writable: false });
  t.is(decodeError([16, 'Error', 'Error', 'm', 's', {}], true, undefined).stack, 's');
  Object.defineProperty(Error, 'stackTraceLimit', before);
});
