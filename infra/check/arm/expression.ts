/** A template expression of Azure Resource Manager: what stands between `[` and `]` in a compiled template. */
export type TemplateExpression =
  | { readonly kind: 'literal'; readonly value: string | number }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly TemplateExpression[] }
  | { readonly kind: 'access'; readonly of: TemplateExpression; readonly key: TemplateExpression };

/** Whether a string of a template is an expression; `[[` stands for a literal bracket. */
export const isExpression = (text: string): boolean =>
  text.startsWith('[') && text.endsWith(']') && !text.startsWith('[[');

const token = /\s*(?:'((?:[^']|'')*)'|(-?\d+)|([A-Za-z_][\w.]*)|([()[\],.]))/y;

type Token =
  | { readonly kind: 'name' | 'mark'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number };

function tokens(text: string): Token[] {
  const found: Token[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.trimEnd().length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (match === null) throw new SyntaxError(`no template expression at ${at}: ${text}`);
    const [, string, number, name, mark] = match;
    if (string !== undefined) found.push({ kind: 'string', value: string.replaceAll("''", "'") });
    else if (number !== undefined) found.push({ kind: 'number', value: Number(number) });
    else found.push(name === undefined ? { kind: 'mark', text: mark ?? '' } : { kind: 'name', text: name });
  }
  return found;
}

class ExpressionParser {
  readonly #tokens: readonly Token[];
  readonly #text: string;
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokens(text);
  }

  whole(): TemplateExpression {
    const expression = this.#expression();
    if (this.#next < this.#tokens.length) this.#fail();
    return expression;
  }

  #fail(): never {
    throw new SyntaxError(`no template expression: ${this.#text}`);
  }

  #take(mark: string): boolean {
    const next = this.#tokens[this.#next];
    if (next?.kind !== 'mark' || next.text !== mark) return false;
    this.#next += 1;
    return true;
  }

  #expression(): TemplateExpression {
    let expression = this.#primary();
    for (;;) {
      if (this.#take('[')) {
        expression = { kind: 'access', of: expression, key: this.#expression() };
        if (!this.#take(']')) this.#fail();
      } else if (this.#take('.')) {
        for (const value of this.#name().split('.')) {
          expression = { kind: 'access', of: expression, key: { kind: 'literal', value } };
        }
      } else return expression;
    }
  }

  #name(): string {
    const next = this.#tokens[this.#next];
    if (next?.kind !== 'name') return this.#fail();
    this.#next += 1;
    return next.text;
  }

  #primary(): TemplateExpression {
    const next = this.#tokens[this.#next];
    if (next?.kind === 'string' || next?.kind === 'number') {
      this.#next += 1;
      return { kind: 'literal', value: next.value };
    }
    const name = this.#name();
    if (!this.#take('(')) this.#fail();
    const found: TemplateExpression[] = [];
    if (this.#take(')')) return { kind: 'call', name, arguments: found };
    do found.push(this.#expression());
    while (this.#take(','));
    if (!this.#take(')')) this.#fail();
    return { kind: 'call', name, arguments: found };
  }
}

/**
 * Parses an expression with its brackets, as `[concat('a', parameters('b'))]`.
 *
 * @throws SyntaxError when it is none
 */
export const parseExpression = (text: string): TemplateExpression =>
  new ExpressionParser(text.slice(1, -1)).whole();
