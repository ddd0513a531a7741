// Reads a ZIP file (stored and deflated entries) without any help of the browser.
import { concat } from "./bytes.js";

const LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCES = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

// A canonical Huffman code as counts by length and symbols in order.
function huffman(lengths) {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length] += 1;
  counts[0] = 0;
  const starts = new Uint16Array(16);
  for (let i = 1; i < 16; i += 1) starts[i] = starts[i - 1] + counts[i - 1];
  const symbols = new Uint16Array(lengths.length);
  lengths.forEach((length, symbol) => {
    if (length) symbols[starts[length]++] = symbol;
  });
  return { counts, symbols };
}

const FIXED = {
  lengths: huffman(Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))),
  distances: huffman(new Array(30).fill(5)),
};

export function inflate(data, size) {
  const out = new Uint8Array(size);
  let at = 0;
  let bit = 0;
  const bits = (count) => {
    let value = 0;
    for (let i = 0; i < count; i += 1, bit += 1) value |= ((data[bit >> 3] >> (bit & 7)) & 1) << i;
    if (bit > data.length * 8) throw new Error("压缩数据不完整");
    return value;
  };
  const symbol = ({ counts, symbols }) => {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length < 16; length += 1) {
      code |= bits(1);
      if (code - counts[length] < first) return symbols[index + code - first];
      index += counts[length];
      first = (first + counts[length]) << 1;
      code <<= 1;
    }
    throw new Error("压缩数据损坏");
  };
  const tables = () => {
    const [literals, distances, codes] = [bits(5) + 257, bits(5) + 1, bits(4) + 4];
    const lengths = new Array(19).fill(0);
    for (let i = 0; i < codes; i += 1) lengths[CODE_ORDER[i]] = bits(3);
    const code = huffman(lengths);
    const all = [];
    while (all.length < literals + distances) {
      const found = symbol(code);
      if (found < 16) all.push(found);
      else {
        const [value, count] =
          found === 16 ? [all[all.length - 1], 3 + bits(2)] : [0, found === 17 ? 3 + bits(3) : 11 + bits(7)];
        for (let i = 0; i < count; i += 1) all.push(value);
      }
    }
    return { lengths: huffman(all.slice(0, literals)), distances: huffman(all.slice(literals, literals + distances)) };
  };
  for (let last = 0; !last; ) {
    last = bits(1);
    const kind = bits(2);
    if (kind === 3) throw new Error("压缩数据损坏");
    if (kind === 0) {
      bit = (bit + 7) & ~7;
      const count = bits(16);
      bits(16);
      if (at + count > size) throw new Error("压缩数据超出声明的大小");
      out.set(data.subarray(bit >> 3, (bit >> 3) + count), at);
      at += count;
      bit += 8 * count;
      continue;
    }
    const code = kind === 1 ? FIXED : tables();
    for (let found = symbol(code.lengths); found !== 256; found = symbol(code.lengths)) {
      if (found < 256) out[at++] = found;
      else {
        const length = LENGTHS[found - 257] + bits(LENGTH_BITS[found - 257]);
        const reach = symbol(code.distances);
        const distance = DISTANCES[reach] + bits(reach < 4 ? 0 : (reach >> 1) - 1);
        if (distance > at || at + length > size) throw new Error("压缩数据损坏");
        for (let i = 0; i < length; i += 1, at += 1) out[at] = out[at - distance];
      }
      if (at > size) throw new Error("压缩数据超出声明的大小");
    }
  }
  if (at !== size) throw new Error("压缩数据不完整");
  return out;
}

// Map of file name (without folders) → bytes.
export function unzip(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let end = data.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < 0) throw new Error("不是有效的 ZIP 文件");
  const files = new Map();
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
    if (view.getUint32(at, true) !== 0x02014b50) throw new Error("ZIP 文件目录损坏");
    const method = view.getUint16(at + 10, true);
    const packed = view.getUint32(at + 20, true);
    const size = view.getUint32(at + 24, true);
    const [nameSize, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const start = view.getUint32(at + 42, true);
    const path = new TextDecoder().decode(data.subarray(at + 46, at + 46 + nameSize));
    at += 46 + nameSize + extra + comment;
    if (path.endsWith("/")) continue;
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (files.has(name)) throw new Error(`压缩包中有两个名为 ${name} 的文件`);
    const body = start + 30 + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
    const raw = data.subarray(body, body + packed);
    if (method === 0) files.set(name, concat(raw));
    else if (method === 8) files.set(name, inflate(raw, size));
    else throw new Error(`不支持 ${name} 的压缩方法`);
  }
  return files;
}
