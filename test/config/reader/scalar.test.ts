import t from 'tap';
import {
  parseBytes,
  parseDuration,
  parseTimeOfDay,
  showDuration,
  showTimeOfDay,
} from '../../../src/config/reader/scalar.ts';
import { seconds } from '../../../src/kit/time.ts';

t.test('durations are whole numbers with a unit, seconds without', async (t) => {
  const good = {
    '90': 90,
    '500ms': 0.5,
    '300ms': 0.3,
    '30s': 30,
    '5m': 300,
    '2h': 7200,
    '31d': 2_678_400,
    '0': 0,
  };
  for (const [text, value] of Object.entries(good)) t.equal(parseDuration(text), value, text);
  for (const text of [
    '',
    '5 m',
    '1.5h',
    '-1s',
    '5M',
    'm',
    '1h30m',
    '1e3',
    '0x10',
    '1w',
    '9'.repeat(13),
    '５s',
  ]) {
    t.equal(parseDuration(text), undefined, text);
  }
});

t.test('sizes have units of 1000 or 1024; a bare number is bytes', async (t) => {
  const good = {
    '512KiB': 524_288,
    '64MiB': 67_108_864,
    '500MB': 5e8,
    '1GiB': 2 ** 30,
    '20B': 20,
    '7': 7,
    '1TB': 1e12,
  };
  for (const [text, value] of Object.entries(good)) t.equal(parseBytes(text), value, text);
  for (const text of ['', '64 MiB', '64mb', '1.5MiB', '-1B', '64M', '999999999999999TiB']) {
    t.equal(parseBytes(text), undefined, text);
  }
});

t.test('times of day have two digits each', async (t) => {
  const good = { '00:00': 0, '09:00': 540, '23:59': 1439, '24:00': 0 };
  for (const [text, value] of Object.entries(good)) t.equal(parseTimeOfDay(text), value, text);
  for (const text of ['', '9:00', '24:01', '25:00', '12:60', '12', '12:00:00', '09.00']) {
    t.equal(parseTimeOfDay(text), undefined, text);
  }
});

t.test('values are printed as they are written', async (t) => {
  t.equal(showTimeOfDay(545), '09:05');
  for (const text of ['90s', '5m', '2h', '31d', '500ms', '0s']) {
    t.equal(showDuration(parseDuration(text) ?? seconds(-1)), text);
  }
});
