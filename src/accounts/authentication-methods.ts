/** The methods by which a client proves itself without a secret of its own. */
export const secretlessMethods = ['managed_identity', 'none'] as const;
/** Every method by which a client may prove itself. A file without dependencies, for the help of the command line. */
export const authenticationMethods = ['client_secret', 'certificate', ...secretlessMethods] as const;
