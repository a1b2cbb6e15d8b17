/**
 * A small XML reader and the rules of the JUnit form that CI systems read (Jenkins' junit-10.xsd): which
 * elements stand in which, and which attributes they must and may have.
 */

/** An element. */
export interface Element {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
}

const ENTITY: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"' };

function unescape(text: string): string {
  return text.replace(/&(?:#(\d+)|(\w+));|&/g, (found, code, name) => {
    if (code !== undefined) return String.fromCodePoint(Number(code));
    if (name in ENTITY) return ENTITY[name];
    throw new SyntaxError(`Cannot read XML: ${found} is no entity`);
  });
}

/** Reads elements and attributes; anything else but blanks is refused. */
export function readXml(text: string): Element {
  const root: Element = { name: "", attributes: {}, children: [] }, open = [root];
  // deno-lint-ignore no-control-regex -- the characters XML 1.0 has no place for
  if (/[\x00-\x08\x0b\x0c\x0e-\x1f]/.test(text)) throw new SyntaxError("Cannot read XML: control");
  const body = text.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, "");
  const token = /<(\/?)([\w-]+)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>|([^<]+)|(.)/gs;
  for (const [all, close, name, attributes, self, blank, other] of body.matchAll(token)) {
    if (other !== undefined || blank?.trim()) throw new SyntaxError(`Cannot read XML: ${all}`);
    if (blank !== undefined) continue;
    if (close === "/") {
      if (open.pop()?.name !== name) throw new SyntaxError(`Cannot read XML: </${name}>`);
      continue;
    }
    const element: Element = { name, attributes: {}, children: [] };
    for (const [, key, value] of attributes.matchAll(/([\w-]+)="([^"]*)"/g)) {
      if (key in element.attributes) throw new SyntaxError(`Cannot read XML: ${key} stands twice`);
      element.attributes[key] = unescape(value);
    }
    open.at(-1)!.children.push(element);
    if (self !== "/") open.push(element);
  }
  if (open.length !== 1 || root.children.length !== 1) {
    throw new SyntaxError("Cannot read XML: cut");
  }
  return root.children[0];
}

// counts and times are text there; here they must be numbers, and `classname`, which readers group by, must be
const COUNT = /^\d+$/, TIME = /^\d+(?:\.\d+)?$/, ANY = /[\s\S]*/;
const WHEN = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/;

interface Rule {
  must: Record<string, RegExp>;
  may: Record<string, RegExp>;
  children: string[];
}

const RULES: Record<string, Rule> = {
  testsuites: {
    must: {},
    may: { name: ANY, time: TIME, tests: COUNT, failures: COUNT, errors: COUNT },
    children: ["testsuite"],
  },
  testsuite: {
    must: { name: ANY, tests: COUNT, failures: COUNT, errors: COUNT },
    may: { skipped: COUNT, time: TIME, timestamp: WHEN, id: ANY, hostname: ANY },
    children: ["testcase"],
  },
  testcase: {
    must: { name: ANY, classname: ANY },
    may: { time: TIME, group: ANY },
    children: ["skipped", "failure", "error"],
  },
  skipped: { must: {}, may: { message: ANY, type: ANY }, children: [] },
  failure: { must: {}, may: { message: ANY, type: ANY }, children: [] },
  error: { must: {}, may: { message: ANY, type: ANY }, children: [] },
};

/** Everything in a file that the form does not allow, and counts that are not true. */
export function junitFaults(element: Element, path = ""): string[] {
  const { name, attributes, children } = element, here = `${path}/${name}`, rule = RULES[name];
  if (rule === undefined || (path === "" && name !== "testsuites")) return [`${here}: no place`];
  const known = { ...rule.must, ...rule.may };
  const told = (outcome: string) =>
    children.filter((one) => one.children.some((inner) => inner.name === outcome)).length;
  const counts: [string, number][] = name !== "testsuite" ? [] : [
    ["tests", children.length],
    ["failures", told("failure")],
    ["errors", told("error")],
    ["skipped", told("skipped")],
  ];
  return [
    ...Object.keys(rule.must).filter((key) => !(key in attributes)).map((key) =>
      `${here}: ${key} is missing`
    ),
    ...Object.entries(attributes).filter(([key, value]) => !known[key]?.test(value))
      .map(([key, value]) => `${here}: ${key}="${value}"`),
    ...counts.filter(([key, many]) => attributes[key] !== String(many))
      .map(([key, many]) => `${here}: ${key} is ${attributes[key]}, there are ${many}`),
    ...children.flatMap((child) =>
      rule.children.includes(child.name)
        ? junitFaults(child, here)
        : [`${here}: holds ${child.name}`]
    ),
  ];
}
