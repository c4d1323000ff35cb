import test from 'ava';
import { assertNever } from '../../lib/utils/assert-never.js';

test('a case that nobody thought of is shown', t => {
  t.throws(() => assertNever({ type: 'new' } as never), { message: 'Unexpected case: {"type":"new"}' });
});
