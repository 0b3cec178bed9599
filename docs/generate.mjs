// Writes docs/configuration.md and docs/errors.md from the code they describe (`npm run docs`); with --check it only
// compares, and fails when they differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { z } from 'zod';
import { configSchema } from '../dist/src/config/schema.js';
import { errorCatalogue } from '../dist/src/core/errors.js';

const options = [];
collect(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }), [], undefined);

function collect(schema, path, fallback) {
  const variants = (schema.anyOf ?? [schema]).filter(({ type }) => type !== 'null');
  const only = variants.length === 1 ? variants[0] : undefined;
  const value = schema.default ?? fallback;
  if (path.length > 0 && !only?.properties) {
    options.push({
      path: path.join('.'),
      type: variants.map(typeName).join(' or '),
      value,
      text: schema.description ?? '',
    });
  }
  const mapping = variants.find(({ properties }) => properties);
  for (const [key, child] of Object.entries(mapping?.properties ?? {}))
    collect(child, [...path, key], value?.[key]);
  const item = only?.items;
  if (item?.properties)
    for (const [key, child] of Object.entries(item.properties)) collect(child, [`${path.join('.')}[]`, key]);
}

function typeName(schema) {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.type === 'integer' || schema.type === 'number') {
    const kind = schema.type === 'integer' ? 'whole number' : 'number';
    const low =
      schema.minimum ??
      (schema.exclusiveMinimum === undefined ? undefined : `above ${schema.exclusiveMinimum}`);
    const high = schema.maximum;
    return low === undefined || high > 1e9 ? kind : `${kind}, ${low} to ${high}`;
  }
  return (
    { string: 'text', boolean: '`true` or `false`', array: 'list', object: 'mapping' }[schema.type] ?? 'any'
  );
}

const variable = (path) =>
  path.includes('[]')
    ? ''
    : `\`SIGHTLINE_${path
        .split('.')
        .map((part) => part.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase())
        .join('_')}\``;
const row = (cells) => `| ${cells.join(' | ')} |`;

const configuration = `# Configuration
Made by \`npm run docs\` from src/config/schema.ts.

Later wins: defaults, a YAML file (\`--config FILE\`), the environment, the command line. Every mistake is reported at once
with its path, and an option that does not exist is a mistake. \`config/sightline.example.yaml\` is a file to start from.

| option | type | default | environment | meaning |
|---|---|---|---|---|
${options.map(({ path, type, value, text }) => row([`\`${path}\``, type, value === undefined ? '' : `\`${JSON.stringify(value)}\``, variable(path), text])).join('\n')}
`;

const errors = `# Errors
Made by \`npm run docs\` from src/core/errors.ts.

Every error carries one of these codes: on the command line, in the log, as \`code\` in HTTP problem documents and in a
camera's state.

| code | HTTP status | what to do |
|---|---|---|
${Object.entries(errorCatalogue)
  .map(([code, { status, remedy }]) => row([`\`${code}\``, status, remedy]))
  .join('\n')}
`;

let stale = 0;
for (const [name, text] of Object.entries({ configuration, errors })) {
  const path = new URL(`./${name}.md`, import.meta.url);
  const wanted = await format(text, { parser: 'markdown', printWidth: 110 });
  if (!process.argv.includes('--check')) writeFileSync(path, wanted);
  else if (readFileSync(path, 'utf8') !== wanted) {
    console.error(`docs/${name}.md is stale: run \`npm run docs\``);
    stale = 1;
  }
}
process.exitCode = stale;
