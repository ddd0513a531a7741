// SHA-256 (FIPS 180-4) in plain JavaScript: crypto.subtle does not exist on plain-http intranets or file pages.
const K = new Int32Array(64);
const START = new Int32Array(8);
(function constants() {
  const fraction = (x) => ((x - Math.floor(x)) * 4294967296) | 0;
  let found = 0;
  for (let n = 2; found < 64; n += 1) {
    let prime = true;
    for (let d = 2; d * d <= n; d += 1) if (n % d === 0) prime = false;
    if (!prime) continue;
    if (found < 8) START[found] = fraction(Math.sqrt(n));
    K[found] = fraction(Math.cbrt(n));
    found += 1;
  }
})();

const w = new Int32Array(64);

function block(state, data, offset) {
  for (let i = 0, j = offset; i < 16; i += 1, j += 4) {
    w[i] = (data[j] << 24) | (data[j + 1] << 16) | (data[j + 2] << 8) | data[j + 3];
  }
  for (let i = 16; i < 64; i += 1) {
    const x = w[i - 15];
    const y = w[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

const tail = new Uint8Array(128);

// The last one or two blocks of a message with its big-endian bit length, as SHA-256 and SM3 both pad.
// The buffer is shared: use it before the next call.
export function lastBlocks(data) {
  const rest = data.length % 64;
  const size = rest < 56 ? 64 : 128;
  tail.fill(0);
  for (let i = 0, from = data.length - rest; i < rest; i += 1) tail[i] = data[from + i];
  tail[rest] = 0x80;
  let bits = data.length * 8;
  for (let i = size - 1; i >= size - 8; i -= 1) {
    tail[i] = bits % 256;
    bits = Math.floor(bits / 256);
  }
  return size === 64 ? tail.subarray(0, 64) : tail;
}

export function words(state) {
  const out = new Uint8Array(32);
  for (let i = 0; i < 8; i += 1) {
    out[4 * i] = state[i] >>> 24;
    out[4 * i + 1] = state[i] >>> 16;
    out[4 * i + 2] = state[i] >>> 8;
    out[4 * i + 3] = state[i];
  }
  return out;
}

const state = new Int32Array(8);

export function sha256(data) {
  state.set(START);
  const whole = data.length - (data.length % 64);
  for (let offset = 0; offset < whole; offset += 64) block(state, data, offset);
  const last = lastBlocks(data);
  for (let offset = 0; offset < last.length; offset += 64) block(state, last, offset);
  return words(state);
}
