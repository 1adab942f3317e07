/** The Huffman code of HPACK (RFC 7541 §5.2 and Appendix B), read four bits at a time (pure). */

/** The length of each byte's code, in bits. The code is canonical: of one length, codes rise with the byte. */
// prettier-ignore
const lengths: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  // EOS.
  30,
];
const endOfString = 256;
const longest = 30;

/** Two children for each inner node: an inner node's number, or `~symbol`. */
type Tree = number[];

function treeOf(codeLengths: readonly number[]): Tree {
  const tree: Tree = [0, 0];
  let code = 0;
  for (let length = 1; length <= longest; length += 1) {
    for (const [symbol, own] of codeLengths.entries()) {
      if (own !== length) continue;
      plant(tree, { code, length, symbol });
      code += 1;
    }
    code *= 2;
  }
  return tree;
}

type Leaf = { readonly code: number; readonly length: number; readonly symbol: number };

function plant(tree: Tree, { code, length, symbol }: Leaf): void {
  let node = 0;
  for (let bit = length - 1; bit > 0; bit -= 1) {
    const child = node * 2 + ((code >>> bit) & 1);
    if (tree[child] === 0) {
      tree[child] = tree.length / 2;
      tree.push(0, 0);
    }
    node = tree[child] ?? 0;
  }
  tree[node * 2 + (code & 1)] = ~symbol;
}

const bad = -1;
/** By inner node and four bits: the next inner node, and above its 9 bits the byte that ended among them, plus one. */
const steps = stepsOf(treeOf(lengths));
/** Inner nodes in which a string may end: within fewer than eight bits of padding, all ones. */
const ends = endsOf(treeOf(lengths));

function stepsOf(tree: Tree): Int32Array {
  const table = new Int32Array(tree.length * 8);
  for (let index = 0; index < table.length; index += 1) table[index] = step(tree, index >>> 4, index & 15);
  return table;
}

function step(tree: Tree, from: number, nibble: number): number {
  let [node, ended] = [from, 0];
  for (let bit = 3; bit >= 0; bit -= 1) {
    const child = tree[node * 2 + ((nibble >>> bit) & 1)] ?? 0;
    // RFC 7541 §5.2: a string that holds EOS is an error.
    if (child === ~endOfString) return bad;
    if (child < 0) [node, ended] = [0, ~child + 1];
    else node = child;
  }
  return (ended << 9) | node;
}

function endsOf(tree: Tree): ReadonlySet<number> {
  const found = new Set([0]);
  let node = 0;
  for (let depth = 1; depth < 8; depth += 1) {
    node = tree[node * 2 + 1] ?? 0;
    found.add(node);
  }
  return found;
}

let scratch = Buffer.alloc(1024);

/** The text of a coded string between two places, a character for each byte; `undefined`: it is none. */
export function huffmanText(bytes: Buffer, from: number, to: number): string | undefined {
  // Five bits are the shortest code.
  const most = (to - from) * 2;
  if (most > scratch.length) scratch = Buffer.alloc(most);
  let [length, node] = [0, 0];
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    for (const nibble of [byte >>> 4, byte & 15]) {
      const next = steps[(node << 4) | nibble] ?? bad;
      if (next === bad) return undefined;
      node = next & 511;
      if (next > 511) {
        scratch[length] = (next >>> 9) - 1;
        length += 1;
      }
    }
  }
  return ends.has(node) ? scratch.toString('latin1', 0, length) : undefined;
}
