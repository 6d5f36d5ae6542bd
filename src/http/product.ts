/** What this program calls itself on the wire; the version is package.json's, kept equal by a test. */
export const product = { name: 'entra-token-refresher', version: '0.1.0' } as const;
