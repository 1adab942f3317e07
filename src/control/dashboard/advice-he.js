/** Advice in Hebrew, made from the numbers the API gives beside its English text: lists of text and elements. */

import { code } from './dom.js';
import { formatsOf } from './formats.js';

const formats = formatsOf('he');

const share = ({ share: middle, interval: [low, high] }) =>
  `${formats.percent(middle)} (בין ${formats.percent(low)} ל־${formats.percent(high)})`;

const saved = (fetches) =>
  fetches >= 0
    ? `חוסך לאפליקציה ${formats.whole(fetches)} בקשות ביום`
    : `מוסיף לאפליקציה ${formats.whole(-fetches)} בקשות ביום`;

const texts = {
  longer: ({ type, from, to }) => [
    'עותקים של ',
    code(type),
    ' יכולים לחיות ',
    code(to),
    ' במקום ',
    code(from),
  ],
  shorter: ({ type, from, to }) => [
    'עותקים של ',
    code(type),
    ' צריכים לחיות לכל היותר ',
    code(to),
    ' במקום ',
    code(from),
  ],
  'ignore-query': ({ type, name }) => ['הפרמטר ', code(name), ' מעולם לא שינה דף של ', code(type)],
  'needless-vary': ({ type, name, in: place }) => [
    place === 'cookie' ? 'העוגייה ' : 'השדה ',
    code(name),
    place === 'cookie' ? ' מעולם לא שינתה דף של ' : ' מעולם לא שינה דף של ',
    code(type),
  ],
  'could-be-public': ({ type, name }) => [
    'דפים של ',
    code(type),
    ' זהים לכולם ויכולים להיות ציבוריים (',
    code(name),
    ')',
  ],
  'missing-vary': ({ type, name }) => ['לדברי האפליקציה, דפים של ', code(type), ' תלויים בשדה ', code(name)],
  'missing-write': ({ name, type, evidence }) => [
    code(name),
    ' משנה דפים של ',
    code(evidence.route ?? type),
    ', ואף כלל אינו מבטל אותם',
  ],
  'needless-write': ({ name }) => ['מה שהכתיבות של ', code(name), ' מבטלות לא השתנה'],
};

const lifetimeReasons = ({ evidence }) => [
  saved(evidence.fetches_saved_per_day),
  `פגיעות ישנות: ${share(evidence.stale_now)} עכשיו, ${share(evidence.stale_then)} אחרי השינוי`,
  `${formats.whole(evidence.changed)} שינויים ב־${formats.whole(evidence.intervals)} מרווחים, לאורך ${formats.seconds(evidence.observed_seconds)}`,
];

const inputReasons = ({ evidence }) => [
  `${formats.whole(evidence.pairs)} זוגות תשובות שנבדלים רק בו היו זהים, ואף זוג לא היה שונה: ${formats.whole(evidence.values)} ערכים, ${formats.whole(evidence.pages)} דפים`,
  saved(evidence.fetches_saved_per_day),
];

const reasons = {
  longer: lifetimeReasons,
  shorter: lifetimeReasons,
  'ignore-query': inputReasons,
  'needless-vary': inputReasons,
  'missing-vary': ({ evidence }) => [
    `${formats.whole(evidence.pairs)} תשובות אומרות זאת; הדפדפנים שלחו ${formats.whole(evidence.values)} ערכים, וכולם קיבלו אותו דף`,
  ],
  'could-be-public': ({ evidence }) => [
    `${formats.whole(evidence.answers)} תשובות היו זהות למה שקיבל אדם אחר, ואף תשובה לא הייתה שונה: ${formats.whole(evidence.people)} אנשים, ${formats.whole(evidence.pages)} דפים, ${formats.whole(evidence.anonymous)} תשובות ללא הזדהות`,
    saved(evidence.fetches_saved_per_day),
  ],
  'missing-write': ({ evidence }) => [
    `השתנו ב־${formats.whole(evidence.changed)} מתוך ${formats.whole(evidence.intervals)} מרווחים עם כתיבה כזו, ${share(evidence.confidence)}`,
    `וב־${formats.whole(evidence.other_changed)} מתוך ${formats.whole(evidence.other_intervals)} בלעדיה`,
  ],
  'needless-write': ({ evidence }) => [
    `מתוך ${formats.whole(evidence.intervals)} עותקים שהתבקשו שוב, ${formats.whole(evidence.changed)} חזרו שונים`,
  ],
};

/** What could be changed. */
export const adviceText = (advice) => texts[advice.kind]?.(advice) ?? [advice.text];

/** What speaks for it. */
export const adviceReasons = (advice) => reasons[advice.kind]?.(advice) ?? advice.reasons;
