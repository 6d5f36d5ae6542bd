/** What is read of package-lock.json (npm: package-lock.json, lockfileVersion 3). */
export interface LockFile {
  readonly name: string;
  readonly version: string;
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly license?: string; readonly integrity?: string }>
  >;
}

/** The key in the lock file of the package that a bundled file belongs to: the innermost one around it. */
function packageOf(input: string): string | undefined {
  const path = input.slice(Math.max(input.indexOf('node_modules/'), 0));
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}

const nameOf = (key: string): string => key.slice(key.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** `pkg:npm/%40scope/name@version` (Package URL: npm). */
const packageUrl = (name: string, version: string): string =>
  `pkg:npm/${name.replace('@', '%40')}@${version}`;

interface Component extends Readonly<Record<string, unknown>> {
  readonly purl: string;
}

/** One that is installed in several places comes in once, by its package URL. */
function component(key: string, { packages }: LockFile): Component {
  const { version, license, integrity } = packages[key] ?? {};
  if (version === undefined) throw new Error(`the lock file does not know ${key}, which is bundled`);
  const [, algorithm, digest = ''] = /^(sha512)-(.+)$/.exec(integrity ?? '') ?? [];
  const name = nameOf(key);
  const purl = packageUrl(name, version);
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    purl,
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
    ...(algorithm === undefined
      ? {}
      : { hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }] }),
  };
}

/**
 * The bill of materials (CycloneDX 1.5) of what is really in the bundles, not of all that is installed. Without a time
 * or a serial number, so that the same sources give the same file.
 *
 * @param inputs the files that contributed to a bundle, as esbuild names them
 * @throws Error for a package that the lock file does not know
 */
export function billOfMaterials(inputs: readonly string[], lock: LockFile): object {
  const keys = new Set(inputs.flatMap((input) => packageOf(input) ?? []));
  const { name, version } = lock;
  const components = new Map([...keys].map((key) => component(key, lock)).map((each) => [each.purl, each]));
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      lifecycles: [{ phase: 'build' }],
      component: { type: 'application', name, version, 'bom-ref': packageUrl(name, version) },
    },
    components: [...components.values()].sort((a, b) => (a.purl < b.purl ? -1 : 1)),
  };
}
