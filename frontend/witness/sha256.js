// SHA-256 of a text's UTF-8 bytes as lowercase hex.
import { toHex } from "../verifier/bytes.js";
import { sha256 as digest } from "../verifier/sha256.js";

export const sha256 = (text) => toHex(digest(new TextEncoder().encode(text)));
