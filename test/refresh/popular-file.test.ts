import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { seconds } from '../../src/kit/time.ts';
import type { CacheKey } from '../../src/policy/key/cache-key.ts';
import type { Wanted } from '../../src/refresh/demand.ts';
import { readPopular, writePopular } from '../../src/refresh/popular-file.ts';

const wanted: Wanted = {
  name: 'n',
  key: 'k' as CacheKey,
  variant: 'v',
  form: { scheme: 'https', host: 'www.example.org', target: '/a?b', fields: ['Accept', '*/*'] },
  cost: seconds(0.25),
  weight: 12.5,
};

t.test('the file is read back, only its owner can read it, and no temporary file remains', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'shelflife-popular-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const path = join(directory, 'popular.json');
  t.strictSame(await readPopular(path), [], 'there is none at first');
  await writePopular(path, [wanted]);
  await writePopular(path, [wanted, { ...wanted, name: 'm' }]);
  t.strictSame(await readPopular(path), [wanted, { ...wanted, name: 'm' }]);
  t.equal((await stat(path)).mode & 0o777, 0o600);
  t.strictSame(await readdir(directory), ['popular.json']);
});

t.test('a damaged file, or one of another version, is ignored', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'shelflife-popular-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const path = join(directory, 'popular.json');
  for (const text of ['', '{', 'null', '[]', '{"version":"0","wanted":[]}', '{"version":"1.1"}']) {
    await writeFile(path, text);
    t.strictSame(await readPopular(path), [], text);
  }
  await writePopular(path, [wanted]);
  const strange = [
    {},
    null,
    { ...wanted, weight: 'many' },
    { ...wanted, form: { ...wanted.form, scheme: 'file' } },
  ];
  await writePopular(path, [wanted]);
  const version = '1.1';
  await writeFile(path, JSON.stringify({ version, wanted: [wanted, ...strange] }));
  t.ok((await readPopular(path)).length <= 1, 'what is no entry is left out');
});
