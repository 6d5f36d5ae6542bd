import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Language, type Node, Parser } from 'web-tree-sitter';
import type { FileFault } from '../../local/file-fault.ts';

/** What the grammar does not know of the language; the compiler does. */
const unknownToGrammar: readonly RegExp[] = [
  /^\s*extension\b/,
  /^\s*import\b|\bas\s+\w+/,
  /\.\.\.\w/,
  /\bresource(Input|Output|Derived)?<|\bresourceInput\b/,
  /^\s*var\s+\w+\s+\w/,
  /\$'''/,
];

async function bicepParser(): Promise<Parser> {
  await Parser.init();
  const grammar = fileURLToPath(import.meta.resolve('tree-sitter-bicep/tree-sitter-bicep.wasm'));
  const parser = new Parser();
  parser.setLanguage(await Language.load(grammar));
  return parser;
}

/** The innermost places at which the parser gave up or missed something. */
function* brokenNodes(node: Node): Generator<Node> {
  if (node.isError || node.isMissing) yield node;
  else for (const child of node.children) if (child.hasError || child.isMissing) yield* brokenNodes(child);
}

interface SyntaxReport {
  readonly faults: readonly FileFault[];
  /** Files that use what the grammar does not know. */
  readonly notParsed: readonly string[];
}

/**
 * Looks for syntax errors without the compiler. Parameter files, and files with words that the grammar does not know,
 * are not judged.
 *
 * @param files from the root
 */
export async function checkSyntax(root: string, files: readonly string[]): Promise<SyntaxReport> {
  const parser = await bicepParser();
  const faults: FileFault[] = [];
  const notParsed: string[] = [];
  for (const file of files) {
    const source = readFileSync(join(root, file), 'utf8');
    const broken = [...brokenNodes(parser.parse(source)?.rootNode as Node)];
    if (broken.length === 0) continue;
    const isKnown = broken.every((node) => isUnknownToGrammar(node, source.split('\n')));
    if (file.endsWith('.bicepparam') || isKnown) notParsed.push(file);
    else faults.push(...broken.map((node) => syntaxFault(file, node)));
  }
  return { faults, notParsed };
}

function isUnknownToGrammar(node: Node, lines: readonly string[]): boolean {
  const text = lines.slice(node.startPosition.row, node.endPosition.row + 1);
  return text.some((line) => unknownToGrammar.some((pattern) => pattern.test(line)));
}

function syntaxFault(file: string, node: Node): FileFault {
  const what = node.isMissing ? `${node.type} is missing` : `unexpected "${node.text.trim().split('\n')[0]}"`;
  return { file, line: node.startPosition.row + 1, rule: 'syntax', message: what };
}
