import t from 'tap';
import type { Identity } from '../../../src/policy/identity/identity.ts';
import { type KeyedRequest, planStandard } from '../../../src/policy/key/cache-key.ts';

const request: KeyedRequest = {
  ...{ scheme: 'http', host: 'a', path: '/', query: undefined },
  ...{ fields: [], known: {}, cookies: [] },
};
const known = (...ignored: (readonly [string, string])[]): Identity => ({
  ...{ kind: 'known', partition: 'p', user: '1', claims: undefined, ignored: new Map(ignored) },
  ...{ cookies: [], tokenFields: [], session: undefined, isStillGood: () => true },
});

t.test('a standard response is told apart by ignored claims: no rule says that it shows none', async (t) => {
  const keyOf = (identity: Identity): string => planStandard(request, identity).key;
  t.equal(keyOf(known(['flag', '1'])), keyOf(known(['flag', '1'])));
  t.not(keyOf(known(['flag', '1'])), keyOf(known(['flag', '2'])));
  t.not(keyOf(known(['flag', '1'])), keyOf(known()));
});
