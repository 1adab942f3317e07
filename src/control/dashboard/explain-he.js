/**
 * An explanation in Hebrew, step by step, made from the facts the API gives beside its English text. A sentence is a list
 * of text and elements.
 */

import { code, worded } from './dom.js';
import { formatsOf } from './formats.js';
import {
  doubts,
  missCauses,
  notStored,
  passes,
  purgeCauses,
  refusals,
  reuses,
  targetFaults,
} from './reasons-he.js';

const formats = formatsOf('he');
const clauseOf = (text) => /RFC \d+(?: §[\d.–§]*\d)?/.exec(text ?? '')?.[0];
/** The clause of an RFC in brackets, by its number. */
const clause = (text) => (clauseOf(text) === undefined ? [] : [' (', code(clauseOf(text)), ')']);
const listed = (names) => names.flatMap((name, index) => (index === 0 ? [code(name)] : [', ', code(name)]));

export const stepNames = {
  target: 'יעד',
  route: 'נתיב',
  'content type': 'סוג תוכן',
  identity: 'זהות',
  pass: 'העברה',
  'request directives': 'הוראות הלקוח',
  key: 'מפתח',
  'stored entry': 'תשובה שמורה',
  answer: 'תשובה',
  origin: 'מקור',
  storing: 'שמירה',
  ttl: 'TTL',
  tags: 'תגיות',
  'makes stale': 'מבטל',
};

const keyParts = {
  scheme: 'פרוטוקול',
  host: 'שרת',
  target: 'יעד',
  partition: 'מחיצה',
  type: 'סוג',
  scope: 'היקף',
  accept: 'צורת תוכן',
  cookies: 'עוגיות',
  headers: 'כותרות',
};
const partitions = { public: 'כולם', anonymous: 'אנונימי' };
const scopes = { public: 'ציבורי', user: 'לכל משתמש בנפרד' };
const accepts = { html: 'HTML', json: 'JSON', other: 'אחר' };

const writeDecisions = { holds: 'כתיבה', fails: 'לא כתיבה של', unknown: 'אולי כתיבה, ולכן נחשבת' };

const seconds = (value) => formats.exactSeconds(value);

/** Of each step, its sentence from its facts. */
const sentences = {
  target: ({ status, reason, target_fault: fault, target, scheme, host, given }) =>
    status === undefined
      ? [code(target), ' ב־', code(`${scheme}://${host}`), ...(given ? [' (נכתב ', code(given), ')'] : [])]
      : [
          `נענית מיד ${status}: `,
          worded(refusals, reason),
          ...(fault ? [' (', worded(targetFaults, fault), ')'] : []),
        ],
  route: ({ method, pattern, line, params, write }) => [
    ...(pattern === undefined
      ? ['אין נתיב מתאים']
      : [code(`${method} ${pattern}`), `, שורה ${line}`, ...given(params)]),
    ...(write ?? []).flatMap(({ name, decision }) => [`; ${writeDecisions[decision]}: `, code(name)]),
  ],
  'content type': ({ name, kind, scope, cache_control: control, unmatched }) => [
    code(name),
    ...(kind === 'rule'
      ? [`: ${scopes[scope]}, `, control === 'obey' ? 'הוראות המקור מחייבות' : 'הכלל קובע במקום המקור']
      : [
          kind === 'standard' ? ': הכללים של HTTP עצמו' : ': לא נבדק ולא נשמר',
          ...(kind === 'standard' ? clause('RFC 9111') : []),
        ]),
    unmatched ? ' (כך נקבע לבקשות ללא נתיב)' : '',
  ],
  identity: ({ class: kind, reason, verified, partition }) => {
    if (kind === 'anonymous') return ['אנונימי: אין פרטי הזדהות'];
    if (kind === 'doubt') return ['לא ודאית: ', worded(doubts, reason)];
    return [verified ? 'מזוהה לפי session מאומת: ' : 'מזוהה לפי מכלול פרטי ההזדהות: ', code(partition)];
  },
  pass: ({ reason, doubt }) => [
    'מועבר ישירות: ',
    worded(passes, reason),
    ...(doubt === undefined ? [] : [': ', worded(doubts, doubt)]),
  ],
  'request directives': (facts) =>
    listed(Object.entries(facts).map(([name, value]) => (value === true ? name : `${name}=${value}`))),
  key: ({ digest, ...parts }) => [
    code(`${digest}…`),
    ' מתוך ',
    ...Object.entries(parts).flatMap(([name, value], index) => [
      index === 0 ? '' : ', ',
      worded(keyParts, name),
      ' ',
      keyValue(name, value),
    ]),
  ],
  'stored entry': storedText,
  answer: ({ status, cache_status: shown, miss, purged_by: by }) => [
    `${status}, `,
    shown === undefined ? 'ללא Cache-Status' : code(`Cache-Status: ${shown}`),
    ...(miss === undefined
      ? []
      : ['; החטאה: ', worded(missCauses, miss), ...(by ? [' (', worded(purgeCauses, by), ')'] : [])]),
  ],
  origin: ({ asked, renewed, method, target, fields }) => [
    asked ? '' : renewed ? 'נשאל מאחורי התשובה: ' : 'לא נשאל',
    ...(method === undefined
      ? []
      : [asked || renewed ? '' : '; ללא Cache: ', code(`${method} ${target}`), ' עם ', ...listed(fields)]),
  ],
  storing: ({ stored, kept, freshened, reason, clause: text, body_matters: bodyMatters }) => {
    if (freshened) return ['לא: ', worded(notStored, reason), '; אך היא מרעננת את מה ששמור', ...clause(text)];
    if (!stored) return ['לא: ', worded(notStored, reason), ...clause(text)];
    if (kept) return ['כן, עבור בקשות GET הבאות', ...clause(text)];
    return ['כן', ...clause(text), bodyMatters ? '; תוכן הגוף עשוי לשנות זאת' : ''];
  },
  ttl: (facts) => ttlText(facts),
  tags: ({ tags }) => listed(tags),
  'makes stale': ({ tags }) => listed(tags),
};

const given = (params) =>
  Object.keys(params).length === 0
    ? []
    : [' (', ...listed(Object.entries(params).map(([name, value]) => `${name}=${value}`)), ')'];

const keyValue = (name, value) => {
  const lists = { partition: partitions, scope: scopes, accept: accepts };
  return lists[name]?.[value] ?? code(value);
};

function storedText({ found, cause, purged_by: by, others, reuse, reason, clause: text, sum }) {
  if (!found) {
    const why =
      cause === 'purged'
        ? ['אין בתוקף: בוטלה', ...(by ? [' (', worded(purgeCauses, by), ')'] : [])]
        : ['אין: ', worded(missCauses, cause)];
    return [...why, others > 0 ? `; ${formats.whole(others)} של אחרים ביעד הזה` : ''];
  }
  const states = {
    fresh: 'טרייה',
    stale: 'לא טרייה, וניתנת',
    validate: 'דורשת אימות',
    'must-not-forward': 'דורשת אימות, והלקוח אוסר לפנות למקור',
  };
  return [
    worded(states, reuse),
    ...(reason === undefined ? [] : [' – ', worded(reuses, reason), ...clause(text)]),
    `: אורך חיים ${seconds(sum.lifetime)} פחות גיל ${seconds(sum.age)}, נותרו ${seconds(sum.left)}`,
    ...(by === undefined ? [] : ['; בוטלה ביטול רך (', worded(purgeCauses, by), ')']),
  ];
}

const bases = { status: 'של הסטטוס', 'content-type': 'של סוג התוכן', default: 'ברירת המחדל' };
const sources = {
  targeted: 'שדה ייעודי ל־Cache (RFC 9213)',
  's-maxage': 's-maxage',
  'max-age': 'max-age',
  expires: 'Expires',
  heuristic: 'עשירית מהזמן שעבר מאז Last-Modified',
  none: 'לא נקבע; נשמרת לצורך אימות',
};

function ttlText(step) {
  const after = seconds(step.lifetime);
  switch (step.kind) {
    case 'base':
      return [`בסיס, ${bases[step.from]}: ${after}`];
    case 'factor':
      return [
        code(`${step.name} ×${step.factor}`),
        step.holds ? ' מתקיים' : ' לא מתקיים',
        ' (',
        ...step.conditions.flatMap(({ condition, seen }, index) => [
          index === 0 ? '' : ', ',
          code(condition.kind),
          ': ',
          seenText(condition.kind, seen),
        ]),
        `): ${after}`,
      ];
    case 'hours':
      return ['שעה ', code(`${step.name} ×${step.factor}`), `: ${after}`];
    case 'clamp':
      return [`בין ${seconds(step.min)} ל־${seconds(step.max)}: ${after}`];
    case 'jitter':
      return [
        'פיזור ',
        code(`${step.share < 0 ? '−' : '+'}${formats.percent(Math.abs(step.share))}`),
        `, בשניות שלמות: ${after}`,
      ];
    case 'origin':
      return [`המקור מתיר ${seconds(step.bound)}: ${after}`];
    case 'http':
      return [
        `${after}, לפי `,
        sources[step.source] ?? code(step.source),
        ...clause('RFC 9111 §4.2.1'),
        step.age > 0 ? `; Age של ${seconds(step.age)} נחשב כנגדו` : '',
      ];
    default:
      return [after];
  }
}

/** What a condition of a factor saw. Values are as they came; what stands for one is worded. */
function seenText(kind, seen) {
  if (seen === undefined) return 'אין';
  const number = /^\d+/.exec(seen)?.[0];
  if (kind === 'modified_within') return `לפני ${seconds(Number(number))}`;
  if (kind === 'larger_than') return formats.bytes(Number(number));
  if (kind === 'access') return seen === 'high' ? 'גבוהה' : 'נמוכה';
  if (seen === '(not shown)') return '(לא מוצג)';
  return /^another (?:array|object|string)$/.test(seen) ? 'ערך אחר' : code(seen);
}

/** One step of an explanation. */
export const stepText = ({ step, facts, text }) => sentences[step]?.(facts) ?? [code(text)];

/** What it all comes to. */
export function verdictText({ verdict }) {
  const { kind, reason, stale_tags: stale, stored_for: storedFor } = verdict;
  if (kind === 'hit') return ['פגיעה: נענית מתוך ה־Cache'];
  if (kind === 'refused') return [`נענית ${verdict.status}, המקור אינו נשאל`];
  const kept = storedFor === undefined ? '' : `; נשמר ל־${seconds(storedFor)}`;
  if (kind === 'passed')
    return [
      'מועבר ישירות: ',
      worded(passes, reason),
      stale > 0 ? `; מבטל ${formats.whole(stale)} תגיות` : '',
      kept,
    ];
  if (storedFor === undefined) return ['נשלח למקור ולא נשמר: ', worded(notStored, reason ?? 'not-asked')];
  return reason === undefined
    ? [`נשלח למקור ונשמר ל־${seconds(storedFor)}`]
    : ['נשלח למקור ולא נשמר: ', worded(notStored, reason), `; מה ששמור מתרענן ל־${seconds(storedFor)}`];
}
