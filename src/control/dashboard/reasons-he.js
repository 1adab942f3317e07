/** Every reason the proxy gives, in Hebrew, by the words of its closed sets. */

/** What ended what was stored. */
export const purgeCauses = {
  write: 'כלל כתיבה',
  'unmatched-write': 'כתיבה ללא כלל',
  api: 'ממשק הבקרה',
  group: 'קבוצת Cache',
  app: 'האפליקציה',
  reload: 'טעינת תצורה',
  forgotten: 'קדם ליומן הביטולים',
};

/** Why a request never touches the store. */
export const passes = {
  rule: 'כך קובע הנתיב',
  unmatched: 'אין נתיב מתאים, וכך נקבע לבקשות כאלה',
  method: 'רק GET ו־HEAD נבדקות ב־Cache',
  'write-rule': 'הבקשה רשומה ככתיבה',
  'ambiguous-path': 'המקור יכול לקרוא את הנתיב בכמה דרכים, והכללים להן שונים',
  'request-body': 'לבקשה יש גוף',
  'method-override': 'הבקשה טוענת לשיטה אחרת',
  'acme-challenge': 'רשות אישורים מבקשת אותה ב-HTTP רגיל',
  quarantine: 'הנתיב ציבורי, אך נתן לשני אנשים דפים שונים',
  shadow: 'מצב צל, או שמי ששואל אינו בחלק שמוגש מה־Cache: רק נספרת',
  precondition: 'התנאי שבבקשה נוגע למצב המקור עצמו',
  upgrade: 'בקשה לפתיחת WebSocket',
  identity: 'אי אפשר לקבוע בבטחה מי שואל',
};

/** Why nobody can say who is asking. */
export const doubts = {
  'several-cookie-lines': 'כמה שורות Cookie',
  'odd-cookie-syntax': 'תחביר Cookie חריג',
  'duplicate-credential': 'עוגיית הזדהות כפולה',
  'lookalike-credential': 'עוגייה שנראית כמו עוגיית הזדהות',
  'several-authorizations': 'כמה שדות Authorization',
  'bad-session-signature': 'חתימת ה־session שגויה',
  'session-out-of-date': 'ה־session אינו בתוקף',
  'unreadable-session': 'ה־session אינו קריא',
  'credential-without-session': 'יש פרטי הזדהות אך אין session',
  'several-tokens': 'כמה אסימונים',
  'bad-token': 'אסימון שגוי',
  'unknown-credential': 'פרטי הזדהות שהכלל אינו מכיר',
};

/** Why a response was not stored. */
export const notStored = {
  method: 'שיטת הבקשה אינה נשמרת',
  'interim-status': 'תשובת ביניים',
  'status-of-this-request': 'הסטטוס נוגע לבקשה הזאת בלבד',
  'status-never-stored': 'סטטוס שאינו נשמר לעולם',
  'status-not-understood': 'סטטוס לא מוכר',
  'partial-content': 'תשובה חלקית',
  'request-no-store': 'הלקוח ביקש לא לשמור',
  'no-store': 'המקור אסר לשמור',
  private: 'התשובה פרטית',
  authorization: 'תשובה לבקשה עם Authorization',
  'vary-any': 'התשובה משתנה בכל בקשה (Vary)',
  'post-without-content-location': 'תשובה ל־POST ללא Content-Location משלה',
  'not-cacheable-by-default': 'אין אורך חיים ואין היתר לשמור',
  'never-reusable': 'לא ניתן יהיה להשתמש בה שוב',
  'status-not-listed': 'הסטטוס אינו ברשימת הכלל',
  'set-cookie': 'התשובה קובעת עוגייה',
  unless: 'התקיים תנאי unless',
  'too-large': 'גדולה מדי',
  stream: 'זרם נתונים: מועבר לכל אחד בנפרד',
  'slow-body': 'הגוף איטי מדי או לא מסתיים',
  'no-room': 'אין מקום לגופים נוספים כרגע',
  'too-many-tags': 'יותר מדי תגיות',
  'unverified-length': 'לא ניתן לוודא שהגיעה בשלמותה',
  truncated: 'נקטעה בדרך',
  'broken-coding': 'הדחיסה של המקור קטועה או פגומה',
  'purged-during-fetch': 'בוטלה בזמן השליפה',
  'zero-lifetime': 'אורך החיים הוא אפס',
  'head-request': 'תשובה ל־HEAD',
  'conditional-request': 'תשובה לתנאי או לטווח של לקוח אחד',
  'not-asked': 'לא נשלפה תשובה',
};

/** Why a request is refused before anything else. */
export const refusals = {
  'bad-target': 'הכתובת אינה תקינה',
  'target-too-long': 'הכתובת ארוכה מדי',
  'too-many-fields': 'יותר מדי כותרות',
  'bad-host': 'ה־Host אינו תקין',
  'several-hosts': 'כמה שדות Host',
  'other-host': 'הכתובת וה־Host נוקבים בשמות שונים',
  'unserved-host': 'ה־Host הזה אינו מוגש כאן',
  'bad-framing': 'אורך הגוף אינו חד־משמעי',
  'bad-connection-option': 'שדה Connection מסיר כותרת חיונית',
  expectation: 'ציפייה (Expect) לא מוכרת',
  'method-not-allowed': 'השיטה אינה מותרת',
  asterisk: 'הבקשה נוגעת לשרת כולו',
};

/** What is wrong with a target. */
export const targetFaults = {
  'too-long': 'ארוכה מדי',
  'not-a-path': 'אינה נתיב',
  'bad-scheme': 'פרוטוקול לא מוכר',
  'bad-authority': 'שם השרת אינו תקין',
  fragment: 'יש בה #',
  space: 'יש בה רווח',
  'control-character': 'יש בה תו בקרה',
  backslash: 'יש בה \\',
  'dot-segment-with-parameter': 'מקטע נקודות עם פרמטר',
  'bad-escape': 'קידוד אחוזים שגוי',
  'not-a-byte': 'יש בה תו שאינו בית',
  'too-many-readings': 'אפשר לקרוא אותה ביותר מדי דרכים',
};

/** Why a stored response may not be used as it is, or may although it is stale. */
export const reuses = {
  'no-cache': 'המקור דורש אימות בכל שימוש',
  stale: 'אינה טרייה עוד',
  'request-no-cache': 'הלקוח ביקש אימות',
  'request-max-age': 'ישנה מכפי שהלקוח מוכן לקבל',
  'request-min-fresh': 'לא תישאר טרייה די זמן עבור הלקוח',
  'stale-while-revalidate': 'מותר לתת אותה בזמן הריענון',
  'max-stale': 'הלקוח מוכן לקבל תשובה לא טרייה',
};

/** Why a read was no hit. */
export const missCauses = {
  cold: 'קר: עדיין לא נשמר',
  expired: 'פג תוקף',
  purged: 'בוטל',
  evicted: 'פונה מחוסר מקום',
  vary: 'גרסה אחרת (Vary)',
  partial: 'נשמר חלקית',
  'client-reload': 'הלקוח ביקש רענון',
  identity: 'זהות לא ודאית',
  pass: 'מועבר ישירות',
  uncacheable: 'לא ניתן לשמירה',
  'store-down': 'האחסון לא זמין',
  'collapsed-failed': 'ההמתנה המשותפת נכשלה',
};

/** Words for the details of a cause of misses: `purged/write` gives those of `write`. */
export const details = {
  purged: purgeCauses,
  pass: passes,
  identity: doubts,
  uncacheable: notStored,
};
