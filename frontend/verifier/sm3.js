// SM3 (GB/T 32905-2016) in plain JavaScript.
import { lastBlocks, words } from "./sha256.js";

const START = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];
const rotate = (x, n) => (n % 32 === 0 ? x : (x << n % 32) | (x >>> (32 - (n % 32))));
const p0 = (x) => x ^ rotate(x, 9) ^ rotate(x, 17);
const p1 = (x) => x ^ rotate(x, 15) ^ rotate(x, 23);
const w = new Int32Array(68);

function block(state, data, offset) {
  for (let i = 0, j = offset; i < 16; i += 1, j += 4) {
    w[i] = (data[j] << 24) | (data[j + 1] << 16) | (data[j + 2] << 8) | data[j + 3];
  }
  for (let i = 16; i < 68; i += 1) w[i] = p1(w[i - 16] ^ w[i - 9] ^ rotate(w[i - 3], 15)) ^ rotate(w[i - 13], 7) ^ w[i - 6];
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const early = i < 16;
    const ss1 = rotate((rotate(a, 12) + e + rotate(early ? 0x79cc4519 : 0x7a879d8a, i)) | 0, 7);
    const ss2 = ss1 ^ rotate(a, 12);
    const tt1 = ((early ? a ^ b ^ c : (a & b) | (a & c) | (b & c)) + d + ss2 + (w[i] ^ w[i + 4])) | 0;
    const tt2 = ((early ? e ^ f ^ g : (e & f) | (~e & g)) + h + ss1 + w[i]) | 0;
    d = c;
    c = rotate(b, 9);
    b = a;
    a = tt1;
    h = g;
    g = rotate(f, 19);
    f = e;
    e = p0(tt2);
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => {
    state[i] ^= value;
  });
}

export function sm3(data) {
  const state = Int32Array.from(START, (x) => x | 0);
  const whole = data.length - (data.length % 64);
  for (let offset = 0; offset < whole; offset += 64) block(state, data, offset);
  const last = lastBlocks(data);
  for (let offset = 0; offset < last.length; offset += 64) block(state, last, offset);
  return words(state);
}
