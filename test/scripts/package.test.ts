import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type FunctionsHost, startFunctionsHost } from '../../local/functions-host/functions-host.ts';
import {
  billOfMaterialsFile,
  checksumsFile,
  commandLineFile,
  makePackage,
  packageFiles,
} from '../../scripts/package.ts';

const fixtures = join(import.meta.dirname, '../fixtures');

async function copyOfFixture(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'package-'));
  await cp(join(fixtures, 'package'), root, { recursive: true });
  await cp(join(import.meta.dirname, '../../package-lock.json'), join(root, 'package-lock.json'));
  await symlink(join(import.meta.dirname, '../../node_modules'), join(root, 'node_modules'), 'junction');
  return root;
}

suite('the deployable package', () => {
  let root: string;
  let outDirectory: string;
  let host: FunctionsHost;

  before(async () => {
    root = await copyOfFixture();
    outDirectory = join(root, 'dist');
    await cp(join(fixtures, 'package'), outDirectory, { recursive: true });
    await makePackage({ root, outDirectory });
    const { main } = JSON.parse(await readFile(join(outDirectory, 'package.json'), 'utf8'));
    host = await startFunctionsHost({ entryPoints: [main], appDirectory: outDirectory });
  });
  after(async () => {
    await host.stop();
    await rm(root, { recursive: true });
  });

  test('holds exactly its files, and nothing that lay there before', async () => {
    const found = (await readdir(outDirectory, { recursive: true })).filter((path) => path !== 'bin');
    assert.deepEqual(found.sort(), [...packageFiles]);
  });

  test('has a package.json for production', async () => {
    assert.deepEqual(JSON.parse(await readFile(join(outDirectory, 'package.json'), 'utf8')), {
      name: 'fixture-app',
      version: '1.2.3',
      private: true,
      main: 'functions.cjs',
      bin: { 'token-refresher': 'bin/token-refresher.cjs' },
      engines: { node: '24.x' },
    });
  });

  test('has the host.json of the app', async () => {
    assert.deepEqual(JSON.parse(await readFile(join(outDirectory, 'host.json'), 'utf8')), { version: '2.0' });
  });

  test('has a command line that runs by itself, and knows where it lies', () => {
    const file = join(outDirectory, commandLineFile);
    const { stdout, status } = spawnSync(process.execPath, [file, 'one', 'two'], { encoding: 'utf8' });
    assert.deepEqual([status, stdout], [3, `one two from ${pathToFileURL(file).href}\n`]);
  });

  test('has the checksum of every other file, as sha256sum reads them', async () => {
    const lines = (await readFile(join(outDirectory, checksumsFile), 'utf8')).trimEnd().split('\n');
    const expected = packageFiles.filter((file) => file !== checksumsFile);
    assert.deepEqual(
      lines.map((line) => line.slice(66)),
      expected,
    );
    for (const line of lines) {
      const content = await readFile(join(outDirectory, line.slice(66)));
      assert.equal(line.slice(0, 66), `${createHash('sha256').update(content).digest('hex')}  `);
    }
  });

  test('tells which packages are bundled, and none that is only installed', async () => {
    const { bomFormat, components } = JSON.parse(
      await readFile(join(outDirectory, billOfMaterialsFile), 'utf8'),
    );
    const names: string[] = components.map(({ name }: { name: string }) => name);
    assert.equal(bomFormat, 'CycloneDX');
    assert.equal(new Set(components.map(({ purl }: { purl: string }) => purl)).size, components.length);
    for (const name of ['@azure/keyvault-secrets', 'undici']) assert.ok(names.includes(name), name);
    for (const name of ['typescript', 'esbuild', 'croner']) assert.ok(!names.includes(name), name);
    for (const { version, purl, hashes } of components) {
      assert.ok(purl.startsWith('pkg:npm/') && purl.endsWith(`@${version}`), purl);
      assert.match(hashes[0].content, /^[0-9a-f]{128}$/);
    }
  });

  test('has no source map', async () => {
    const code = await readFile(join(outDirectory, 'functions.cjs'), 'utf8');
    assert.doesNotMatch(code.slice(-1000), /sourceMappingURL/);
  });

  test('registers the functions of all files, in alphabetical order of the files', () => {
    assert.deepEqual(
      host.functions.map(({ name }) => name),
      ['clients', 'report'],
    );
  });

  test('has the Azure SDK and undici working inside', async () => {
    const { result } = await host.runTimer('clients');
    assert.deepEqual(result, ['https://example.vault.azure.net', true]);
  });

  test('runs Application Insights when it is first asked for, not when it is loaded', async () => {
    // The package sets this while it is evaluated.
    const mark = 'AZURE_MONITOR_DISTRO_VERSION';
    assert.equal(process.env[mark], undefined);
    const { result } = await host.runTimer('report');
    assert.equal(result, 'function');
    assert.notEqual(process.env[mark], undefined);
  });
});

suite('a package is refused', () => {
  for (const [sentence, file, code, message, program] of [
    ['that needs a package of its own', 'a.ts', `import 'some-package';`, /Could not resolve "some-package"/],
    [
      'that warns',
      'a.ts',
      'console.log(import.meta.url);',
      /bundling warns:\n.*import\.meta.*functions\/a\.ts:1/,
    ],
    ['with the local environment', 'a.ts', `import '../local/x.ts';`, /local environment: local\/x\.ts/],
    [
      'with a package left outside',
      'a.ts',
      `try { require('some-package'); } catch {}`,
      /needs packages: some-/,
    ],
    [
      'without licences',
      'a.ts',
      'export {};',
      /should hold .* but holds SHA256SUMS, bin\/token-refresher\.cjs, bin\/token-refresher\.cjs\.LEGAL\.txt, functions\.cjs, host\.json/,
    ],
    [
      'with the local environment in its command line',
      'b.ts',
      'export {};',
      /local environment: local\/x\.ts/,
      `import '../local/x.ts';`,
    ],
    ['without functions', 'a.js', 'export {};', /no function files/],
  ] as const) {
    test(sentence, async (t) => {
      const root = await copyOfFixture();
      t.after(() => rm(root, { recursive: true }));
      await rm(join(root, 'functions'), { recursive: true });
      for (const directory of ['functions', 'local']) await mkdir(join(root, directory), { recursive: true });
      await writeFile(join(root, 'local/x.ts'), 'export {};');
      await writeFile(join(root, 'functions', file), code);
      if (program !== undefined) await writeFile(join(root, 'bin/packaged.ts'), program);
      await assert.rejects(makePackage({ root, outDirectory: join(root, 'dist') }), message);
    });
  }
});
