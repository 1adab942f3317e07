/** What the page on trust says in Hebrew. */

import { code } from './dom.js';
import { formatsOf } from './formats.js';

const formats = formatsOf('he');

/** Why a rollout ended by itself, made anew from the numbers in the proxy's English sentence. */
const whys = [
  [
    /^(\d+) of (\d+) compared copies were stale, which is above ([\d.]+) % for certain$/,
    ([stale, compared, bound]) =>
      `${stale} מתוך ${compared} עותקים שהושוו היו ישנים: בוודאות יותר מ־${formats.finePercent(bound / 100)}`,
  ],
  [
    /^(\d+) of (\d+) answers were errors, which is above ([\d.]+) % for certain; in shadow (\d+) of (\d+)$/,
    ([errors, answers, bound, shadowErrors, shadowAnswers]) =>
      `${errors} מתוך ${answers} תשובות היו שגיאות: בוודאות יותר מ־${formats.finePercent(bound / 100)}; בצל ${shadowErrors} מתוך ${shadowAnswers}`,
  ],
  [/^the file that keeps it cannot be read$/, () => 'אי אפשר לקרוא את הקובץ ששומר אותה'],
];

function whyText(why) {
  for (const [pattern, textOf] of whys) {
    const found = pattern.exec(why);
    if (found !== null) return textOf(found.slice(1));
  }
  return code(why);
}

export const trustHe = {
  predictedHitRate: 'Hit Rate צפוי',
  readsInShadow: (n) => `מתוך ${n} בקשות במצב צל`,
  wouldSave: 'זמן מקור שהיה נחסך',
  wouldStore: (entries, bytes) => `${entries} תשובות, ${bytes}`,
  staleInShadow: 'עותקים ישנים במצב צל',
  staleInAudit: 'עותקים ישנים שניתנו',
  between: (range) => ['רווח סמך של 95%: ', range],
  nothingCompared: 'עדיין לא הושווה דבר',
  cached: 'אנשים שמקבלים מה־Cache',
  cachedBy: { shadow: 'מצב צל', all: 'אין הפעלה הדרגתית: כולם', rolledBack: 'בוטלה מעצמה' },
  inQuarantine: 'נתיבים בהסגר',
  quarantined: 'מועברים ישירות עד לשחרור',
  action: 'פעולה',
  quarantine: 'הסגר: נתיבים ציבוריים שנתנו לשני אנשים דפים שונים',
  noQuarantine: 'אין נתיב בהסגר.',
  route: 'נתיב',
  reason: 'סיבה',
  where: 'היכן הדפים שונים',
  lift: 'שחרור',
  liftSure: 'כן, לשמור אותו שוב',
  liftNeeds: (scope) => ['כדי לשחרר נתיב מהסגר נחוץ אסימון עם הרשאת ', scope, '.'],
  reasons: {
    'session-echo': 'בדף יש עוגייה או אסימון של מי שקורא אותו',
    'names-its-reader': 'בדף יש השם או הדואר של מי שקורא אותו',
    'differs-by-identity': 'הדף שונה מאדם לאדם',
  },
  rollout: 'הפעלה הדרגתית',
  noRollout: 'אין בתצורה הפעלה הדרגתית.',
  scope: 'של',
  scopes: { all: 'הכול', type: 'סוג', route: 'נתיב' },
  percent: 'מקבלים מה־Cache',
  inFile: 'בקובץ',
  setBy: 'נקבע על ידי',
  byFile: 'הקובץ',
  rolledBackAt: (time) => `בוטלה מעצמה ב־${time}`,
  setAt: (name, time) => [name, `, ${time}`],
  whyText,
  staleOf: 'עותקים ישנים',
  errorsOf: 'שגיאות',
  ofMany: (part, of) => `${part} מתוך ${of}`,
  shadow: 'מצב צל: מה היה ניתן',
  noShadow: 'דבר לא היה במצב צל מאז שהתצורה הזו בתוקף.',
  by: 'לפי',
  byKind: { types: 'סוג תוכן', routes: 'נתיב', patterns: 'תבנית כתובת', ages: 'גיל' },
  name: 'שם',
  reads: 'בקשות',
  saved: 'זמן שנחסך',
  compared: 'הושוו',
  stale: 'ישנים',
  noise: 'רעש',
  unjudged: 'לא נשפטו',
  unjudgedReasons: {
    'no-answer': 'אין תשובה',
    'origin-error': 'שגיאת מקור',
    head: 'HEAD',
    'not-modified': 'לא השתנה',
    'too-large': 'גדול מדי',
    unseen: 'לא נשלח',
    ended: 'בוטל בינתיים',
    'not-sampled': 'לא במדגם',
    'not-comparable': 'אינו טקסט',
  },
  examples: 'הדוגמאות הגרועות ביותר',
  noExamples: 'לא נראה עותק ישן.',
  page: 'דף',
  copyAge: 'גיל העותק',
  cause: 'סיבה',
  causes: { write: 'מאז נראתה כתיבה', time: 'לא נראתה כתיבה מאז: הדף השתנה מעצמו' },
  differs: 'העותק, ומה שהאפליקציה נותנת כעת',
  unknownPlace: 'התכנים אינם במדגם',
  noises: 'רעש: מה ששונה בכל פעם',
  noNoise: 'לא נמצא רעש.',
  place: 'מקום',
  kind: 'סוג',
  noiseKinds: {
    'csrf-token': 'אסימון CSRF',
    nonce: 'מספר חד־פעמי',
    clock: 'שעון',
    'request-id': 'מזהה בקשה',
    token: 'אסימון',
    number: 'מספר',
    other: 'אחר',
  },
  shared: 'נתיבים אישיים שנתנו לכמה אנשים אותו דבר',
  noShared: 'שום נתיב אישי לא נתן לכמה אנשים אותו דבר.',
  people: 'אנשים',
  answers: 'תשובות זהות',
  savedADay: 'בקשות ביום שייחסכו אם יהיה ציבורי',
  inDoubt: 'בספק',
  certain: 'אין: ראו את העצות',
  doubts: {
    differs: 'מישהו קיבל דף אחר',
    unsettled: 'דף השתנה, ועדיין לא אצל שניים',
    'sets-cookie': 'תשובה מציבה עוגייה',
    private: 'לדברי האפליקציה הוא פרטי',
    'varies-by-person': 'הוא תלוי במבקש, לפי האפליקציה או הכלל',
    refused: 'מישהו לא קיבל אותו',
    'too-large': 'תוכן גדול מכדי להיבדק',
    'write-changes-it': 'כתיבה של אדם אחד משנה אותו',
    'few-people': 'מעט מדי אנשים',
    'few-answers': 'מעט מדי תשובות',
    'few-pages': 'מעט מדי דפים שונים',
    'anonymous-unseen': 'מעט מדי תשובות ללא הזדהות',
  },
  audit: 'ביקורת: פגיעות שהושוו לאפליקציה',
  auditOff: 'בלי audit בתצורה, שום פגיעה אינה מושווית.',
  noAudit: 'עדיין לא הושוותה פגיעה.',
  advice: 'אורך חיים',
  advices: { shorter: 'לקצר', longer: 'אפשר להאריך' },
  ageOf: (age) => (age === 'stale' ? 'אחרי אורך החיים' : code(age)),
};
