// What a witness's device keeps until the reveal.  Nothing is ever overwritten or deleted: a second
// tab, a reload, the back button or a second “generate” only add to what is there, and the reveal
// takes the entry whose digest the server has.
import { sha256 } from "./sha256.js";

const FORBIDDEN = /[|\t\r\n;]/g; // separators of the protocol must not occur in a field
const slot = (draw) => `lianjian:witness:${draw}`;

export function randomHex(bytes) {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((b) => b.toString(16).padStart(2, "0")).join("");
}

// Oldest first.
export function kept(draw) {
  try {
    const found = JSON.parse(localStorage.getItem(slot(draw)) ?? "[]");
    return Array.isArray(found) ? found : [found]; // one object: written by an earlier version
  } catch {
    return [];
  }
}

// The entry with that digest, or the newest when none is asked for.
export const recall = (draw, digest = "") => kept(draw).filter((entry) => !digest || entry.digest === digest).pop() ?? null;

// A new entry; `stored` says whether the device really kept it.
export function generate(draw, typed) {
  const nonce = randomHex(16);
  const part = randomHex(16) + typed.trim().replace(FORBIDDEN, "");
  return add(draw, { nonce, part, digest: sha256(`${nonce}|${part}`), at: new Date().toISOString() });
}

function add(draw, entry) {
  try {
    localStorage.setItem(slot(draw), JSON.stringify([...kept(draw), entry]));
    navigator.storage?.persist?.().catch(() => {});
  } catch {
    // Private browsing or a full disk: the caller says so and asks for a backup.
  }
  return { entry, stored: recall(draw, entry.digest) !== null };
}

export function backup(draw, entry) {
  return JSON.stringify({ draw_id: draw, ...entry }, null, 1);
}

// The entry of a backup file.  Throws when it is not one of this draw or was changed.
export function restore(draw, text) {
  const { draw_id: of, ...entry } = JSON.parse(text);
  if (of !== draw || sha256(`${entry.nonce}|${entry.part}`) !== entry.digest) throw new Error("mismatch");
  return add(draw, entry).entry;
}
