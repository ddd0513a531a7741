// The files somebody dropped or chose: single files, a ZIP, or a folder with everything in it.
import { unzip } from "./zip.js";

// Bytes by file name, from one ZIP or several files.
export async function readFiles(chosen) {
  const files = new Map();
  for (const file of chosen) {
    if (file.name.startsWith(".")) continue; // what a file manager leaves in a folder
    const bytes = new Uint8Array(await file.arrayBuffer());
    const found = bytes[0] === 0x50 && bytes[1] === 0x4b ? unzip(bytes) : new Map([[file.name, bytes]]);
    for (const [name, content] of found) files.set(name, content);
  }
  return files;
}

const read = (entry) => new Promise((done, failed) => entry.file(done, failed));

async function inside(folder) {
  const reader = folder.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed)); // at most 100 at a time
    if (!some.length) return found;
    for (const entry of some) found.push(...(entry.isDirectory ? await inside(entry) : [await read(entry)]));
  }
}

// Must be called while the event is handled: its items are gone afterwards.
export function dropped(event) {
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const plain = [...event.dataTransfer.files];
  if (!entries.some((entry) => entry.isDirectory)) return Promise.resolve(plain);
  return Promise.all(entries.map((entry) => (entry.isDirectory ? inside(entry) : read(entry).then((file) => [file])))).then((lists) => lists.flat());
}
