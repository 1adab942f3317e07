/**
 * Millions of request heads, valid and mutated: does node:http take for the same whatever the lane takes?
 *
 * `node scripts/lane-soak.ts [HEADS] [SEED]`, a million by default. Ends with 1 and the head if one is read differently.
 */
import { diceOf, randomHead } from '../test/lane/heads.ts';
import { readPlain, shows } from '../test/lane/lane-reading.ts';
import { NodeReader } from '../test/lane/node-reading.ts';

const heads = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const node = new NodeReader();
const dice = diceOf(seed);
let taken: string[] = [];
let compared = 0;

for (let count = 1; count <= heads; count += 1) {
  const head = randomHead(dice);
  if (readPlain(Buffer.from(head, 'latin1')).kind === 'plain') taken.push(head);
  if (taken.length < 500 && count < heads) continue;
  const problems = await Promise.all(taken.map((one) => shows(one, node)));
  const found = problems.find((problem) => problem !== undefined);
  compared += taken.length;
  taken = [];
  if (found === undefined) continue;
  console.log(JSON.stringify(found, null, 2));
  process.exit(1);
}
console.log(`seed ${seed}: ${heads} heads, ${compared} taken by the lane, all read alike by node:http`);
node.close();
