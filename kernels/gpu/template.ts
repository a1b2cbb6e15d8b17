/**
 * The one generator behind kernels whose register tiles must be unrolled: a `.wgsl` source with
 * line directives, expanded with integer constants. WGSL stays WGSL; only these are added:
 *
 * ```text
 * #include "epilogue"              the lines of another source, in this scope
 * #for i in 0..TM, j in 0..NV      repeat the block for i = 0 … TM-1, in each for j = 0 … NV-1
 * #if TRANSPOSED                   keep the first block whose expression is not 0
 * #elif GATED
 * #else
 * #end if TRANSPOSED               ends a block; what follows `#end` must begin as the block did
 * c${i}_${j} = vec4<f32>();        #for i in 0..TM, j in 0..NV if !GATED
 * let e = 0u;                      #if !GROUPED
 * a${i * 4 + 1}                    the value of an integer expression
 * ```
 *
 * A directive behind WGSL is about that line alone. Directives may be indented like code; that, and
 * lines that are blank or only a comment, leave no trace in the text, so that a file can be cut in
 * two, each with a header of its own, and the compiler sees what it saw before.
 *
 * Expressions know integers, the names given, loop variables, `+ - * / %` (whole division),
 * comparisons, `&& || !`, `a ? b : c` and parentheses.
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
  const choice = (): number => {
    const value = binary(0);
    if (tokens[at] !== "?") return value;
    at++;
    const yes = choice();
    if (tokens[at++] !== ":") fail("a choice has no other side");
    const no = choice();
    return value ? yes : no;
  };
  const unary = (): number => {
    const token = tokens[at++];
    if (token === undefined) return fail("it ends too early");
    if (token === "!") return unary() ? 0 : 1;
    if (token === "-") return -unary();
    if (token === "(") {
      const value = choice();
      if (tokens[at++] !== ")") fail("a parenthesis is not closed");
      return value;
    }
    if (/^\d+$/.test(token)) return Number(token);
    return Object.hasOwn(names, token) ? names[token] : fail(`${token} is not known`);
  };
  const value = choice();
  if (at < tokens.length) fail(`${tokens[at]} was not expected`);
  return value;
}

/** A source, read: lines to write, blocks to repeat or choose from, sources to put in. */
type Node =
  | { kind: "line"; text: string }
  | { kind: "include"; name: string }
  | { kind: "for"; loops: Loop[]; body: Node[] }
  | { kind: "if"; branches: { condition: string; body: Node[] }[] };

/** A loop variable and its bounds. */
interface Loop {
  name: string;
  first: string;
  end: string;
}

/** The loops of `i in a..b, j in c..d`. */
function loopsOf(head: string): Loop[] {
  return head.split(/,(?=\s*\w+ in )/).map((part) => {
    const found = part.trim().match(/^(\w+) in (.+)\.\.(.+)$/);
    if (!found) throw new SyntaxError(`Cannot read \`#for ${head}\`: want \`name in a..b\``);
    return { name: found[1], first: found[2], end: found[3] };
  });
}

/** The block a `#for` or `#if` opens. */
function opened(kind: string, head: string, body: Node[]): Node {
  if (kind === "if") return { kind, branches: [{ condition: head, body }] };
  const [loops, condition] = head.split(/\sif\s/);
  if (condition === undefined) return { kind: "for", loops: loopsOf(head), body };
  return { kind: "for", loops: loopsOf(loops), body: [opened("if", condition, body)] };
}

/** A source as nodes; `what` names it in errors. */
function parse(source: string, what: string): Node[] {
  const fail = (why: string): never => {
    throw new SyntaxError(`Cannot expand ${what}: ${why}`);
  };
  const root: Node[] = [];
  const open: { kind: string; head: string; node: Node; into: Node[]; last: boolean }[] = [];
  const into = () => open.at(-1)?.into ?? root;
  for (const line of source.split("\n")) {
    if (/^\s*(\/\/.*)?$/.test(line)) continue;
    const found = line.match(/^\s*#(include|for|if|elif|else|end)\b\s*(.*?)\s*$/);
    if (!found) {
      const short = line.match(/^(.*\S)\s+#(for|if)\s+(.*?)\s*$/);
      const node: Node = { kind: "line", text: short?.[1] ?? line };
      into().push(short ? opened(short[2], short[3], [node]) : node);
      continue;
    }
    const [, kind, head] = found, block = open.at(-1);
    if (kind === "include") {
      const name = head.match(/^"(\w+)"$/)?.[1] ??
        fail(`want #include "name", found ${line.trim()}`);
      into().push({ kind, name });
    } else if (kind === "for" || kind === "if") {
      const body: Node[] = [], node = opened(kind, head, body);
      into().push(node);
      open.push({ kind, head, node, into: body, last: false });
    } else if (!block) {
      fail(`${line.trim()} closes nothing`);
    } else if (kind === "end") {
      const begun = `${block.kind} ${block.head}`, rest = begun.slice(head.length);
      if (head && (!begun.startsWith(head) || /^\w/.test(rest))) {
        fail(`#end ${head} closes #${begun}`);
      }
      open.pop();
    } else {
      if (block.node.kind !== "if") return fail(`#${kind} stands in #for ${block.head}`);
      if (block.last) fail(`#${kind} after #else, in #if ${block.head}`);
      block.into = [];
      block.last = kind === "else";
      block.node.branches.push({ condition: block.last ? "1" : head, body: block.into });
    }
  }
  const left = open.at(-1);
  if (left) fail(`#${left.kind} ${left.head} has no #end`);
  return root;
}

/**
 * WGSL text of a template.
 *
 * @param source lines of WGSL and directives
 * @param names constants the expressions may use
 * @param sources what `#include` may name, by name
 * @throws {SyntaxError} on an unbalanced or wrongly named block, a bad expression, an unknown
 * include or one that comes back to itself
 */
export function expand(
  source: string,
  names: Constants,
  sources: Readonly<Record<string, string>> = {},
): string {
  const out: string[] = [];
  const loop = (loops: Loop[], body: Node[], scope: Constants, within: string[]): void => {
    if (loops.length === 0) return write(body, scope, within);
    const [{ name, first, end }, ...inner] = loops, last = evaluate(end, scope);
    for (let i = evaluate(first, scope); i < last; i++) {
      loop(inner, body, { ...scope, [name]: i }, within);
    }
  };
  const write = (nodes: Node[], scope: Constants, within: string[]): void => {
    for (const node of nodes) {
      if (node.kind === "line") {
        out.push(node.text.replace(/\$\{([^}]*)\}/g, (_, e) => String(evaluate(e, scope))));
      } else if (node.kind === "for") {
        loop(node.loops, node.body, scope, within);
      } else if (node.kind === "if") {
        const taken = node.branches.find(({ condition }) => evaluate(condition, scope) !== 0);
        if (taken) write(taken.body, scope, within);
      } else {
        include(node.name, scope, within);
      }
    }
  };
  const include = (name: string, scope: Constants, within: string[]): void => {
    if (!Object.hasOwn(sources, name)) {
      throw new SyntaxError(`Cannot include ${name}: found ${Object.keys(sources).join(", ")}`);
    }
    if (within.includes(name)) {
      throw new SyntaxError(`Cannot include ${name}: ${[...within, name].join(" includes ")}`);
    }
    write(parse(sources[name], name), scope, [...within, name]);
  };
  write(parse(source, "the template"), names, []);
  return out.join("\n");
}
