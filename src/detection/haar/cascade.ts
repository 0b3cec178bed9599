import { SightlineError } from '../../core/errors.js';

/** A rectangle of a feature, in pixels of the window; the feature is the sum of weight × sum of the pixels. */
export interface FeatureRect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** A whole number, so that features are exact in integers. */
  readonly weight: number;
}

/** A weak classifier: votes `below` when the feature's value is less than the threshold, else `above`. */
export interface Stump {
  /** One to three. */
  readonly rects: readonly FeatureRect[];
  readonly threshold: number;
  readonly below: number;
  readonly above: number;
}

/** A window whose votes add up to less than the threshold is rejected. */
export interface Stage {
  readonly threshold: number;
  readonly stumps: readonly Stump[];
}

/** A boosted cascade of Haar features (Viola and Jones 2001; Lienhart and Maydt 2002) for windows of one size. */
export interface HaarCascade {
  readonly width: number;
  readonly height: number;
  readonly stages: readonly Stage[];
}

/** OpenCV lowers the threshold of each stage by this much, to allow for rounding during training. */
const thresholdSlack = 1e-5;

/**
 * Reads a cascade in the XML that OpenCV's training program writes, with upright Haar features and one node per tree.
 * Numbers are rounded to single precision, which OpenCV computes with.
 *
 * @throws SightlineError MODEL_CONVERSION_FAILED for anything else, or if the file is truncated
 */
export function readCascade(xml: string): HaarCascade {
  try {
    const cascade = child(parseXml(xml), 'cascade');
    requireText(cascade, 'stageType', 'BOOST');
    requireText(cascade, 'featureType', 'HAAR');
    const width = wholeNumber(child(cascade, 'width'));
    const height = wholeNumber(child(cascade, 'height'));
    const features = child(cascade, 'features').children.map((feature) =>
      readFeature(feature, width, height),
    );
    const stages = child(cascade, 'stages').children.map((stage) => readStage(stage, features));
    if (stages.length === 0) throw new TypeError('it has no stages');
    return { width, height, stages };
  } catch (error) {
    throw new SightlineError(
      'MODEL_CONVERSION_FAILED',
      `Expected a Haar cascade in OpenCV's XML, but ${(error as Error).message}.`,
      { cause: error },
    );
  }
}

function readStage(stage: XmlElement, features: readonly (readonly FeatureRect[])[]): Stage {
  const [threshold] = numbers(child(stage, 'stageThreshold'), 1) as [number];
  const stumps = child(stage, 'weakClassifiers').children.map((tree): Stump => {
    const nodes = numbers(child(tree, 'internalNodes'), 4) as [number, number, number, number];
    const [left, right, feature, nodeThreshold] = nodes;
    const [below, above] = numbers(child(tree, 'leafValues'), 2) as [number, number];
    if (left !== 0 || right !== -1) throw new TypeError('it has trees of more than one node');
    const rects = features[feature];
    if (rects === undefined) throw new TypeError(`it has no feature ${feature}, which is asked for`);
    return { rects, threshold: nodeThreshold, below, above };
  });
  return { threshold: Math.fround(threshold - Math.fround(thresholdSlack)), stumps };
}

function readFeature(feature: XmlElement, windowWidth: number, windowHeight: number): FeatureRect[] {
  if (feature.children.some(({ name, text }) => name === 'tilted' && Number(text) !== 0))
    throw new TypeError('it has tilted features');
  const rects = child(feature, 'rects').children;
  if (rects.length < 1 || rects.length > 3)
    throw new TypeError(`it has a feature of ${rects.length} rectangles, not 1 to 3`);
  return rects.map((rect): FeatureRect => {
    const values = numbers(rect, 5) as [number, number, number, number, number];
    const [x, y, width, height, weight] = values;
    const inside = x >= 0 && y >= 0 && x + width <= windowWidth && y + height <= windowHeight;
    if (!inside || !values.every(Number.isInteger))
      throw new TypeError(`it has a rectangle "${rect.text.trim()}", not whole pixels of the window`);
    return { x, y, width, height, weight };
  });
}

function child(parent: XmlElement, name: string): XmlElement {
  const found = parent.children.find((candidate) => candidate.name === name);
  if (found === undefined) throw new TypeError(`<${parent.name}> has no <${name}>`);
  return found;
}

function requireText(parent: XmlElement, name: string, expected: string): void {
  const text = child(parent, name).text.trim();
  if (text !== expected) throw new TypeError(`its ${name} is ${text}, not ${expected}`);
}

function wholeNumber(element: XmlElement): number {
  const [value] = numbers(element, 1) as [number];
  if (!Number.isInteger(value) || value < 4 || value > 1000)
    throw new TypeError(`its ${element.name} is ${value}, not 4 to 1000 pixels`);
  return value;
}

/** The numbers in an element's text, in single precision. */
function numbers({ name, text }: XmlElement, count: number): number[] {
  const values = text
    .trim()
    .split(/\s+/)
    .map((word) => Math.fround(Number(word)));
  if (values.length !== count || !values.every(Number.isFinite))
    throw new TypeError(`<${name}> holds "${text.trim().slice(0, 80)}", not ${count} numbers`);
  return values;
}

/** An element of an XML document: its own text without that of its children, and its children in their order. */
interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const token = /<!--[^]*?-->|<\?[^]*?\?>|<(?<close>\/?)(?<name>[\w.:-]+)[^<>]*?(?<empty>\/?)>|(?<text>[^<]+)/y;

/**
 * Reads an XML document of elements and plain text, which is all that OpenCV writes. Attributes are skipped, and
 * entities are not decoded.
 *
 * @throws SyntaxError with the problem and its line
 */
function parseXml(document: string): XmlElement {
  const top = { name: '', text: '', children: [] as XmlElement[] };
  const open = [top];
  const fail = (what: string, at: number): never => {
    throw new SyntaxError(`${what} in line ${document.slice(0, at).split('\n').length}`);
  };
  token.lastIndex = 0;
  while (token.lastIndex < document.length) {
    const at = token.lastIndex;
    const { close, name, empty, text } = token.exec(document)?.groups ?? fail('there is a syntax error', at);
    const current = open.at(-1)!;
    if (text !== undefined) current.text += text;
    if (name === undefined) continue;
    if (close !== '') {
      if (open.length === 1 || current.name !== name) fail(`</${name}> has no opening tag`, at);
      open.pop();
      continue;
    }
    const element = { name, text: '', children: [] };
    current.children.push(element);
    if (empty === '') open.push(element);
  }
  if (open.length > 1) fail(`<${open.at(-1)!.name}> is not closed`, document.length);
  const [root] = top.children;
  if (root === undefined || top.children.length > 1 || top.text.trim() !== '')
    fail('there is not exactly one root element', 0);
  return root!;
}
