/** An advice in words: for the command line, the report and the English dashboard. (pure) */

import { percent } from '../../kit/figures.ts';
import type {
  Advice,
  AdviceWords,
  InputAdvice,
  LifetimeAdvice,
  PublicAdvice,
  ShareView,
  WriteAdvice,
} from './advice.ts';

/** The words of an advice. */
export function adviceWords(advice: Advice): AdviceWords {
  switch (advice.kind) {
    case 'longer':
    case 'shorter':
      return lifetimeWords(advice);
    case 'missing-write':
    case 'needless-write':
      return writeWords(advice);
    case 'could-be-public':
      return publicWords(advice);
    default:
      return inputWords(advice);
  }
}

function lifetimeWords({ kind, type, from, to, evidence }: LifetimeAdvice): AdviceWords {
  const { fetches_saved_per_day: saved, origin_seconds_saved_per_day: time } = evidence;
  const { changed, moments, intervals, observed_seconds: seconds } = evidence;
  const cost = saved >= 0 ? 'saves the app' : 'costs the app';
  const words = { longer: 'may live', shorter: 'must live no longer than' };
  return {
    text: `copies of ${type} ${words[kind]} ${to} instead of ${from}`,
    reasons: [
      `${cost} ${Math.abs(saved)} requests a day (${Math.abs(time).toFixed(1)} s of its time)`,
      `stale hits: ${shareText(evidence.stale_now)} now, ${shareText(evidence.stale_then)} then`,
      `${changed} changes at ${moments} times or more, in ${intervals} intervals over ${(seconds / 3600).toFixed(1)} h`,
    ],
  };
}

function inputWords({ kind, type, name, evidence, in: place }: InputAdvice): AdviceWords {
  const { pairs, values, pages, fetches_saved_per_day: saved } = evidence;
  if (kind === 'missing-vary')
    return {
      text: `the app says that pages of ${type} depend on ${name}`,
      reasons: [`${pairs} answers say so; clients sent ${values} values of it, and all got the same page`],
    };
  const part = kind === 'ignore-query' ? `the parameter ${name}` : `the ${place ?? 'field'} ${name}`;
  return {
    text: `${part} never changed a page of ${type}`,
    reasons: [
      `${pairs} pairs of answers that differ in it alone had the same bytes, none had others: ${values} values, ${pages} pages`,
      `saves the app ${saved} requests a day`,
    ],
  };
}

function writeWords({ kind, type, name, evidence }: WriteAdvice): AdviceWords {
  const { route, writes, intervals, changed, confidence } = evidence;
  if (kind === 'needless-write')
    return {
      text: `what writes of ${name} end has not changed`,
      reasons: [
        `of ${intervals} copies with ${type} that were asked for again, ${changed} came back with other bytes: ${shareText(confidence)}`,
      ],
    };
  return {
    text: `${name} changes pages of ${route ?? type}, and no rule ends them`,
    reasons: [
      `changed ${changed} of ${intervals} times with such a write between two looks, ${shareText(confidence)}, after ${writes} writes`,
      `and ${evidence.other_changed} of ${evidence.other_intervals} times without one, ${evidence.shifted_changed} of ${evidence.shifted_intervals} with one just before`,
    ],
  };
}

function publicWords({ type, name, evidence }: PublicAdvice): AdviceWords {
  const { people, answers, anonymous, pages, fetches_saved_per_day: saved } = evidence;
  const { origin_seconds_saved_per_day: time } = evidence;
  return {
    text: `${type} gives everybody the same and could be public (${name})`,
    reasons: [
      `${answers} answers had the same bytes as another person's, none had others: ${people} people, ${pages} pages, ${anonymous} answers without credentials`,
      `saves the app ${saved} requests a day (${time.toFixed(1)} s of its time)`,
    ],
  };
}

const shareText = ({ share, interval: [low, high] }: ShareView): string =>
  `${percent(share)} (${percent(low)} – ${percent(high)})`;
