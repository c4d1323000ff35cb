// What a test expects of an error of the library.

import { type ErrorCode, SharedClientError } from '../../../lib/errors/shared-client-error.js';

export const isSharedError = (code: ErrorCode, message: RegExp) => ({ code, message, instanceOf: SharedClientError });
