import { markup, type Markup } from '../../../core/markup.js';

/** In units of the picture, which is drawn at about one and a quarter pixels a unit. */
const plot = { width: 400, height: 260, left: 56, right: 392, top: 34, bottom: 218 } as const;

const largestDistance = 2;
/** Units that the name of a mark may take, and those between it and its line. */
const roomForName = 140;
const nameGap = 4;

/** Where a distance lies. */
export function xOf(distance: number): number {
  return plot.left + (distance / largestDistance) * (plot.right - plot.left);
}

/** Where a height from 0 at the bottom to 1 at the top lies. */
export function yOf(height: number): number {
  return plot.bottom - height * (plot.bottom - plot.top);
}

export interface PlotFrame {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** What the plot shows, for those who cannot see it. */
  readonly description: string;
  readonly yLabel: string;
  /** By their height, 0 to 1. */
  readonly yTicks: readonly { readonly height: number; readonly label: string }[];
  /** Upright lines at distances, with a name each; from left to right. */
  readonly marks: readonly { readonly distance: number; readonly label: string }[];
}

/** A plot over the distance of two photos, 0 to 2, with axes, ticks and marks around what it shows. */
export function plotFrame(frame: PlotFrame, content: Markup): Markup {
  const { id, title, description, yLabel, yTicks, marks } = frame;
  const middle = (plot.top + plot.bottom) / 2;
  return markup`<svg viewBox="0 0 ${plot.width} ${plot.height}" role="img" aria-labelledby="${id}-title ${id}-text">
<title id="${id}-title">${title}</title><desc id="${id}-text">${description}</desc>
${yTicks.map(yTick)}${[0, 0.5, 1, 1.5, 2].map(xTick)}
<text class="axis" x="${(plot.left + plot.right) / 2}" y="252" text-anchor="middle">distance of two photos</text>
<text class="axis" transform="translate(10 ${middle}) rotate(-90)" text-anchor="middle">${yLabel}</text>
${content}
${marks.map(upright)}
</svg>`;
}

function yTick({ height, label }: PlotFrame['yTicks'][number]): Markup {
  const y = yOf(height).toFixed(1);
  return markup`<path class="grid" d="M${plot.left} ${y}H${plot.right}"/><text x="${plot.left - 4}" y="${y}" dy="3.5" text-anchor="end">${label}</text>`;
}

function xTick(distance: number): Markup {
  const x = xOf(distance).toFixed(1);
  return markup`<path class="grid" d="M${x} ${plot.bottom}v4"/><text x="${x}" y="${plot.bottom + 15}" text-anchor="middle">${distance}</text>`;
}

/** Names stand off the middle between marks, where there is room, and in rows of their own where there is not. */
function upright({ distance, label }: PlotFrame['marks'][number], row: number): Markup {
  const x = xOf(distance);
  const isLeft = row === 0 ? x > roomForName + nameGap : x > plot.width - roomForName;
  const nameX = (isLeft ? x - nameGap : x + nameGap).toFixed(1);
  const y = plot.top - 22 + row * 13;
  return markup`<path class="mark mark-${row}" d="M${x.toFixed(1)} ${y - 9}V${plot.bottom}"/><text x="${nameX}" y="${y}" text-anchor="${isLeft ? 'end' : 'start'}">${label}</text>`;
}
