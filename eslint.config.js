/**
 * Lint rules: typescript-eslint's strictest set, and the limits of size that ESLint can count. What it cannot see
 * (rings, cycles, purity) is in test/architecture.test.ts.
 */
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const nodeGlobals = names('process console URL Buffer setTimeout clearTimeout');
const browserGlobals = names(
  'window document navigator location history console fetch Headers Request Response URL URLSearchParams AbortController ' +
    'AbortSignal EventSource TextDecoder TextEncoder localStorage sessionStorage matchMedia getComputedStyle ' +
    'setTimeout clearTimeout setInterval clearInterval requestAnimationFrame cancelAnimationFrame performance ' +
    'HTMLElement Element Node Event CustomEvent KeyboardEvent MutationObserver ResizeObserver IntersectionObserver ' +
    'Intl confirm alert queueMicrotask structuredClone crypto customElements Blob FormData DOMParser',
);

function names(list) {
  return Object.fromEntries(list.split(' ').map((name) => [name, 'readonly']));
}

const restricted = [
  {
    selector: 'TSEnumDeclaration',
    message: 'A union of string literals says the same and is erasable.',
  },
  { selector: 'ExportAllDeclaration', message: 'No barrels: import from the file that has it.' },
];

/** One style of function: with statements a declaration, unless its type is named; a single expression may be an arrow. */
const functionStyle = {
  selector:
    ':matches(Program, ExportNamedDeclaration) > VariableDeclaration > ' +
    'VariableDeclarator:not([id.typeAnnotation]) > ArrowFunctionExpression > BlockStatement',
  message: 'Declare a function that has statements: `function name() { … }`.',
};

/** What neither TypeScript nor the strict set says, wanted in every file. */
const everywhere = {
  eqeqeq: 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  'object-shorthand': 'error',
  'no-empty': 'error',
  'no-fallthrough': 'error',
  'no-cond-assign': 'error',
  'no-constant-condition': 'error',
  'no-control-regex': 'off', // header grammars are about control characters
  'no-duplicate-case': 'error',
  'no-self-compare': 'error',
  'no-template-curly-in-string': 'off', // ${NAME} is the configuration's own syntax
  'no-unreachable-loop': 'error',
  'no-unsafe-finally': 'error',
  'no-useless-backreference': 'error',
  'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'start' }],
};

export default defineConfig(
  globalIgnores(['node_modules/', 'dist/', '.tap/', '.data/', 'bench/results/', 'examples/**/static/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' }, rules: everywhere },

  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // By code points is what the grammars read here mean.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // Seconds and instants are branded numbers, which may be negated.
      '@typescript-eslint/no-unsafe-unary-minus': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...restricted],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...restricted, functionStyle],
      'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
      'max-lines-per-function': [
        'error',
        { max: 50, skipBlankLines: false, skipComments: false, IIFEs: true },
      ],
      'max-depth': ['error', 3],
      'max-params': ['error', 3],
    },
  },
  {
    files: ['src/cli.ts', 'src/cli/**/*.ts', 'scripts/**/*.ts', 'bench/**/*.ts', 'examples/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // tap's t.test returns a promise that tap itself awaits.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafePromises: [
            { from: 'package', name: 'PromiseWithSubtest', package: '@tapjs/core' },
          ],
        },
      ],
      '@typescript-eslint/require-await': 'off', // an async test need not wait for anything
    },
  },

  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: nodeGlobals },
    rules: { 'no-undef': 'error', 'no-unused-vars': 'error' },
  },
  {
    files: ['src/control/dashboard/**/*.js', 'examples/**/*.js'],
    languageOptions: { globals: browserGlobals },
    rules: { 'max-lines': ['error', 300] },
  },
);
