import test from 'ava';
import { ERROR_NAMES, renamed } from '../../lib/compat/error-names.js';
import { leaderFailed, leaderLost } from '../../lib/errors/call-errors.js';
import { ERROR_CODES, type ErrorCode, SharedClientError } from '../../lib/errors/shared-client-error.js';

const error = (code: ErrorCode) => new SharedClientError(code, 'text', { outcome: 'unknown' });

test('each code keeps its error, under the name that callers know', t => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const shown = renamed(error(code)) as SharedClientError;
    t.is(shown.name, ERROR_NAMES[code] ?? 'SharedClientError');
    t.is(shown.code, code);
    t.is(shown.outcome, 'unknown');
    t.true(shown instanceof SharedClientError);
  }
});

test('a lost leader is told without advice that nobody can follow', t => {
  const lost = leaderLost('client.get', 'unknown');
  const shown = renamed(lost, 'get') as SharedClientError;
  t.is(shown.message, 'The leader was lost while get() was in its hands; it may have run or not.');
  t.is(shown.name, 'SocketCloseError');
  t.is(shown.cause, lost);
  t.is(renamed(lost), lost);
});

test("the real client's own error is shown as it is, also where it kept the client from opening", t => {
  const own = new RangeError('own');
  t.is(renamed(own), own);
  t.is(renamed(leaderFailed('name', own)), own);
  const ours = leaderFailed('name', error('ERR_TIMEOUT'));
  t.is(renamed(ours), ours);
  const unexplained = new SharedClientError('ERR_LEADER_FAILED', 'text');
  t.is(renamed(unexplained), unexplained);
});

test('something else that was thrown is shown as it was thrown, unless it would pass for success', t => {
  const thrown = (value: unknown) => Object.assign(new Error('thrown'), { name: 'NonError', value });
  t.is(renamed(thrown('text')), 'text');
  const nothing = thrown(undefined);
  t.is(renamed(nothing), nothing);
  const named = Object.assign(new Error('named'), { name: 'NonError' });
  t.is(renamed(named), named);
  t.is(renamed('text'), 'text');
});
