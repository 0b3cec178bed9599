import { LRUCache } from 'lru-cache';
import sharp from 'sharp';
import { escapeMarkup } from '../core/markup.js';
import { FontStore, fontFamilies } from './fonts.js';

/** Text as a mask cropped to the ink: one byte per pixel, rows from the top, 255 where the ink is full. */
export interface LabelBitmap {
  readonly width: number;
  readonly height: number;
  readonly mask: Uint8Array;
}

/** Longer names are cut and end with an ellipsis; in multiples of the text height. */
const maxWidthInHeights = 14;
/** The most labels that are kept; each takes about 5 kB. */
const maxLabels = 1000;
const nothing: LabelBitmap = { width: 0, height: 0, mask: new Uint8Array() };

/** Names in any script as bitmaps. Pango renders them in sharp's threads, and they are kept for later frames. */
export class LabelCache {
  readonly #fonts: FontStore;
  readonly #onError: (error: unknown) => void;
  readonly #labels = new LRUCache<string, LabelBitmap>({ max: maxLabels });
  readonly #rendering = new Map<string, Promise<LabelBitmap>>();
  readonly #loadedFonts = new Set<string>();

  /**
   * @param options.fontsDir folder for unpacked fonts, which are kept for the next start
   * @param options.onError called if a label of `get` cannot be rendered; that face is then shown without a label
   */
  constructor(options: { fontsDir: string; onError: (error: unknown) => void }) {
    this.#fonts = new FontStore(options.fontsDir);
    this.#onError = options.onError;
  }

  /** The bitmap of a text if it is ready; otherwise rendering starts, and a later call returns it. */
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

  /**
   * Renders the bitmap of a text, or returns it if it is ready.
   *
   * @param heightPx height of the font (em), in pixels
   * @throws Error if fonts cannot be unpacked
   */
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

  /** Loads the fonts of a text into Pango, which keeps every font file that it has used once. */
  async #loadFonts(text: string, heightPx: number): Promise<void> {
    for (const file of await this.#fonts.filesFor(`${text}…`)) {
      if (this.#loadedFonts.has(file)) continue;
      await render('…', heightPx, file);
      this.#loadedFonts.add(file);
    }
  }
}

/**
 * Text as one line without control characters and direction overrides, composed so that one font has each whole letter.
 */
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
