import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { findBicepCli } from '../../infra/check/bicep-cli.ts';
import { bicepPackage } from '../../infra/check/bicep-package.ts';
import { bicepVersion } from '../../infra/check/bicep-version.ts';

let machine: string;
beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), 'machine-'));
  mkdirSync(join(machine, 'bin'));
});
afterEach(() => rmSync(machine, { recursive: true }));

/** A stand-in on the machine: a script of the shell. */
function put(path: string, script: string): string {
  const file = join(machine, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}
const says = (version: string): string => `echo "Bicep CLI version ${version} (abc)"`;

function find({ mayDownload = true, ...environment }: Record<string, string | boolean> = {}) {
  const PATH = join(machine, 'bin');
  return findBicepCli({
    environment: { PATH, HOME: machine, ...(environment as Record<string, string>) },
    cacheDirectory: join(machine, 'cache'),
    mayDownload: mayDownload === true,
  });
}

const packaged = `cache/packages/${bicepPackage().toLowerCase()}/${bicepVersion}/tools/bicep`;
/** Puts the package where --packages says, and leaves its options in a file. */
const dotnet = [
  'echo "$@" > "$HOME/asked"',
  `file="$4/${packaged.replace('cache/packages/', '')}"`,
  '/bin/mkdir -p "$(/usr/bin/dirname "$file")"',
  `printf '#!/bin/sh\\necho "Bicep CLI version ${bicepVersion}"\\n' > "$file"`,
].join('\n');

describe('the compiler is found', { skip: process.platform === 'win32' }, () => {
  test('on the PATH, before any other', async () => {
    const path = put('bin/bicep', says('0.40.1'));
    put('bin/az', 'exit 0');
    put('.azure/bin/bicep', says('0.41.0'));
    assert.deepEqual(await find(), { cli: { path, version: '0.40.1', from: '`bicep` on the PATH' } });
  });

  test('as the one of the Azure CLI', async () => {
    put('bin/az', 'exit 1');
    const path = put('.azure/bin/bicep', says('0.41.0'));
    assert.deepEqual(await find(), { cli: { path, version: '0.41.0', from: '`az bicep`' } });
  });

  test('as the one of the Azure CLI with a configuration elsewhere', async () => {
    put('bin/az', 'exit 1');
    const path = put('elsewhere/bin/bicep', says('0.41.0'));
    const found = await find({ AZURE_CONFIG_DIR: join(machine, 'elsewhere') });
    assert.deepEqual(found, { cli: { path, version: '0.41.0', from: '`az bicep`' } });
  });

  test('by having the Azure CLI install the version that is pinned', async () => {
    put(
      'bin/az',
      `[ "$*" = "bicep install --version v${bicepVersion}" ] || exit 1
/bin/mkdir -p "$HOME/.azure/bin"
printf '#!/bin/sh\\necho "Bicep CLI version ${bicepVersion}"\\n' > "$HOME/.azure/bin/bicep"
/bin/chmod +x "$HOME/.azure/bin/bicep"`,
    );
    const path = join(machine, '.azure/bin/bicep');
    assert.deepEqual(await find(), { cli: { path, version: bicepVersion, from: '`az bicep`' } });
  });

  test('as the NuGet package, restored with .NET, and not twice', async () => {
    put('bin/dotnet', dotnet);
    const found = await find();
    assert.deepEqual(found, {
      cli: { path: join(machine, packaged), version: bicepVersion, from: 'NuGet' },
    });
    assert.match(readFileSync(join(machine, 'asked'), 'utf8'), /^restore .*bicep\.csproj --packages .*cache/);
    const project = readFileSync(join(machine, 'cache/bicep.csproj'), 'utf8');
    assert.ok(
      project.includes(`<PackageDownload Include="${bicepPackage()}" Version="[${bicepVersion}]" />`),
    );
    rmSync(join(machine, 'asked'));
    assert.deepEqual(await find({ mayDownload: false }), found);
    assert.ok(!existsSync(join(machine, 'asked')));
  });

  test('where BICEP_CLI says, before any other', async () => {
    put('bin/bicep', says('0.40.1'));
    const path = put('mine', says('0.50.0'));
    assert.deepEqual(await find({ BICEP_CLI: path }), {
      cli: { path, version: '0.50.0', from: 'BICEP_CLI' },
    });
  });
});

describe('no compiler is found', { skip: process.platform === 'win32' }, () => {
  test('on an empty machine, which says where it was looked for', async () => {
    assert.deepEqual(await find(), {
      missing: '`bicep` on the PATH: not there; `az bicep`: not there; NuGet: .NET is not there',
    });
  });

  test('where nothing may be downloaded, and nothing is tried', async () => {
    put('bin/az', `touch "${machine}/tried"; exit 1`);
    put('bin/dotnet', `touch "${machine}/tried"; exit 1`);
    const missing = '`bicep` on the PATH: not there; `az bicep`: not there; NuGet: not there';
    assert.deepEqual(await find({ mayDownload: false }), { missing });
    assert.ok(!existsSync(join(machine, 'tried')));
  });

  test('when all of them fail, with the reason of each', async () => {
    put('bin/bicep', 'echo "GLIBC not found" >&2; exit 127');
    put('bin/az', 'echo "ERROR: no network" >&2; exit 1');
    put('bin/dotnet', 'echo "Determining projects"; echo "error NU1301: no source"; exit 1');
    const { missing } = (await find()) as { missing: string };
    assert.match(missing, /`bicep` on the PATH: .*GLIBC not found|`bicep` on the PATH: Command failed/);
    assert.match(missing, /`az bicep`: .*(no network|Command failed)/);
    assert.match(missing, /NuGet: .*error NU1301: no source/);
  });

  test('with BICEP_CLI=none, though there is one', async () => {
    put('bin/bicep', says('0.40.1'));
    assert.deepEqual(await find({ BICEP_CLI: 'none' }), { missing: 'BICEP_CLI is none' });
  });

  test('where BICEP_CLI names what is no compiler: an error, not a way around it', async () => {
    const path = put('mine', 'echo hello');
    await assert.rejects(find({ BICEP_CLI: path }), /says no version/);
  });
});

describe('the NuGet package', () => {
  const named = [
    ['linux', 'x64', 'linux-x64'],
    ['linux', 'arm64', 'linux-arm64'],
    ['darwin', 'arm64', 'osx-arm64'],
    ['darwin', 'x64', 'osx-x64'],
    ['win32', 'x64', 'win-x64'],
  ] as const;
  for (const [platform, arch, name] of named) {
    test(`for ${platform}-${arch} is that of ${name}`, () =>
      assert.equal(bicepPackage(platform, arch), `Azure.Bicep.CommandLine.${name}`));
  }
  test('does not exist for other platforms, which is said with what to do', () =>
    assert.throws(() => bicepPackage('freebsd', 'x64'), /this is freebsd-x64: install Bicep itself/));
});
