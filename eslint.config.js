import js from '@eslint/js';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * Which rooms a room may import, as in docs/architecture.md. A room always may import itself.
 * `app`, `commands` and main.ts are the composition root and may import everything.
 */
const rooms = {
  core: [],
  config: ['core'],
  models: ['core', 'config'],
  ingest: ['core'],
  detection: ['core', 'models'],
  tracking: ['core'],
  recognition: ['core', 'models'],
  annotate: ['core'],
  training: ['core', 'models', 'recognition'],
  events: ['core'],
  // Only types: browsers load the client as it is built.
  client: ['core', 'events'],
  storage: ['core'],
  observability: ['core'],
  // The pipeline puts the stages in line; what follows tracks is handed to it as observers.
  pipeline: ['core', 'ingest', 'detection', 'tracking', 'annotate', 'observability'],
  // The server serves interfaces of these rooms; implementations are handed to it by app/.
  server: ['core', 'config', 'recognition', 'pipeline', 'events', 'observability'],
};

const zones = Object.entries(rooms).flatMap(([room, allowed]) =>
  [...Object.keys(rooms), 'app', 'commands']
    .filter((other) => other !== room && !allowed.includes(other))
    .map((other) => ({
      target: `./src/${room}`,
      from: `./src/${other}`,
      message: `${room}/ may import ${allowed.join(', ') || 'nothing'} only (docs/architecture.md).`,
    })),
);
const workerZones = Object.keys(rooms)
  .concat('app', 'commands')
  .filter((room) => !['core', 'models', 'detection'].includes(room))
  .map((room) => ({
    target: './workers',
    from: `./src/${room}`,
    message: 'workers/ may import core, models and detection only.',
  }));

export default tseslint.config(
  { ignores: ['dist', 'models/cache', 'coverage', 'node_modules'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js', '*.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver({ project: './tsconfig.json' })] },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      'import-x/no-restricted-paths': ['error', { zones: [...zones, ...workerZones] }],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only config/ reads the environment.' },
      ],
    },
  },
  { files: ['src/config/**', 'test/**', 'bench/**', '*.ts'], rules: { 'no-restricted-properties': 'off' } },
  { files: ['web/**', '**/*.js', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['web/**'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'document',
          'window',
          'location',
          'WebSocket',
          'fetch',
          'createImageBitmap',
          'URL',
          'Blob',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
          'requestAnimationFrame',
          'console',
          'localStorage',
          'IntersectionObserver',
          'navigator',
          'performance',
          'URLSearchParams',
          'Intl',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['**/*.mjs', '*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        fetch: 'readonly',
        performance: 'readonly',
        Buffer: 'readonly',
      },
    },
  },
);
