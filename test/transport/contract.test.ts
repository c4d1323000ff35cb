// The contract, over the transports that live within one process.

import { testTransport } from '../helpers/transport/contract.js';
import { buildLocalRig, buildMemoryRig } from '../helpers/transport/memory-rig.js';

testTransport('memory', () => buildMemoryRig());
testTransport('memory, json', () => buildMemoryRig({ serialization: 'json' }));
testTransport('memory with latency', () => buildMemoryRig({ latencyMs: 2 }));
testTransport('local', () => buildLocalRig(), { processes: false });
