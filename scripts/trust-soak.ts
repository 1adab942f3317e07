/**
 * Clean traffic: is a public route ever put into quarantine that is the same for everybody?
 *
 * `node scripts/trust-soak.ts [EXCHANGES] [SEED]`, a million by default, in shadow, without sockets, before an app whose public
 * pages have what such pages have: clocks, nonces, form tokens, counters, banners by chance, new items, languages. A second
 * passes between two exchanges, so that each route is checked every minute. Ends with 1 and the routes if so.
 */
import { playCleanTraffic } from '../test/trust/clean-traffic.ts';

const exchanges = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);
const { asked, quarantined } = await playCleanTraffic(exchanges, seed);
console.log(
  `seed ${seed}: ${exchanges} exchanges, ${asked} answers of the app, ${quarantined.length} in quarantine`,
);
if (quarantined.length > 0) console.log(JSON.stringify(quarantined, null, 2));
process.exitCode = quarantined.length === 0 ? 0 : 1;
