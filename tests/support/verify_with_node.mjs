// The browser's verifier run by node: reads [{files}] as JSON on stdin, writes the reports.
import { verify } from "../../frontend/verifier/verify.js";

let text = "";
for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
const reports = JSON.parse(text).map((files) => verify(new Map(Object.entries(files))));
process.stdout.write(JSON.stringify(reports));
