/** Whether a write ended a copy in vain; by real exchanges: test/watch/count/write-ledger.test.ts. */

import { gzipSync } from 'node:zlib';
import t from 'tap';
import { tellNotModified, tellRenewed } from '../../../src/proxy/fetch/renewed-copy.ts';
import { MemoryStore } from '../../../src/store/memory.ts';
import { LocalPurgeLog } from '../../../src/store/purge-log.ts';
import type { Entry } from '../../../src/store/store.ts';
import { entryBut, tagsOf } from '../../store/entry.ts';

/** An exchange for what is stored and has been ended by a write, or not; and what is told of it. */
function around(stored: Partial<Entry>, by: { readonly rule?: string } = { rule: 'edit' }) {
  const store = new MemoryStore({ maxBytes: 1_000_000 });
  const purgeLog = new LocalPurgeLog('log');
  const entry = entryBut(stored);
  store.put(entry);
  const purge = { prefixes: [], everything: false, soft: false, cause: 'write' } as const;
  void purgeLog.append({ ...purge, tags: tagsOf('type:page'), ...by });
  const told: boolean[] = [];
  const endings = {
    onAskedAgain: () => undefined,
    onRenewed: (_copy: unknown, isSame: boolean) => void told.push(isSame),
  };
  return { exchange: { services: { store, purgeLog, endings }, plan: { key: entry.key } }, told };
}

const [body, other] = [Buffer.from('one page'), Buffer.from('two page')];
const packed = { body: gzipSync(body), coding: 'gzip' } as const;
const part = { first: 0, last: 7, complete: 100 };

const cases: readonly (readonly [stored: Partial<Entry>, fresh: Partial<Entry>, told: readonly boolean[]])[] =
  [
    [{ body }, { body }, [true]],
    [{ body }, { body: other }, [false]],
    [packed, { body }, [true]],
    [packed, { body: other }, [false]],
    [packed, { body: body.subarray(1) }, [false]],
    [{ body }, { body, status: 404 }, [false]],
    [{ body }, { body, part }, [false]],
    [{ body }, { body, variant: 'another' }, []],
  ];

t.test('the bytes of the answer are compared with those of the copy that it replaces', async (t) => {
  for (const [stored, fresh, expected] of cases) {
    const { exchange, told } = around(stored);
    tellRenewed(exchange, entryBut(fresh));
    t.strictSame(told, expected, JSON.stringify(fresh));
  }
});

t.test('a copy that no write ended is not spoken of', async (t) => {
  const { exchange, told } = around({ body }, {});
  tellRenewed(exchange, entryBut({ body }));
  t.strictSame(told, []);
});

t.test("a 304 to the client's condition is about the copy with its tag", async (t) => {
  const { exchange, told } = around({ fields: ['ETag', 'W/"a"'] });
  tellNotModified(exchange, ['ETag', '"b"']);
  tellNotModified(exchange, []);
  t.strictSame(told, []);
  tellNotModified(exchange, ['ETag', '"a"']);
  t.strictSame(told, [true]);
});
