/**
 * Parts of requests that split copies for nothing, and parts that the app says matter and the rule leaves out. (pure)
 *
 * Promises. A parameter is never advised to be ignored if its name speaks of a person or a secret: its values may decide who may
 * see the page. For every other one no pair of answers that differ in it alone has had different bodies, on several different
 * pages: a search that finds nothing for anybody is one page. Parameters of known campaign trackers need fewer pairs.
 */

import type { ContentType } from '../../config/config.ts';
import { isSecretName } from '../../watch/count/mask-target.ts';
import { samplePath } from '../url-pattern.ts';
import type { InputAdvice, InputEvidence, Patch } from './advice.ts';
import type { DeclaredVary, InputSeen } from './inputs.ts';
import { patchYaml } from './patch-yaml.ts';

const tracker =
  /^(utm_\w+|[dfgy]clid|gclsrc|[gw]braid|msclkid|twclid|ttclid|igshid|mc_[ce]id|_gl|_ga|li_fat_id|mkt_tok|vero_id|hsa_\w+)$/i;
const personal = /user|account|uid|member|customer|tenant|person|owner|login|role|admin|group|team|org/i;

const needed = { pairs: 100, pages: 5, values: 3 };
const ofTracker = { pairs: 10, pages: 1, values: 3 };
const ofField = { pairs: 50, pages: 5, values: 2 };
const daySeconds = 86_400;

/** A query parameter or a varied field that never changed the page; `undefined`: nobody can tell, or it does. */
export function needlessAdvice(seen: InputSeen, type: ContentType, now: number): InputAdvice | undefined {
  const { kind, name } = seen;
  if (isSecretName(name) || personal.test(name)) return undefined;
  const { pairs, pages, values } = kind !== 'query' ? ofField : tracker.test(name) ? ofTracker : needed;
  const isSure =
    seen.differ === 0 && seen.same >= pairs && seen.bodies.size >= pages && seen.values.size >= values;
  if (!isSure) return undefined;
  const days = (now - seen.since) / 1000 / daySeconds;
  const evidence = {
    pairs: seen.same,
    differing: 0,
    values: seen.values.size,
    pages: seen.bodies.size,
    fetches_saved_per_day: days > 0 ? Math.round(seen.same / days) : 0,
  };
  return kind === 'query' ? ignoreQuery(seen, { type, evidence }) : needlessVary(seen, evidence);
}

function ignoreQuery(
  { contentType, name, target }: InputSeen,
  { type, evidence }: { readonly type: ContentType; readonly evidence: InputEvidence },
): InputAdvice {
  const isListed = type.query.kind === 'only';
  const path = ['content_types', contentType, 'query', isListed ? 'only' : 'ignore'];
  const patch: Patch = { op: isListed ? 'remove' : 'add', path, value: name };
  const sample = samplePath(target);
  return made(
    'ignore-query',
    { contentType, name, evidence, patch },
    {
      name: `${name} does not matter to ${contentType}`,
      request: `GET ${sample}?${name}=1`,
      expect: { type: contentType, same_copy: `GET ${sample}?${name}=2` },
    },
  );
}

function needlessVary({ contentType, kind, name, target }: InputSeen, evidence: InputEvidence): InputAdvice {
  const isCookie = kind === 'cookie';
  const path = ['content_types', contentType, 'vary', isCookie ? 'cookies' : 'headers'];
  const patch: Patch = { op: 'remove', path, value: name };
  const sample = samplePath(target);
  return made(
    'needless-vary',
    { contentType, name, evidence, patch, ...(isCookie && { in: 'cookie' as const }) },
    {
      name: `${name} does not matter to ${contentType}`,
      request: `GET ${sample}`,
      ...(isCookie ? { cookies: { [name]: 'x' } } : { fields: { [name]: 'x' } }),
      expect: { type: contentType, same_copy: `GET ${sample}` },
    },
  );
}

const fewestDeclared = 50;
const mostValues = 20;
/** Of these there are as many values as clients, or they have rules of their own. */
const neverVaried =
  /^(user-agent|cookie|authorization|accept|accept-encoding|origin|referer|host|.*forwarded.*)$/;

/** A field that the app's `Vary` names and clients send in several values, but that the rule neither sends on nor tells apart. */
export function missingVaryAdvice(
  { contentType, name, answers, values, target }: DeclaredVary,
  { vary }: ContentType,
): InputAdvice | undefined {
  const isUsable = !vary.headers.includes(name) && !neverVaried.test(name) && !isSecretName(name);
  if (!isUsable || answers < fewestDeclared || values.size < 2 || values.size > mostValues) return undefined;
  const patch: Patch = { op: 'add', path: ['content_types', contentType, 'vary', 'headers'], value: name };
  const evidence = {
    pairs: answers,
    differing: answers,
    values: values.size,
    pages: 0,
    fetches_saved_per_day: 0,
  };
  const sample = samplePath(target);
  return made(
    'missing-vary',
    { contentType, name, evidence, patch },
    {
      name: `${name} matters to ${contentType}`,
      request: `GET ${sample}`,
      fields: { [name]: 'x' },
      expect: { type: contentType, other_copy: `GET ${sample}` },
    },
  );
}

type Made = Pick<InputAdvice, 'name' | 'in' | 'evidence' | 'patch'> & { readonly contentType: string };

const made = (
  kind: InputAdvice['kind'],
  { contentType, name, evidence, patch, ...where }: Made,
  example: InputAdvice['example'],
): InputAdvice => ({
  id: [kind, contentType, ...Object.values(where), name].join(':'),
  ...where,
  ...{ kind, type: contentType, name, evidence, patch, yaml: patchYaml(patch), example },
});
