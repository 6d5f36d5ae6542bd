import { main } from './bin.ts';

// The one place that knows the local environment, and only when --local asks for it.
await main(async () => (await import('../../local/command-line.ts')).startSampleAccounts());
