import type { FileFault } from '../../local/file-fault.ts';
import { lineOf, type Pointer, type Template } from './arm/template.ts';
import { bicepVersion } from './bicep-version.ts';

export const compiledFile = 'infra/main.json';

const isPart = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** What depends on the compiler's version alone: its stamp, and the API version with which modules are deployed. */
function isCompilersOwn(part: Record<string, unknown>, key: string): boolean {
  return key === '_generator' || (key === 'apiVersion' && part['type'] === 'Microsoft.Resources/deployments');
}

/** The first place at which two templates differ in what they deploy. */
function firstDifference(a: unknown, b: unknown, pointer: Pointer = []): Pointer | undefined {
  if (!isPart(a) || !isPart(b)) return a === b ? undefined : pointer;
  if (Array.isArray(a) !== Array.isArray(b)) return pointer;
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (isCompilersOwn(a, key)) continue;
    const found = firstDifference(a[key], b[key], [...pointer, Array.isArray(a) ? Number(key) : key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The version of the compiler that made a template, like `0.49.2`. */
export const madeBy = (template: Template): string =>
  template.metadata?._generator?.version?.split('.').slice(0, 3).join('.') ?? 'unknown';

/**
 * Whether the committed template is what the Bicep files compile to now. Files made by the same version must be the same
 * to the letter; otherwise they must deploy the same.
 */
export function checkStale(committed: string | undefined, built: string, version: string): FileFault[] {
  const remedy = `run npm run build:infra (with Bicep ${bicepVersion}) and commit it`;
  const fault = (message: string, line?: number): FileFault[] => [
    {
      file: compiledFile,
      ...(line === undefined ? {} : { line }),
      rule: 'stale',
      message: `${message}: ${remedy}`,
    },
  ];
  if (committed === undefined) return fault('is missing');
  const is = JSON.parse(committed) as Template;
  const made = `it was made by Bicep ${madeBy(is)}, and this is ${version}`;
  const difference = firstDifference(is, JSON.parse(built));
  if (difference !== undefined) {
    const place = difference.join('.').slice(0, 200);
    return fault(`is stale at ${place} (${made})`, lineOf(is, difference));
  }
  const isSameCompiler = madeBy(is) === version;
  return isSameCompiler && committed.trimEnd() !== built.trimEnd() ? fault('is laid out differently') : [];
}
