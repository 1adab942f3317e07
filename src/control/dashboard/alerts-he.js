/** Alerts in Hebrew, made from the numbers the API gives beside its English text: lists of text and elements. */

import { code, worded } from './dom.js';
import { formatsOf } from './formats.js';
import { details, missCauses } from './reasons-he.js';

const formats = formatsOf('he');

/** A cause with its detail in one line. */
function causeText(reason) {
  const [cause, ...rest] = reason.split('/');
  const detail = rest.join('/');
  const main = worded(missCauses, cause);
  return detail === '' ? [main] : [main, ': ', worded(details[cause] ?? {}, detail)];
}

const conditions = {
  hit_rate_below: (bound) => `Hit Rate מתחת ל־${formats.percent(bound)}`,
  origin_error_rate_above: (bound) => `שיעור שגיאות המקור מעל ${formats.percent(bound)}`,
  stale_above: (bound) => `שיעור העותקים הישנים מעל ${formats.percent(bound)}`,
  origin_latency_above: (bound) =>
    `זמן תגובה של המקור מעל ${bound < 1 ? formats.milliseconds(bound) : formats.seconds(bound)}`,
  purge_lag_above: (bound) => `פיגור בביטולים מעל ${formats.seconds(bound)}`,
  memory_above: (bound) => `זיכרון התהליך מעל ${formats.bytes(bound)}`,
  redis_bytes_above: (bound) => `הנפח ב־Redis מעל ${formats.bytes(bound)}`,
  redis_down: () => 'Redis אינו זמין',
  quarantined: () => 'נתיב ציבורי בהסגר',
  rolled_back: () => 'הפעלה הדרגתית חזרה למצב צל',
  leak_suspected: () => 'חשד לדליפת זיכרון',
};

const measured = {
  hit_rate_below: ({ value, of }) =>
    `ה־Hit Rate הוא ${formats.percent(value)} מתוך ${formats.whole(of)} בקשות.`,
  origin_error_rate_above: ({ value, of }) =>
    `המקור נכשל ב־${formats.percent(value)} מתוך ${formats.whole(of)} בקשות.`,
  stale_above: ({ value, of }) =>
    `לפחות ${formats.percent(value)} מתוך ${formats.whole(of)} פגיעות שנבדקו היו ישנות (בביטחון של 95%).`,
  origin_latency_above: ({ value }) => `המקור עונה בממוצע בתוך ${formats.milliseconds(value)}.`,
  purge_lag_above: ({ value }) => `יומן הביטולים נקרא לאחרונה לפני ${formats.seconds(value)}.`,
  memory_above: ({ value }) => `התהליך תופס ${formats.bytes(value)} בזיכרון.`,
  leak_suspected: ({ value }) => `התהליך תופס ${formats.bytes(value)} בזיכרון.`,
  redis_bytes_above: ({ value }) => `ב־Redis שמורים כ־${formats.bytes(value ?? 0)}.`,
  quarantined: ({ value }) => (value ? 'נתיב ציבורי נתן לשני אנשים דפים שונים.' : 'אין נתיב בהסגר.'),
  rolled_back: ({ value }) =>
    value ? 'יותר מדי עותקים ישנים או שגיאות: הכול שוב במצב צל.' : 'אין הפעלה שבוטלה.',
  redis_down: ({ value }) => (value ? 'Redis אינו עונה.' : 'Redis עונה.'),
};

/** The condition of an alert. */
export const conditionText = ({ when, condition }) =>
  when === undefined || conditions[when.kind] === undefined
    ? [code(condition)]
    : [conditions[when.kind](when.bound)];

/** What fires, with its value; a low hit rate with the two largest causes of misses. */
export function alertText({ name, facts, condition }) {
  if (facts === undefined || measured[facts.kind] === undefined) return [code(name), ': ', code(condition)];
  const span = facts.for === 0 ? '' : ` במשך ${formats.seconds(facts.for)}`;
  const causes = facts.reasons.flatMap(({ reason, share }, index) => [
    index === 0 ? ' רוב ההחטאות: ' : '; ',
    ...causeText(reason),
    ` (${formats.percent(share)})`,
  ]);
  const end = causes.length === 0 ? [] : [...causes, '.'];
  return [
    code(name),
    `: ${conditions[facts.kind](facts.bound)}${span}. ${measured[facts.kind](facts)}`,
    ...end,
  ];
}
