import { excerpt, mostShownBytes } from '../core/excerpt.js';

/** Of each list or object that is shown. */
const mostEntries = 20;
const mostDepth = 4;

/**
 * A value from outside as a message may repeat it: the beginning of its JSON, or only what it is where it may hold an
 * address, which may carry a password. However large or deep the value is, only what is shown is looked at.
 */
export function preview(value: unknown): string {
  if (value === undefined) return 'nothing';
  const writer = new Preview();
  writer.write(value, 0);
  const what = typeof value === 'string' ? 'some text' : 'something';
  if (writer.text.includes('@')) return `${what} with an @ in it`;
  if (writer.text.includes('://')) return `${what} with a URL in it`;
  return excerpt(writer.text);
}

/** Writes JSON until there is enough of it. */
class Preview {
  text = '';

  write(value: unknown, depth: number): void {
    if (this.text.length > mostShownBytes) return;
    if (typeof value === 'string') this.#writeText(value);
    else if (ArrayBuffer.isView(value)) this.text += `${value.byteLength} bytes`;
    else if (typeof value !== 'object' || value === null) this.text += JSON.stringify(value) ?? 'null';
    else if (depth === mostDepth) this.text += '…';
    else if (Array.isArray(value)) this.#writeList(value, depth);
    else this.#writeObject(value as Readonly<Record<string, unknown>>, depth);
  }

  /** What is cut off may tell that the rest is an address. */
  #writeText(value: string): void {
    const mark = value.includes('@') ? '@' : value.includes('://') ? '://' : '';
    this.text += JSON.stringify(value.slice(0, mostShownBytes)) + (value.length > mostShownBytes ? mark : '');
  }

  #writeList(list: readonly unknown[], depth: number): void {
    this.text += '[';
    for (const [index, item] of list.slice(0, mostEntries).entries()) {
      if (index > 0) this.text += ',';
      this.write(item, depth + 1);
    }
    this.text += list.length > mostEntries ? ',…]' : ']';
  }

  #writeObject(object: Readonly<Record<string, unknown>>, depth: number): void {
    let written = 0;
    this.text += '{';
    for (const key in object) {
      if (written > 0) this.text += ',';
      if (written++ === mostEntries) {
        this.text += '…';
        break;
      }
      this.#writeText(key);
      this.text += ':';
      this.write(object[key], depth + 1);
    }
    this.text += '}';
  }
}
