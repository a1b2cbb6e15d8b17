/** Reading named fields of a parsed JSON object: what is missing is collected, what is wrong refused. */

/** The fields of one object, dotted into its parts: `ffn_config.moe_top_k`. */
export class Fields {
  /** Required fields that were asked for and are not there, in the order they were asked for. */
  readonly missing: string[] = [];
  readonly #object: object;
  readonly #name: string;

  /**
   * @param object a parsed JSON object
   * @param name of the file, for messages
   */
  constructor(object: object, name: string) {
    this.#object = object;
    this.#name = name;
  }

  /** A field's value; undefined where it is missing or null. */
  value(path: string): unknown {
    let at: unknown = this.#object;
    for (const part of path.split(".")) {
      if (typeof at !== "object" || at === null || !Object.hasOwn(at, part)) return undefined;
      at = (at as Record<string, unknown>)[part];
    }
    return at ?? undefined;
  }

  /** A positive whole number; 1 where it is missing, which is noted. */
  size(path: string): number {
    const size = this.optionalSize(path);
    if (size === undefined) this.missing.push(path);
    return size ?? 1;
  }

  /** A positive whole number, or nothing; 0 is nothing too. */
  optionalSize(path: string): number | undefined {
    const value = this.value(path);
    if (value === undefined || value === 0) return undefined;
    if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
    throw this.#wrong(path, "a positive whole number");
  }

  /** A number, or the default. */
  number(path: string, otherwise: number): number {
    const value = this.value(path) ?? otherwise;
    if (typeof value === "number") return value;
    throw this.#wrong(path, "a number");
  }

  /** A truth value, or the default. */
  flag(path: string, otherwise = false): boolean {
    const value = this.value(path) ?? otherwise;
    if (typeof value === "boolean") return value;
    throw this.#wrong(path, "true or false");
  }

  /** A text, or the default. */
  word(path: string, otherwise = ""): string {
    const value = this.value(path) ?? otherwise;
    if (typeof value === "string") return value;
    throw this.#wrong(path, "a text");
  }

  /** A list of numbers, or nothing. */
  numbers(path: string): number[] | undefined {
    const value = this.value(path);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((x) => typeof x === "number")) return value;
    throw this.#wrong(path, "a list of numbers");
  }

  #wrong(path: string, wanted: string): TypeError {
    const found = JSON.stringify(this.value(path)), shown = found.slice(0, 40);
    return new TypeError(
      `Cannot read ${this.#name}: ${path} is ${shown}${
        found.length > 40 ? "…" : ""
      }, not ${wanted}`,
    );
  }
}
