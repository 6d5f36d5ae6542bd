import { posix } from 'node:path';

/**
 * The rooms of the source and what each may import besides itself: functions → app → sweep → refresh →
 * client → {planning, oauth, vault, telemetry} → accounts, and `http` and `shared` (small words like Sensitive) from all. `data`
 * is host.json.
 */
const imports = {
  shared: [],
  accounts: ['http', 'shared'],
  planning: ['accounts', 'shared'],
  oauth: ['accounts', 'http', 'shared'],
  vault: ['accounts', 'http', 'shared'],
  telemetry: ['accounts', 'shared'],
  client: ['planning', 'oauth', 'vault', 'telemetry', 'accounts', 'shared'],
  refresh: ['client', 'planning', 'oauth', 'vault', 'telemetry', 'accounts', 'shared'],
  sweep: ['http', 'refresh', 'client', 'planning', 'oauth', 'vault', 'telemetry', 'accounts', 'shared'],
  http: ['shared'],
  consent: [
    'http',
    'sweep',
    'refresh',
    'client',
    'planning',
    'oauth',
    'vault',
    'telemetry',
    'accounts',
    'shared',
  ],
  status: ['http', 'sweep', 'refresh', 'client', 'planning', 'vault', 'accounts', 'shared'],
  app: [
    'consent',
    'status',
    'http',
    'sweep',
    'refresh',
    'client',
    'planning',
    'oauth',
    'vault',
    'telemetry',
    'accounts',
    'shared',
    'data',
  ],
  functions: [
    'app',
    'consent',
    'status',
    'http',
    'sweep',
    'refresh',
    'client',
    'planning',
    'oauth',
    'vault',
    'telemetry',
    'accounts',
    'shared',
  ],
  cli: [
    'app',
    'consent',
    'status',
    'http',
    'sweep',
    'refresh',
    'client',
    'planning',
    'oauth',
    'vault',
    'telemetry',
    'accounts',
    'shared',
    'data',
  ],
} as const satisfies Record<string, readonly string[]>;

type Room = keyof typeof imports;

/** What the command line of a checkout reaches, and only when it runs: `--local`. The built package is without it. */
const localOnDemand = ['src/cli/checkout.ts', 'local/command-line.ts'] as const;

/** The packages that a room or a single file may import. SDKs stay in the adapters. */
const packages: Readonly<Record<string, readonly string[]>> = {
  'src/sensitive.ts': ['node:util'],
  'src/oauth/error-catalogue-schema.ts': ['zod'],
  'src/text.ts': ['node:util'],
  accounts: ['zod'],
  planning: ['croner'],
  'src/http/dispatcher.ts': ['undici', 'node:net'],
  'src/vault/http-client.ts': ['undici', 'node:util', 'node:zlib'],
  'src/oauth/token-endpoint-client.ts': ['undici', 'node:net'],
  'src/oauth/id-token.ts': ['jose'],
  'src/oauth/trusted-issuers.ts': ['jose'],
  // Reads keys and certificates, signs; no input or output.
  'src/oauth/client-certificate.ts': ['node:crypto', 'jose'],
  'src/accounts/registration-summary.ts': ['node:crypto'],
  consent: ['jose', 'zod', 'node:crypto'],
  http: ['node:crypto'],
  vault: ['@azure/keyvault-secrets', '@azure/core-rest-pipeline', '@azure/identity'],
  // The SDK shows a policy which request it is, not which listing that belongs to.
  'src/vault/pipeline-policies.ts': ['node:async_hooks'],
  telemetry: ['applicationinsights', '@azure/identity'],
  app: ['@azure/identity'],
  'src/config.ts': ['zod'],
  functions: ['@azure/functions'],
  cli: ['yargs', 'node:stream', 'node:stream/consumers', 'node:util'],
  'src/cli/bin.ts': ['node:module'],
  'src/cli/consent-server.ts': ['node:http', 'node:net'],
  'src/cli/prompts.ts': ['@inquirer/prompts'],
  'src/cli/table.ts': ['cli-table3'],
};

/** Rooms without a clock, chance, environment, timer or network of their own; refresh and sweep are given all of them. */
const pureRooms: ReadonlySet<Room> = new Set([
  'shared',
  'accounts',
  'planning',
  'oauth',
  'client',
  'refresh',
  'sweep',
  'http',
  'status',
]);
const impureFiles: ReadonlySet<string> = new Set(['src/time.ts', 'src/oauth/token-endpoint-client.ts']);
const effects =
  /\b(Date\.now|Math\.random|performance\.|process\.|crypto\.|console\.|globalThis|setTimeout|setInterval|setImmediate|queueMicrotask|fetch\()|new Date\(\s*\)|\bDate\(\s*\)/g;

/** What nothing outside the local environment touches: Azure gives the app a disk only to start from. */
const neverImported: ReadonlySet<string> = new Set(['fs', 'fs/promises', 'child_process']);
/** An operator's disk is another matter than Azure's. */
const readsFiles = 'src/cli/input-file.ts';

const longestFile = 300;

interface Import {
  readonly specifier: string;
  readonly dynamic: boolean;
}

/** The imports and re-exports of a source, static, dynamic and of types. */
function importsOf(code: string): Import[] {
  const statements = /\b(import|export)\s+(?:type\s)?(?:[^'";]*?\bfrom\s*)?['"]([^'"]+)['"]/g;
  const calls = /\bimport\s*\(\s*['"`]([^'"`]+)['"`]/g;
  return [
    ...[...code.matchAll(statements)].map(([, , specifier = '']) => ({
      specifier,
      dynamic: false,
    })),
    ...[...code.matchAll(calls)].map(([, specifier = '']) => ({
      specifier,
      dynamic: true,
    })),
  ];
}

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(?<!:)\/\/.*$/gm, '');
}

function roomOf(path: string): string {
  const [top = '', second = '', ...deeper] = path.split('/');
  if (top === 'functions') return 'functions';
  if (top !== 'src') return path.endsWith('.json') ? 'data' : top;
  if (deeper.length > 0) return second;
  return path === 'src/config.ts' ? 'app' : 'shared';
}

function isRoom(room: string): room is Room {
  return room in imports;
}

function importFault(path: string, room: Room, found: Import): string | undefined {
  const { specifier, dynamic } = found;
  if (neverImported.has(specifier.replace(/^node:/, '')))
    return path === readsFiles && specifier === 'node:fs/promises' ? undefined : `imports ${specifier}`;
  if (!specifier.startsWith('.')) {
    const allowed = [...(packages[room] ?? []), ...(packages[path] ?? [])];
    return allowed.includes(specifier) ? undefined : `imports ${specifier}`;
  }
  const target = posix.join(posix.dirname(path), specifier);
  const to = roomOf(target);
  if (to === room || (imports[room] as readonly string[]).includes(to)) return undefined;
  if (dynamic && path === localOnDemand[0] && target === localOnDemand[1]) return undefined;
  return `imports ${target}`;
}

/** What breaks the architecture in a production source; `path` is relative to the repository. */
export function architectureFaults(path: string, source: string): string[] {
  const room = roomOf(path);
  if (!isRoom(room)) return [`lies in ${room}, which is no room`];
  const code = withoutComments(source);
  const faults = importsOf(code).map((found) => importFault(path, room, found));
  if (pureRooms.has(room) && !impureFiles.has(path)) {
    faults.push(...[...code.matchAll(effects)].map(([effect]) => `uses ${effect}`));
  }
  if (room !== 'vault' && /\bvault\.set\(/.test(code)) faults.push('writes to a vault without a permit');
  const lines = source.split('\n').length - 1;
  if (lines > longestFile) faults.push(`has ${lines} lines`);
  return faults.filter((fault) => fault !== undefined);
}
