/**
 * A configuration as tests write it: YAML, with an upstream added.
 */
import { parseConfig } from '../../src/config/schema/check.ts';
import type { Config, ContentType } from '../../src/config/config.ts';
import { parseTag, type TagTemplate } from '../../src/config/schema/tag-template.ts';

/** Throws with every problem of the text. */
export function configOf(text: string): Config {
  const file = 'test.yaml';
  const result = parseConfig(`upstream: http://127.0.0.1:9\n${text}`, { file, env: {} });
  if (result.kind === 'ok') return result.config;
  throw new Error(result.problems.map(({ line, code, message }) => `${line} ${code} ${message}`).join('\n'));
}

/** A content type that the config must have. */
export function typeOf(config: Config, name: string): ContentType {
  const contentType = config.contentTypes.get(name);
  if (contentType === undefined) throw new Error(`no content type ${name}`);
  return contentType;
}

/** A tag template that must be readable. */
export function templateOf(raw: string): TagTemplate {
  const result = parseTag(raw);
  if (result.kind === 'bad') throw new Error(result.why);
  return result.template;
}
