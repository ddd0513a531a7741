// Checks a record of a draw: verify(Map of file name → text or bytes) → report.
import { verifyFull } from "./full.js";
import { verifyCommitment, verifyDoor, verifyPublic } from "./public.js";
import { Report } from "./report.js";

const isDoor = ([name, text]) => name.endsWith(".json") && text.slice(0, 400).includes('"door-proof"');

export function verify(given, { logKey = "" } = {}) {
  const files = new Map();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const unread = new Report("auditor", files);
  for (const [name, content] of given) {
    try {
      files.set(name, typeof content === "string" ? content : decoder.decode(content));
    } catch {
      unread.check("files", "读取记录", () => {
        throw new Error(`${name} 不是 UTF-8 编码的文本文件`);
      });
      return unread;
    }
  }
  const has = (name) => files.has(name);
  const [level, run] = has("candidates.tsv")
    ? [has("objects.json") ? "objects" : "auditor", verifyFull]
    : has("leaves.txt")
      ? ["public", verifyPublic]
      : has("commitment.json")
        ? ["commitment", verifyCommitment]
        : [...files].some(isDoor)
          ? ["door", verifyDoor]
          : ["auditor", null];
  const report = new Report(level, files);
  if (run) run(report, logKey);
  else
    report.check("files", "文件齐全", () => {
      throw new Error("没有找到抽取记录的文件（candidates.tsv、leaves.txt、commitment.json 或入场核验文件）");
    });
  return report;
}
