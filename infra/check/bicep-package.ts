import { execFile } from 'node:child_process';
import { access, chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bicepVersion } from './bicep-version.ts';

const run = promisify(execFile);

/** There is one package for each of these platforms (Node's name, .NET's name). */
const platforms: ReadonlyMap<string, string> = new Map([
  ['linux-x64', 'linux-x64'],
  ['linux-arm64', 'linux-arm64'],
  ['darwin-x64', 'osx-x64'],
  ['darwin-arm64', 'osx-arm64'],
  ['win32-x64', 'win-x64'],
]);

/**
 * The NuGet package with the compiler for a platform, in Node's words.
 *
 * @throws when there is none
 */
export function bicepPackage(platform: string = process.platform, arch: string = process.arch): string {
  const name = platforms.get(`${platform}-${arch}`);
  if (name !== undefined) return `Azure.Bicep.CommandLine.${name}`;
  const known = [...platforms.keys()].join(', ');
  throw new Error(`there is a package for ${known}, and this is ${platform}-${arch}: install Bicep itself`);
}

function packagedPath(directory: string): string {
  const executable = process.platform === 'win32' ? 'bicep.exe' : 'bicep';
  return join(directory, 'packages', bicepPackage().toLowerCase(), bicepVersion, 'tools', executable);
}

/** The compiler in a package that was restored before. */
export async function packagedBicep(directory: string): Promise<string | undefined> {
  const path = packagedPath(directory);
  return access(path).then(
    () => path,
    () => undefined,
  );
}

/** A project that needs the package and builds nothing. */
const project = (): string => `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>netstandard2.0</TargetFramework>
    <DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences>
    <EnableDefaultItems>false</EnableDefaultItems>
  </PropertyGroup>
  <ItemGroup>
    <PackageDownload Include="${bicepPackage()}" Version="[${bicepVersion}]" />
  </ItemGroup>
</Project>
`;

/**
 * Brings the compiler's NuGet package with `dotnet restore`, unless it is there.
 *
 * @param directory where the project and the package go; nothing is written anywhere else
 * @returns the compiler's path
 * @throws when the platform has no package, or .NET is not there or cannot restore it
 */
export async function restoreBicep(
  directory: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const restored = await packagedBicep(directory);
  if (restored !== undefined) return restored;
  await mkdir(directory, { recursive: true });
  const projectFile = join(directory, 'bicep.csproj');
  await writeFile(projectFile, project());
  await restore(projectFile, directory, environment);
  const path = packagedPath(directory);
  await chmod(path, 0o755);
  return path;
}

async function restore(
  projectFile: string,
  directory: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  // Without a home .NET does not start.
  const home = environment['HOME'] === undefined ? { DOTNET_CLI_HOME: directory } : {};
  const env = { ...environment, ...home, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' };
  try {
    await run('dotnet', ['restore', projectFile, '--packages', join(directory, 'packages')], {
      env,
      timeout: 300_000,
    });
  } catch (error) {
    // The reason stands in the output, the error says only that the command failed.
    const { stdout, code } = error as { stdout?: string; code?: unknown };
    if (code === 'ENOENT') throw new Error('.NET is not there', { cause: error });
    throw new Error(stdout?.trim() || 'dotnet restore failed', { cause: error });
  }
}
