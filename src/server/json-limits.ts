import { isAscii } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';
import { SightlineError } from '../core/errors.js';

/** No body of this API goes deeper than six; recursion over what is parsed stays far from the end of the stack. */
const mostDepth = 32;
/** Entries of lists and objects in all. The longest list that a route takes has 1000. */
const mostEntries = 4000;
/** Larger bodies hold a picture. */
const smallBytes = 64 * 1024;
/**
 * Share of bytes of a larger body, beyond `smallBytes`, that may be something else than base64: line breaks and
 * escaped slashes take less. Such bytes cost the parser many times as much.
 */
const leastBase64 = 7 / 8;
/** So many bytes take a millisecond or two; between two pieces the main loop has its turn. */
const pieceBytes = 512 * 1024;

/** 1 for each byte that does not occur in base64. */
const isForeign = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[\w+/=-]/.test(String.fromCharCode(byte)) && byte < 0x80 ? 0 : 1,
);

/**
 * The text of a JSON body that is cheap to parse. One pass over the bytes, before anything is built from them, counts
 * what parsing and describing it would cost.
 * @throws SightlineError REQUEST_INVALID for JSON that is nested too deep or has too many entries, REQUEST_TOO_LARGE for
 * a large body that is not mostly base64
 */
export async function boundedJsonText(body: Buffer): Promise<string> {
  const scan = new JsonScan();
  for (let at = 0; at < body.length; at += pieceBytes) {
    if (at > 0) await setImmediate();
    scan.read(body.subarray(at, at + pieceBytes));
  }
  if (body.length <= smallBytes) return body.toString();
  const mostForeign = smallBytes + Math.floor((1 - leastBase64) * body.length);
  if (scan.foreign > mostForeign) {
    throw new SightlineError(
      'REQUEST_TOO_LARGE',
      `Expected at most ${mostForeign} bytes beside the base64 of pictures but received ${scan.foreign}.`,
    );
  }
  await setImmediate();
  const text = isAscii(body) ? body.toString('latin1') : body.toString();
  await setImmediate();
  return text;
}

/** Counts what stands in JSON without parsing it. What is no JSON is left for the parser to refuse. */
class JsonScan {
  /** Bytes that do not occur in base64. */
  foreign = 0;
  #depth = 0;
  #entries = 0;
  #isInString = false;
  #isEscaped = false;

  /** @throws SightlineError REQUEST_INVALID */
  read(piece: Uint8Array): void {
    let foreign = 0;
    for (const byte of piece) {
      foreign += isForeign[byte] ?? 1;
      if (this.#isInString) this.#passString(byte);
      else this.#passMark(byte);
    }
    this.foreign += foreign;
  }

  #passMark(byte: number): void {
    switch (byte) {
      case 0x22: // "
        this.#isInString = true;
        break;
      case 0x2c: // ,
        this.#enter(0);
        break;
      case 0x5b: // [
      case 0x7b: // {
        this.#enter(1);
        break;
      case 0x5d: // ]
      case 0x7d: // }
        this.#depth--;
        break;
    }
  }

  #passString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === 0x5c) this.#isEscaped = true;
    else if (byte === 0x22) this.#isInString = false;
  }

  #enter(levels: number): void {
    this.#depth += levels;
    this.#entries++;
    if (this.#depth > mostDepth) throw tooMuch(`JSON nested at most ${mostDepth} deep`);
    if (this.#entries > mostEntries) throw tooMuch(`JSON with at most ${mostEntries} entries in all`);
  }
}

function tooMuch(expected: string): SightlineError {
  return new SightlineError('REQUEST_INVALID', `Body: expected ${expected} but received more.`);
}
