import test from 'ava';
import { createSharedClient } from '../../lib/index.js';

class Sizes {
  async size(blob: Blob) {
    return blob.size;
  }
}

test('a call with a blob that can not be read is refused once, and those made after it go on', async t => {
  const client = createSharedClient(Sizes, { name: 'sizes', standalone: true });
  const broken = new Blob(['123']);
  let reads = 0;
  broken.arrayBuffer = async () => {
    reads++;
    throw new RangeError('the file is gone');
  };
  const calls = [client.size(broken), client.size(new Blob(['12345'])), client.size(new Blob(['1']))];
  await t.throwsAsync(calls[0]!, { instanceOf: RangeError, message: 'the file is gone' });
  t.deepEqual(await Promise.all(calls.slice(1)), [5, 1]);
  t.is(reads, 1);
  await client.close();
});
