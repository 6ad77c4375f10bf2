import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hardLimitIn, judgeFileDescriptors } from './file-descriptors.ts';

test('the bound of open files has to leave room beside the connections', () => {
  assert.equal(judgeFileDescriptors(20_000, 19_000).verdict, 'ok');
  assert.equal(judgeFileDescriptors(19_999, 19_000).verdict, 'warning');
  assert.equal(judgeFileDescriptors(Number.POSITIVE_INFINITY, 19_000).verdict, 'ok');
  assert.equal(judgeFileDescriptors(undefined, 19_000).verdict, 'ok');
});

test('it is the hard one, which Node sets', () => {
  const head = 'Limit                     Soft Limit           Hard Limit           Units\n';
  assert.equal(
    hardLimitIn(`${head}Max open files            1024                 524288               files\n`),
    524_288,
  );
  assert.equal(hardLimitIn('Max open files            1024      unlimited   files'), Number.POSITIVE_INFINITY);
  assert.equal(hardLimitIn(head), undefined);
});
