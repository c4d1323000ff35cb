// Starts an upstream and tells its address and pid, for the test that kills this process.

import { forkUpstream } from '../helpers/upstream/process.js';

const upstream = await forkUpstream();
process.send?.({ path: upstream.path, pid: upstream.pid });
