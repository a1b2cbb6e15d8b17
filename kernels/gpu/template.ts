/**
 * The one generator behind kernels whose register tiles must be unrolled: a `.wgsl` source with
 * line directives, expanded with integer constants. WGSL stays WGSL; only these are added:
 *
 * ```text
 * #for i in 0..TM        repeat the block for i = 0 … TM-1 (bounds are expressions)
 * #if TRANSPOSED         keep the block when the expression is not 0
 * #else
 * #end
 * a${i * 4 + 1}          the value of an integer expression
 * ```
 *
 * Expressions know integers, the names given, loop variables, `+ - * / %` (whole division),
 * comparisons, `&& || !` and parentheses.
 *
 * @module
 */

/** Names an expression may use. */
export type Constants = Record<string, number>;

/**
 * Value of an integer expression.
 *
 * @throws {SyntaxError} on an unknown name or a malformed expression
 */
export function evaluate(expression: string, names: Constants): number {
  const tokens = expression.match(/\d+|\w+|&&|\|\||[<>=!]=|[-+*/%()<>!]|\S/g) ?? [];
  let at = 0;
  const fail = (what: string): never => {
    throw new SyntaxError(`Cannot evaluate \`${expression}\`: ${what}`);
  };
  const levels: Record<string, (a: number, b: number) => number>[] = [
    { "||": (a, b) => (a || b ? 1 : 0) },
    { "&&": (a, b) => (a && b ? 1 : 0) },
    {
      "==": (a, b) => +(a === b),
      "!=": (a, b) => +(a !== b),
      "<": (a, b) => +(a < b),
      ">": (a, b) => +(a > b),
      "<=": (a, b) => +(a <= b),
      ">=": (a, b) => +(a >= b),
    },
    { "+": (a, b) => a + b, "-": (a, b) => a - b },
    { "*": (a, b) => a * b, "/": (a, b) => Math.trunc(a / b), "%": (a, b) => a % b },
  ];
  const binary = (level: number): number => {
    if (level === levels.length) return unary();
    let value = binary(level + 1);
    for (let op = levels[level][tokens[at]]; op; op = levels[level][tokens[at]]) {
      at++;
      value = op(value, binary(level + 1));
    }
    return value;
  };
  const unary = (): number => {
    const token = tokens[at++];
    if (token === undefined) return fail("it ends too early");
    if (token === "!") return unary() ? 0 : 1;
    if (token === "-") return -unary();
    if (token === "(") {
      const value = binary(0);
      if (tokens[at++] !== ")") fail("a parenthesis is not closed");
      return value;
    }
    if (/^\d+$/.test(token)) return Number(token);
    return Object.hasOwn(names, token) ? names[token] : fail(`${token} is not known`);
  };
  const value = binary(0);
  if (at < tokens.length) fail(`${tokens[at]} was not expected`);
  return value;
}

/** The directive on a line, or null: `#for`, `#if`, `#else`, `#end` and what follows. */
function directive(line: string): [string, string] | null {
  const found = line.match(/^\s*#(for|if|else|end)\b\s*(.*?)\s*$/);
  return found ? [found[1], found[2]] : null;
}

/**
 * WGSL text of a template.
 *
 * @param source lines of WGSL and directives
 * @param names constants the expressions may use
 * @throws {SyntaxError} on an unbalanced block or a bad expression
 */
export function expand(source: string, names: Constants): string {
  const lines = source.split("\n");
  const out: string[] = [];
  const block = (from: number, scope: Constants, live: boolean): number => {
    for (let at = from; at < lines.length; at++) {
      const found = directive(lines[at]);
      if (!found) {
        if (live) {
          out.push(lines[at].replace(/\$\{([^}]*)\}/g, (_, e) => String(evaluate(e, scope))));
        }
        continue;
      }
      const [kind, rest] = found;
      if (kind === "end" || kind === "else") return at;
      if (kind === "if") {
        const holds = live && evaluate(rest, scope) !== 0;
        at = block(at + 1, scope, holds);
        if (directive(lines[at] ?? "")?.[0] === "else") at = block(at + 1, scope, live && !holds);
      } else {
        const head = rest.match(/^(\w+) in (.+)\.\.(.+)$/);
        if (!head) throw new SyntaxError(`Cannot read \`#for ${rest}\`: want \`name in a..b\``);
        const [lo, hi] = live ? [evaluate(head[2], scope), evaluate(head[3], scope)] : [0, 0];
        let end = block(at + 1, { ...scope, [head[1]]: lo }, live && lo < hi);
        for (let i = lo + 1; i < hi; i++) end = block(at + 1, { ...scope, [head[1]]: i }, live);
        at = end;
      }
      if (directive(lines[at] ?? "")?.[0] !== "end") {
        throw new SyntaxError(`Cannot expand the template: #${kind} ${rest} has no #end`);
      }
    }
    return lines.length;
  };
  const end = block(0, names, true);
  if (end < lines.length) {
    throw new SyntaxError(`Cannot expand the template: ${lines[end].trim()} closes nothing`);
  }
  return out.join("\n");
}
