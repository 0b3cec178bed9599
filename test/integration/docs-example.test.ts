import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { packageRoot } from '../../src/config/package-root.js';

it('the TypeScript example of docs/protocol.md compiles against the package as it is built', () => {
  const docs = readFileSync(join(packageRoot(), 'docs', 'protocol.md'), 'utf8');
  const example = /```ts\n(.*?)```/s.exec(docs)?.[1] ?? expect.fail('expected an example');
  // Inside the checkout, so that the workspace `sightline-client` is found.
  const path = join(packageRoot(), 'dist', 'protocol-example.ts');
  writeFileSync(path, example);
  onTestFinished(() => rmSync(path));
  const tsc = join(packageRoot(), 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--types', 'node'];
  const flavour = ['--module', 'nodenext', '--target', 'es2023'];
  execFileSync(process.execPath, [tsc, ...options, ...flavour, path], { stdio: 'inherit' });
});

it('the package gives the client for Node and for browsers', () => {
  const script = `import('sightline-client').then((client) => console.log(Object.keys(client).join()))`;
  for (const conditions of [[], ['--conditions=browser']]) {
    const output = execFileSync(process.execPath, [...conditions, '-e', script], { cwd: packageRoot() });
    expect(output.toString().trim()).toBe('RefusedError,connect,watch');
  }
});
