import type { Landmarks } from '../core/face.js';
import { clip, type Box } from '../core/geometry.js';
import type { RgbImage } from '../core/image.js';
import { drawText, fillDisc, fillRect, strokeBox, type Rgb } from './draw.js';
import type { LabelBitmap, LabelCache } from './label-cache.js';
import { placeLabel } from './place-label.js';

/** What to draw over one face. */
export interface FaceOverlay {
  /** In pixels of the picture drawn on. */
  readonly box: Box;
  /** Empty for a box without a label. */
  readonly label: string;
  readonly tone: 'known' | 'unknown' | 'undecided';
  /** For a box that is expected rather than seen. */
  readonly dashed?: boolean;
  /** Drawn as dots, in pixels of the picture. */
  readonly landmarks?: Landmarks;
}

/**
 * Blue, orange and light grey stay apart with any kind of colour blindness and carry black text at a contrast above 8:1.
 * M. Okabe, K. Ito, "Color universal design" (2008).
 */
const tones: Record<FaceOverlay['tone'], Rgb> = {
  known: [86, 180, 233],
  unknown: [230, 159, 0],
  undecided: [225, 225, 225],
};
const dark: Rgb = [16, 16, 16];

/** Sizes in pixels that suit a picture's height: 13 px text at 360p, 24 px at 1080p. */
interface OverlayStyle {
  readonly textHeight: number;
  readonly lineWidth: number;
  /** Width of the dark line around coloured ones. */
  readonly outline: number;
  readonly dash: number;
  readonly padding: number;
}

/** Below 13 px, names in Chinese or Devanagari cannot be read; above, text grows more slowly than the picture. */
function overlayStyle(pictureHeight: number): OverlayStyle {
  const textHeight = Math.max(13, Math.round(6 + pictureHeight / 60));
  const lineWidth = Math.max(2, Math.round(pictureHeight / 360));
  const outline = Math.max(1, Math.round(lineWidth / 3));
  return { textHeight, lineWidth, outline, dash: lineWidth * 4, padding: Math.round(textHeight / 4) };
}

/**
 * Draws boxes and names over a picture, in place. A label whose text is not rendered yet is left out this time
 * and rendered for the next frames.
 */
export function drawOverlay(image: RgbImage, overlays: readonly FaceOverlay[], labels: LabelCache): void {
  const style = overlayStyle(image.height);
  for (const overlay of overlays) {
    drawBox(image, overlay, style);
    drawLandmarks(image, overlay, style);
  }
  const taken: Box[] = [];
  for (const overlay of overlays) {
    const text = overlay.label === '' ? undefined : labels.get(overlay.label, style.textHeight);
    const visible = clip(overlay.box, image.width, image.height);
    if (!text || text.width === 0 || isEmpty(visible)) continue;
    taken.push(drawLabel(image, visible, text, tones[overlay.tone], style, taken));
  }
}

/** Renders all labels that `drawOverlay` will want on a picture of this height, for a picture that has no next frame. */
export async function prepareLabels(
  pictureHeight: number,
  overlays: readonly FaceOverlay[],
  labels: LabelCache,
): Promise<void> {
  const { textHeight } = overlayStyle(pictureHeight);
  const texts = overlays.map((overlay) => overlay.label).filter((label) => label !== '');
  await Promise.all(texts.map((text) => labels.prepare(text, textHeight)));
}

function drawBox(image: RgbImage, overlay: FaceOverlay, style: OverlayStyle): void {
  const { lineWidth, outline } = style;
  const box = clipWithin(overlay.box, image, (lineWidth >> 1) + outline);
  if (isEmpty(box)) return;
  strokeBox(image, box, {
    colour: tones[overlay.tone],
    width: lineWidth,
    outlineColour: dark,
    outlineWidth: outline,
    dash: overlay.dashed === true ? style.dash : 0,
  });
}

function drawLandmarks(image: RgbImage, { landmarks, tone, box }: FaceOverlay, style: OverlayStyle): void {
  // On a small face, dots as thick as the line would run into each other.
  const radius = Math.min(style.lineWidth, Math.max(1, box.width / 40));
  for (const point of landmarks ?? []) {
    fillDisc(image, point, radius + style.outline, dark);
    fillDisc(image, point, radius, tones[tone]);
  }
}

/** The part of a box inside a picture less a margin: at the picture's edge the whole thickness of the line shows. */
function clipWithin(box: Box, picture: RgbImage, margin: number): Box {
  const moved = { ...box, x: box.x - margin, y: box.y - margin };
  const inside = clip(moved, picture.width - 2 * margin, picture.height - 2 * margin);
  return { ...inside, x: inside.x + margin, y: inside.y + margin };
}

/** Draws a label beside a face where it covers none of those `taken`; returns where. */
function drawLabel(
  image: RgbImage,
  face: Box,
  text: LabelBitmap,
  colour: Rgb,
  style: OverlayStyle,
  taken: readonly Box[],
): Box {
  const width = text.width + 2 * style.padding;
  const height = Math.max(Math.round(style.textHeight * 1.4), text.height + 2 * style.outline + 2);
  const line = (style.lineWidth >> 1) + style.outline;
  const place = placeLabel({ width, height }, face, line, image, taken);
  fillRect(
    image,
    place.x - style.outline,
    place.y - style.outline,
    width + 2 * style.outline,
    height + 2 * style.outline,
    dark,
  );
  fillRect(image, place.x, place.y, width, height, colour);
  drawText(image, place.x + style.padding, place.y + ((height - text.height) >> 1), text, dark);
  return place;
}

function isEmpty(box: Box): boolean {
  return box.width <= 0 || box.height <= 0;
}
