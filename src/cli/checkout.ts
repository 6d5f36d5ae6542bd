import { main } from './bin.ts';

// The one place that knows the local environment, and only when --local asks for it.
// biome-ignore lint/style/noRestrictedImports: the one way to the local environment, taken only for --local
await main(async () => (await import('../../local/command-line.ts')).startSampleAccounts());
