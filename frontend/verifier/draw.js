// Protocol SSJ1, written anew from its text: seed, salts, tickets, quotas, selection, Merkle trees.
import { byteOrder, concat, fromHex, toHex, utf8 } from "./bytes.js";
import { sha256 } from "./sha256.js";
import { sm3 } from "./sm3.js";

export const sha256Hex = (text) => toHex(sha256(utf8(text)));
export const sm3Hex = (text) => toHex(sm3(utf8(text)));

export function hashOf(name) {
  if (name === "sha256") return sha256Hex;
  if (name === "sm3") return sm3Hex;
  throw new Error(`不认识的摘要算法“${name}”`);
}

export const seedOf = (H, drawId, entropy) => H(`SSJ1|${drawId}|${entropy}`);
export const saltOf = (H, key, id) => (key ? H(`${key}|S|${id}`) : "");
export const ticketOf = (H, seed, id, salt) => H(`${seed}|O|${id}|${salt}`);
export const witnessCommitment = (nonce, part) => sha256Hex(`${nonce}|${part}`);

// How many objects each stratum yields.  Whole numbers throughout: size × ppm stays below 2^53 up to 9 × 10^9 objects.
export function quotas(sizes, ppm, rounding, seed, H) {
  const strata = Object.keys(sizes).sort(byteOrder);
  const share = (stratum) => {
    const parts = ppm[stratum];
    if (!Number.isInteger(parts) || parts < 0 || parts > 1000000) throw new Error(`分层 ${stratum} 的比例无效`);
    return BigInt(sizes[stratum]) * BigInt(parts);
  };
  const million = 1000000n;
  const result = {};
  if (rounding === "ceil") {
    for (const s of strata) result[s] = Number((share(s) + million - 1n) / million);
  } else if (rounding === "hamilton") {
    let total = 0n;
    let given = 0n;
    for (const s of strata) {
      total += share(s);
      given += share(s) / million;
      result[s] = Number(share(s) / million);
    }
    let left = Number((total + million - 1n) / million - given);
    const order = strata
      .map((s) => ({ s, rest: share(s) % million, tie: H(`${seed}|Q|${s}`) }))
      .sort((a, b) => (a.rest === b.rest ? (a.tie < b.tie ? -1 : a.tie > b.tie ? 1 : byteOrder(a.s, b.s)) : a.rest > b.rest ? -1 : 1));
    for (const { s } of order) if (left-- > 0) result[s] += 1;
  } else if (rounding === "systematic") {
    const start = (BigInt(`0x${H(`${seed}|Q|`).slice(0, 32)}`) * million) >> 128n;
    let before = 0n;
    for (const s of strata) {
      const after = before + share(s);
      result[s] = Number((after + start) / million - (before + start) / million);
      before = after;
    }
  } else throw new Error(`不认识的取整方法“${rounding}”`);
  return result;
}

// Draws the smallest tickets of every stratum without the failures.  Returns ids by stratum, in ticket order.
export function select(rows, { seed, ppm, rounding, H, key, failed }) {
  const lost = new Set(failed);
  const lots = {};
  const sizes = {};
  for (const [id, stratum] of rows) {
    (lots[stratum] ??= []).push([ticketOf(H, seed, id, saltOf(H, key, id)), id]);
    sizes[stratum] = (sizes[stratum] ?? 0) + 1;
  }
  const wanted = quotas(sizes, ppm, rounding, seed, H);
  const drawn = {};
  for (const stratum of Object.keys(lots)) {
    drawn[stratum] = lots[stratum]
      .filter(([, id]) => !lost.has(id))
      .sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : byteOrder(a[1], b[1])))
      .slice(0, wanted[stratum])
      .map(([, id]) => id);
  }
  return drawn;
}

// ---- Merkle trees of RFC 6962

const pair = new Uint8Array(65).fill(1, 0, 1);

function node(left, right) {
  pair.set(left, 1);
  pair.set(right, 33);
  return sha256(pair);
}

export const logLeaf = (text) => sha256(concat(Uint8Array.of(0), utf8(text)));
export const listLeaf = (id, stratum, salt) => logLeaf(`${id}\t${stratum}\t${salt}`);

export function merkleRoot(leaves) {
  if (!leaves.length) return toHex(sha256(new Uint8Array(0)));
  let level = leaves;
  while (level.length > 1) {
    const above = [];
    for (let i = 0; i + 1 < level.length; i += 2) above.push(node(level[i], level[i + 1]));
    if (level.length % 2) above.push(level[level.length - 1]);
    level = above;
  }
  return toHex(level[0]);
}

export function pathHolds(leaf, index, count, path, root) {
  if (!Number.isInteger(index) || index < 0 || index >= count) return false;
  const steps = [...path];
  let value = leaf;
  for (let at = index, width = count; width > 1; at >>= 1, width = (width + 1) >> 1) {
    const other = at ^ 1;
    if (other < width) {
      if (!steps.length) return false;
      const neighbour = fromHex(steps.shift());
      value = at & 1 ? node(neighbour, value) : node(value, neighbour);
    }
  }
  return !steps.length && toHex(value) === root;
}
