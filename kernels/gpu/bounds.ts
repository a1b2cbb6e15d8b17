/**
 * Which uniform sizes a shader's control flow depends on; program.ts hides those from the driver.
 *
 * @module
 */

/**
 * Dims that decide how often a loop runs or which branch all lanes take, by name: those in the
 * header of a `for` or `while`, or alone in an `if`, and in what is declared as or assigned to a name
 * that stands there. Where there is a `loop`, which any `if` may leave, all of them.
 *
 * @param source WGSL, expanded
 */
export function boundsOf(source: string): Set<string> {
  const code = source.replace(/\/\/.*$/gm, ""), found = new Set<string>(), seen = new Set<string>();
  if (/\bloop\s*\{/.test(code)) {
    return new Set(Array.from(code.matchAll(/\bdims\.(\w+)/g), ([, dim]) => dim));
  }
  const values = Map.groupBy(
    [
      ...code.matchAll(/\b(?:let|var)\s+(\w+)(?:\s*:[^=;]+)?\s*=([^;]*)/g),
      // x = …, x += …, x.y = …, x[i] = …; no comparisons
      ...code.matchAll(/\b(\w+)(?:\.\w+|\[[^\]=;]*\])*\s*(?:[-+*\/%&|^]|<<|>>)?=(?!=)([^;{]*)/g),
    ],
    (m) => m[1],
  );
  const follow = (text: string): void => {
    for (const [, dim] of text.matchAll(/\bdims\.(\w+)/g)) found.add(dim);
    for (const [name] of text.replace(/\bdims\.\w+/g, "").matchAll(/\b[a-z_]\w*\b/gi)) {
      if (seen.has(name)) continue;
      seen.add(name);
      for (const [, , value] of values.get(name) ?? []) follow(value);
    }
  };
  for (const [header] of code.matchAll(/\b(?:for|while)\s*\([^{]*\{/g)) follow(header);
  for (const [, condition] of code.matchAll(/\bif\s*\(([^{]*)\)\s*\{/g)) {
    if (!/[a-z_]\w*/i.test(condition.replace(/\bdims\.\w+|\b\d+u?\b/g, ""))) follow(condition);
  }
  return found;
}
