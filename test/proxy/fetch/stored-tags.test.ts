import t from 'tap';
import { tagsToStore } from '../../../src/proxy/fetch/stored-tags.ts';
import { termsBut } from './terms-but.ts';

const tagsOf = (rules: string, fields: readonly string[]): readonly string[] =>
  tagsToStore(termsBut(rules), { given: fields, stored: fields });

t.test('the URL, the rule and the origin give tags, each once', async (t) => {
  const rules = 'content_types: { page: { tags: [mine, a] } }\nroutes: [{ match: GET /a/:id, type: page }]\n';
  const tags = tagsOf(rules, ['Surrogate-Key', 'a b', 'Cache-Groups', '"g"']);
  for (const tag of ['type:page', 'url:/a/1', 'mine', 'a', 'b', 'group://example.org g'])
    t.equal(tags.filter((one) => one === tag).length, 1, tag);
  t.notOk(tagsOf('accept: { tags: [] }\n', ['Cache-Groups', '"g"']).some((tag) => tag.startsWith('group')));
});

t.test('what declares a query not to matter has the tags of any query of its path', async (t) => {
  const shared = ['No-Vary-Search', 'params'];
  const on = 'accept: { no_vary_search: true }\n';
  t.ok(tagsOf(on, shared).includes('url:/a/1?*'));
  t.notOk(tagsOf('', shared).includes('url:/a/1?*'), 'off by default');
  t.notOk(tagsOf(on, []).includes('url:/a/1?*'));
});
