/**
 * Which `user` types could be public. (pure)
 *
 * Promises: nothing is advised while anything is in doubt on any route of the type: one page that differed, one answer that set a
 * cookie or called itself private, somebody who was refused. There must be so many answers without a difference that it is less
 * than one in a hundred with 95 % confidence, to several people, of several pages, and to people without credentials too: as they
 * are asked for, everybody would get them.
 */

import type { Config, ContentType } from '../../config/config.ts';
import type { TagTemplate } from '../../config/schema/tag-template.ts';
import { rounded } from '../../kit/figures.ts';
import { samplePath } from '../url-pattern.ts';
import type { Patch, PublicAdvice, SharedEvidence, SharedView } from './advice.ts';
import { patchYaml } from './patch-yaml.ts';
import type { SharedDoubt, SharedSeen } from './same-for-all.ts';

const needed = { people: 10, answers: 380, pages: 3, anonymous: 20 };
const daySeconds = 86_400;
/** So many are shown. */
const most = 20;

/** The routes that gave several people the same, those that would save most first. */
export function sharedViews(all: readonly SharedSeen[], config: Config, now: number): readonly SharedView[] {
  return all
    .flatMap((seen): SharedView[] => {
      const { contentType, route } = seen;
      const type = config.contentTypes.get(contentType);
      const isInForce = config.routes.some(
        ({ pattern, type: name }) => pattern === route && name === contentType,
      );
      if (type === undefined || !isPersonal(type) || !isInForce || seen.answers === 0) return [];
      return [
        { type: contentType, route, ...evidenceOf([seen], now), doubts: doubtsOf(seen, type, config.routes) },
      ];
    })
    .sort((one, other) => other.fetches_saved_per_day - one.fetches_saved_per_day)
    .slice(0, most);
}

/** The advice on a type, if all its routes gave everybody the same for certain. */
export function publicAdvice(
  type: ContentType,
  all: readonly SharedSeen[],
  { routes, now }: { readonly routes: Config['routes']; readonly now: number },
): PublicAdvice | undefined {
  const { name } = type;
  const patterns = new Set(routes.filter((route) => route.type === name).map(({ pattern }) => pattern));
  const seen = all.filter(({ contentType, route }) => contentType === name && patterns.has(route));
  const [first] = seen;
  const isCertain =
    seen.length === patterns.size && seen.every((one) => doubtsOf(one, type, routes).length === 0);
  if (first === undefined || !isPersonal(type) || !isCertain) return undefined;
  const patch: Patch = { op: 'set', path: ['content_types', name, 'scope'], value: 'public', from: 'user' };
  return {
    ...{ id: `could-be-public:${name}`, kind: 'could-be-public', type: name, name: [...patterns].join(', ') },
    ...{ evidence: evidenceOf(seen, now), patch, yaml: patchYaml(patch) },
    example: {
      name: `${name} is the same for everybody`,
      request: `GET ${samplePath(first.target)}`,
      expect: { type: name, scope: 'public' },
    },
  };
}

/** Whether what people get of the type is held beside each other. */
export const isPersonal = ({ kind, scope }: Pick<ContentType, 'kind' | 'scope'>): boolean =>
  kind === 'rule' && scope === 'user';

const namesPeople = ({ parts }: TagTemplate): boolean => parts.some(({ kind }) => kind === 'user');

function doubtsOf(seen: SharedSeen, type: ContentType, routes: Config['routes']): readonly SharedDoubt[] {
  const own = routes.filter((route) => route.type === type.name);
  const tags = [...type.tags, ...own.flatMap((route) => route.tags)];
  const { people, answers, bodies, anonymous, unsettled, doubts } = seen;
  const further: readonly (readonly [SharedDoubt, boolean])[] = [
    ['sets-cookie', type.setCookie === 'strip'],
    ['varies-by-person', (type.vary.claims ?? []).length > 0 || tags.some(namesPeople)],
    ['unsettled', unsettled > 0],
    ['few-people', people.size < needed.people],
    ['few-answers', answers < needed.answers],
    ['few-pages', bodies.size < needed.pages],
    ['anonymous-unseen', anonymous < needed.anonymous],
  ];
  return [...new Set([...doubts, ...further.flatMap(([doubt, is]) => (is ? [doubt] : []))])];
}

function evidenceOf(seen: readonly SharedSeen[], now: number): SharedEvidence {
  const sum = (of: (one: SharedSeen) => number): number => seen.reduce((all, one) => all + of(one), 0);
  const since = Math.min(...seen.map((one) => one.since ?? now));
  const days = (now - since) / 1000 / daySeconds;
  const aDay = (count: number): number => (days > 0 ? count / days : 0);
  return {
    people: new Set(seen.flatMap(({ people }) => [...people])).size,
    answers: sum(({ answers }) => answers),
    anonymous: sum(({ anonymous }) => anonymous),
    pages: sum(({ bodies }) => bodies.size),
    fetches_saved_per_day: Math.round(aDay(sum(({ fetches }) => fetches))),
    origin_seconds_saved_per_day: rounded(aDay(sum(({ originSeconds }) => originSeconds)), 3),
  };
}
