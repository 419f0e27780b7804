// One lint configuration: strictTypeChecked everywhere TypeScript is, plus the house rules of CONTRIBUTING.md.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * Hot paths: their functions run per chunk, request, frame or cell, where an options object would be allocated each time. They may
 * keep their positions, and only they. A function that runs less often does not belong here: give it an options object.
 */
const hotPath = [
  'src/core/catalog/route-learner.ts',
  'src/core/inspect/capture.ts',
  'src/core/inspect/client-side.ts',
  'src/core/inspect/conversation.ts',
  'src/core/inspect/flow-event-bytes.ts',
  'src/core/inspect/flow-event-headers.ts',
  'src/core/inspect/flow-event-trace.ts',
  'src/core/inspect/gap.ts',
  'src/core/inspect/tls-watch.ts',
  'src/core/inspect/upstream-side.ts',
  'src/core/model/directory.ts',
  'src/core/policy/buckets.ts',
  'src/core/policy/canonical-path.ts',
  'src/core/policy/decide.ts',
  'src/core/policy/decision.ts',
  'src/core/policy/evaluator.ts',
  'src/core/policy/normalise-host.ts',
  'src/core/policy/normalise-path.ts',
  'src/core/policy/row-key.ts',
  'src/core/policy/string-table.ts',
  'src/core/protocol/http1/body-reader.ts',
  'src/core/protocol/http1/byte-class.ts',
  'src/core/protocol/http1/copy-bytes.ts',
  'src/core/protocol/http1/field-reader.ts',
  'src/core/protocol/http1/head-facts.ts',
  'src/core/protocol/http1/request-parser.ts',
  'src/core/protocol/http1/request-target.ts',
  'src/core/protocol/tls/client-hello.ts',
  'src/core/tap/delivered-digests.ts',
  'src/core/tap/dns-names.ts',
  'src/core/tap/dns-watch.ts',
  'src/core/tap/frame.ts',
  'src/core/tap/let-through.ts',
  'src/core/tap/message-start.ts',
  'src/core/tap/reassembly.ts',
  'src/core/tap/tap-connection.ts',
  'src/core/tap/tap-conversations.ts',
  'src/core/tap/tap-ends.ts',
  'src/core/tap/tap-port.ts',
  'src/core/tap/watching-policy.ts',
  'src/io/kernel/connection-input.ts',
  'src/io/kernel/connection-write.ts',
  'src/io/kernel/connection.ts',
  'src/io/kernel/epoll.ts',
  'src/io/kernel/exchange-codec.ts',
  'src/io/kernel/node/netns.ts',
  'src/io/kernel/pending.ts',
  'src/io/kernel/read-batch.ts',
  'src/io/kernel/tap/ring.ts',
  'src/tui/render/cell-grid.ts',
  'src/tui/render/diff-grids.ts',
  'src/tui/render/frame-reader.ts',
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.cache/', 'test/cases/', 'recordings/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/prefer-nullish-coalescing': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportDefaultDeclaration',
          message: 'Use a named export: renames get lost with default ones.',
        },
        {
          selector: 'ExportAllDeclaration',
          message: 'No barrels: import from the file that holds the idea.',
        },
      ],
      'max-lines': ['error', { max: 400, skipBlankLines: false, skipComments: false }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: [
      ...['src/**/*.ts', 'src/**/*.tsx', 'bench/**/*.ts', 'scripts/**/*.ts'],
      ...['test/helpers/**/*.ts', 'test/cluster/lab/**/*.ts', 'test/cluster/setup.ts'],
    ],
    rules: {
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: false, skipComments: false }],
      'max-params': ['error', 3],
    },
  },
  { files: hotPath, rules: { 'max-params': 'off' } },
  {
    files: ['src/core/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'process', message: 'core knows no process: pass the value in.' },
        { name: 'setTimeout', message: 'core has no timers: time comes in as a number.' },
        { name: 'setInterval', message: 'core has no timers: time comes in as a number.' },
        { name: 'fetch', message: 'core has no I/O.' },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'core reads no clock: time comes in as a number.' },
        { object: 'Math', property: 'random', message: 'core is deterministic: pass a seeded generator in.' },
      ],
    },
  },
  {
    // Objects of Kubernetes are classes to its client and data to everybody: it takes literals, as its documentation does.
    files: ['test/cluster/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-class-instance-assignment': 'off' },
  },
  {
    files: ['vitest.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
      },
    },
  },
  {
    files: ['test/**/*.ts', 'test/**/*.tsx', 'bench/**/*.ts', 'scripts/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-console': 'off',
    },
  },
);
