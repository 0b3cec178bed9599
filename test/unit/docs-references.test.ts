import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { packageRoot } from '../../src/config/package-root.js';
import { configSchema } from '../../src/config/schema.js';
import { errorCatalogue } from '../../src/core/errors.js';

interface JsonSchema {
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

const root = packageRoot();
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];
const options = optionPaths(
  z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema,
);
const optionGroups = new Set(options.map((path) => path.replace(/(\[\])?(\..*)?$/, '')));
/** Names in capitals that belong to other programs. */
const foreignNames = ['NODE_EXTRA_CA_CERTS'];

describe.each(pages)('%s', (page) => {
  const text = readFileSync(join(root, page), 'utf8');

  it('links only to files and headings that exist', () => {
    expect(linksIn(text).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });

  it('names only options that exist', () => {
    const named = codeSpansIn(text).flatMap((code) => optionIn(code) ?? []);
    expect(named.filter((path) => !options.includes(path))).toEqual([]);
  });

  it('names only errors that exist', () => {
    const named = codeSpansIn(text).filter((code) => isErrorCode(code));
    expect(named.filter((code) => !(code in errorCatalogue))).toEqual([]);
  });
});

describe('the reading of pages', () => {
  it('tells options, errors and links that do not exist', () => {
    expect(optionIn('server.hots')).toBe('server.hots');
    expect(optionIn('cameras.detectUrl')).toBe('cameras.detectUrl');
    expect(options).not.toContain('server.hots');
    expect(options).toEqual(
      expect.arrayContaining(['cameras[].detector.kind', 'server.tokens[].role', 'api']),
    );
    expect(isErrorCode('SOURCE_AUTH_FAILLED')).toBe(true);
    expect(leadsSomewhere('README.md', 'docs/cameras.md#no-such-heading')).toBe(false);
    expect(leadsSomewhere('README.md', 'docs/no-such-page.md')).toBe(false);
  });

  it('makes the anchors that GitHub makes', () => {
    const text = '# A `code` word, and “more”\n```\n# no heading\n```\n## Same\n## Same\n## [Linked](x.md)\n';
    expect(anchorsIn(text)).toEqual(['a-code-word-and-more', 'same', 'same-1', 'linked']);
  });
});

/** Every path of the schema, groups included: `server`, `server.host`, `cameras[].url`. */
function optionPaths(schema: JsonSchema, path = ''): string[] {
  return [schema, ...(schema.anyOf ?? [])].flatMap(({ properties = {}, items }) => [
    ...Object.entries(properties).flatMap(([key, child]) => {
      const below = path === '' ? key : `${path}.${key}`;
      return [below, ...optionPaths(child, below)];
    }),
    ...(items === undefined ? [] : optionPaths(items, `${path}[]`)),
  ]);
}

/** The option that a piece of code names, as `server.host` or `server.host: 0.0.0.0` do, right or wrong. */
function optionIn(code: string): string | undefined {
  const [, path, group = ''] = /^(([a-z]\w*)(?:\[\])?(?:\.\w+(?:\[\])?)+)(?:: .*)?$/.exec(code) ?? [];
  return optionGroups.has(group) ? path : undefined;
}

function isErrorCode(code: string): boolean {
  return /^[A-Z]+(_[A-Z]+)+$/.test(code) && !code.startsWith('SIGHTLINE_') && !foreignNames.includes(code);
}

function withoutCodeBlocks(text: string): string {
  return text.replace(/^```.*?^```/gms, '');
}

function codeSpansIn(text: string): string[] {
  return [...withoutCodeBlocks(text).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** The targets of links and pictures within the repository. */
function linksIn(text: string): string[] {
  const targets = [...withoutCodeBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? page : join(dirname(page), file);
  if (relative('.', target).startsWith('..') || !existsSync(join(root, target))) return false;
  return anchor === undefined || anchorsIn(readFileSync(join(root, target), 'utf8')).includes(anchor);
}

/** The anchors of the headings, in the order of the page. */
function anchorsIn(text: string): string[] {
  const seen = new Map<string, number>();
  return [...withoutCodeBlocks(text).matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    const earlier = seen.get(anchor) ?? 0;
    seen.set(anchor, earlier + 1);
    return earlier === 0 ? anchor : `${anchor}-${earlier}`;
  });
}
