/** How numbers, times and sizes are written in a language. */

/** How a language writes numbers, times and sizes. */
export function formatsOf(language) {
  const locale = language === 'en' ? 'en-GB' : 'he-IL';
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const precise = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const exact = new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  const date = new Intl.DateTimeFormat(locale, { day: '2-digit', month: '2-digit' });
  const moment = new Intl.DateTimeFormat(locale, {
    day: '2-digit',
    month: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const unit = (value, name) => {
    const options = { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: 1 };
    const written = (where) => new Intl.NumberFormat(where, options).format(value).replaceAll(' ', '\u00a0');
    const text = written(locale);
    // In Hebrew text a number would stand right of a unit in Latin letters, which for one of it Intl even writes first: an
    // isolate keeps the two in their order.
    return language === 'he' && /[a-z]/i.test(text) ? `\u2066${written('en-GB')}\u2069` : text;
  };
  return {
    whole: (value) => whole.format(value),
    precise: (value) => precise.format(value),
    percent: (share) => `${number.format(share * 100)}%`,
    finePercent: (share) => `${precise.format(share * 100)}%`,
    /** From the lower to the higher, in an isolate: the two must not change places in Hebrew. */
    range: ([low, high]) => `\u2066${precise.format(low * 100)}–${precise.format(high * 100)}%\u2069`,
    moment: (instant) => moment.format(new Date(instant)),
    date: (instant) => date.format(new Date(instant)),
    clock: (instant) => clock.format(new Date(instant)),
    exact: (instant) => exact.format(new Date(instant)),
    milliseconds: (seconds) => unit(seconds * 1000, 'millisecond'),
    exactSeconds: (value) => unit(value, 'second'),
    seconds: (value) =>
      value < 90
        ? unit(value, 'second')
        : value < 5400
          ? unit(value / 60, 'minute')
          : unit(value / 3600, 'hour'),
    bytes: (value) =>
      value < 1000
        ? unit(value, 'byte')
        : value < 1e6
          ? unit(value / 1e3, 'kilobyte')
          : value < 1e9
            ? unit(value / 1e6, 'megabyte')
            : unit(value / 1e9, 'gigabyte'),
  };
}
