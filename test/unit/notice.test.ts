import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/config/package-root.js';

const read = (name: string) => readFileSync(join(packageRoot(), name), 'utf8');
const { packages } = JSON.parse(read('package-lock.json')) as {
  packages: Record<string, { dev?: boolean; license?: string }>;
};
const rows = read('NOTICE.md')
  .split('\n')
  .filter((line) => line.startsWith('|'));

/** Licences of which a package needs no row in the table. */
const permissive =
  /^(\(MIT OR CC0-1\.0\)|MIT|ISC|0BSD|BSD-3-Clause|Apache-2\.0|BlueOak-1\.0\.0|Python-2\.0|OFL-1\.1)$/;

/** What packages that are not for development are under beside permissive licences, by their own licence fields. */
const others = Object.entries(packages).flatMap(([path, { dev, license = 'MIT' }]) => {
  const parts = license.split(' AND ').filter((part) => !permissive.test(part));
  return dev === true || parts.length === 0 ? [] : [{ name: path.replace('node_modules/', ''), parts }];
});

describe('NOTICE.md', () => {
  it.each(others)('says what $name is under: $parts', ({ name, parts }) => {
    // `@img/sharp-win32-x64` is `@img/sharp-<system>` there.
    const general = name.replace(/-(darwin|linux|linuxmusl|win32)-\w+$/, '-<system>');
    const system = name.replace(/\/(darwin|linux|win32)-\w+$/, '/<system>');
    const stated = rows.filter((row) => [name, general, system].some((each) => row.includes(`\`${each}\``)));
    // Where the field is a link, the row names the file that it leads to.
    for (const part of parts) expect(stated.join('\n')).toContain(part.split('/').at(-1));
  });
});
