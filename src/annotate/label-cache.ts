import { LRUCache } from 'lru-cache';
import sharp from 'sharp';
import { escapeMarkup } from '../core/markup.js';
import { FontStore, fontFamilies } from './fonts.js';

/** Text as a mask: one byte a pixel, rows from the top, 255 where the ink is full; cut close to the ink. */
export interface LabelBitmap {
  readonly width: number;
  readonly height: number;
  readonly mask: Uint8Array;
}

/** Longer names end in an ellipsis; in multiples of the text height. */
const maxWidthInHeights = 14;
/** Of about 5 kB each. */
const maxLabels = 1000;
const nothing: LabelBitmap = { width: 0, height: 0, mask: new Uint8Array() };

/** Names as bitmaps in any script, rendered beside the video (by Pango, in sharp's threads) and kept for later frames. */
export class LabelCache {
  readonly #fonts: FontStore;
  readonly #onError: (error: unknown) => void;
  readonly #labels = new LRUCache<string, LabelBitmap>({ max: maxLabels });
  readonly #rendering = new Map<string, Promise<LabelBitmap>>();
  readonly #loadedFonts = new Set<string>();

  /**
   * @param options.fontsDir where fonts are unpacked to, for the next start too
   * @param options.onError told when a label of `get` cannot be rendered; that face then goes without
   */
  constructor(options: { fontsDir: string; onError: (error: unknown) => void }) {
    this.#fonts = new FontStore(options.fontsDir);
    this.#onError = options.onError;
  }

  /** The bitmap of a text when it is ready; otherwise starts to render it, for a later frame. */
  get(text: string, heightPx: number): LabelBitmap | undefined {
    const key = `${heightPx} ${text}`;
    const label = this.#labels.get(key);
    if (!label && !this.#rendering.has(key)) {
      this.prepare(text, heightPx).catch((error: unknown) => {
        this.#labels.set(key, nothing);
        this.#onError(error);
      });
    }
    return label;
  }

  /** The bitmap of a text, `heightPx` being the height of the font (em). Rejects when fonts cannot be unpacked. */
  async prepare(text: string, heightPx: number): Promise<LabelBitmap> {
    const key = `${heightPx} ${text}`;
    const ready = this.#labels.get(key) ?? this.#rendering.get(key);
    if (ready) return ready;
    const rendering = this.#renderToFit(printable(text), heightPx);
    this.#rendering.set(key, rendering);
    try {
      const label = await rendering;
      this.#labels.set(key, label);
      return label;
    } finally {
      this.#rendering.delete(key);
    }
  }

  async #renderToFit(text: string, heightPx: number): Promise<LabelBitmap> {
    if (text === '') return nothing;
    await this.#loadFonts(text, heightPx);
    const maxWidth = heightPx * maxWidthInHeights;
    const whole = await render(text, heightPx);
    if (whole.width <= maxWidth) return whole;
    const letters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
    let fits = 0;
    let tooLong = letters.length;
    let best = nothing;
    while (tooLong - fits > 1) {
      const middle = (fits + tooLong) >> 1;
      const label = await render(`${letters.slice(0, middle).join('').trimEnd()}…`, heightPx);
      if (label.width <= maxWidth) [fits, best] = [middle, label];
      else tooLong = middle;
    }
    return best;
  }

  /** Makes Pango know the fonts of a text; it keeps them for good once a file was named. */
  async #loadFonts(text: string, heightPx: number): Promise<void> {
    for (const file of await this.#fonts.filesFor(`${text}…`)) {
      if (this.#loadedFonts.has(file)) continue;
      await render('…', heightPx, file);
      this.#loadedFonts.add(file);
    }
  }
}

/** One line without control characters and direction overrides, composed so that one font has all of a letter. */
function printable(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

async function render(text: string, heightPx: number, fontfile?: string): Promise<LabelBitmap> {
  const { data, info } = await sharp({
    text: {
      text: escapeMarkup(text),
      font: `${fontFamilies} Medium ${heightPx}`,
      dpi: 72,
      ...(fontfile === undefined ? {} : { fontfile }),
    },
  })
    .extractChannel(0)
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, mask: data };
}
