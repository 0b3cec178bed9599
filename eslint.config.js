import js from '@eslint/js';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import globals from 'globals';
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
  // Worker threads: pool, queue, supervision. What they do is the business of the rooms that they serve.
  inference: ['core'],
  detection: ['core', 'models', 'inference'],
  tracking: ['core'],
  recognition: ['core', 'models', 'inference'],
  annotate: ['core'],
  training: ['core', 'models', 'recognition'],
  events: ['core'],
  storage: ['core'],
  observability: ['core'],
  // The pipeline puts the stages in line; what follows tracks is handed to it as observers.
  pipeline: ['core', 'ingest', 'detection', 'tracking', 'annotate', 'observability'],
  // What one can do, for the server, the command line and sinks; what it needs of a running program is handed to it by app/.
  services: [
    ...['core', 'config', 'models', 'ingest', 'detection', 'recognition', 'pipeline', 'events'],
    'observability',
  ],
  server: ['core', 'config', 'services', 'pipeline', 'events', 'observability'],
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

/** The client stands alone; of the program, only events/ knows it, because the events are the client's types. */
const clientZones = [
  { target: './packages/client', from: ['./src', './workers'], message: 'The client imports nothing.' },
  ...[...Object.keys(rooms), 'app', 'commands']
    .filter((room) => room !== 'events')
    .map((room) => ({
      target: `./src/${room}`,
      from: './packages',
      message: 'Only events/ imports the client, for its types.',
    })),
];

/**
 * What workers/ may import beside core, models and detection: files that serve threads only, and share no state with the
 * main loop.
 */
const threadFiles = {
  ingest: ['heic-protocol.ts'],
  inference: ['thread'],
  recognition: ['embedding/thread', 'gallery/thread'],
  storage: ['sqlite/rewrite-protocol.ts'],
};

const workerZones = Object.keys(rooms)
  .concat('app', 'commands')
  .filter((room) => !['core', 'models', 'detection'].includes(room))
  .map((room) => ({
    target: './workers',
    from: `./src/${room}`,
    except: (threadFiles[room] ?? []).map((path) => `./${path}`),
    message: 'workers/ may import core, models, detection and the thread-side files of other rooms only.',
  }));

export default tseslint.config(
  // kernels/*.ts is AssemblyScript: its own compiler checks it.
  { ignores: ['**/dist', 'models/cache', 'coverage', 'node_modules', 'kernels/*.ts'] },
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
    settings: {
      'import-x/resolver-next': [createTypeScriptImportResolver({ project: './tsconfig.json' })],
      // Without these two, no-cycle does not read TypeScript files and never finds a circle.
      'import-x/extensions': ['.ts', '.js', '.mjs'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      'import-x/no-restricted-paths': ['error', { zones: [...zones, ...clientZones, ...workerZones] }],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only config/ reads the environment.' },
      ],
      'no-restricted-imports': [
        'error',
        { name: 'fluent-ffmpeg', message: 'Only ingest/ffmpeg-process.ts knows fluent-ffmpeg (ADR 9).' },
        {
          name: 'onnxruntime-node',
          message:
            'Import src/models/onnx-runtime.ts, which switches telemetry off before the library is loaded.',
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "ImportExpression[source.value='onnxruntime-node']",
          message:
            'Import src/models/onnx-runtime.ts, which switches telemetry off before the library is loaded.',
        },
      ],
    },
  },
  {
    files: ['src/**', 'workers/**', 'packages/**'],
    rules: { 'import-x/no-cycle': ['error', { ignoreExternal: true }] },
  },
  {
    files: ['src/ingest/ffmpeg-process.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  { files: ['src/models/onnx-runtime.ts'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: ['src/config/**', 'container/**', 'test/**', 'bench/**', '*.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  { files: ['web/**', '**/*.js', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['web/**'],
    languageOptions: {
      globals: globals.browser,
    },
  },
  {
    files: ['**/*.mjs', '*.js'],
    languageOptions: {
      globals: globals.node,
    },
  },
);
