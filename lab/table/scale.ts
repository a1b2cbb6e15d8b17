/**
 * On whose scale the swept values of a table are written. Sweeps are compared on the reference's: at x a target
 * trains with what the rule carries x to. Where a table has what the target trained with, a factor carries it back.
 *
 * @module
 */
import { nameIn, numberIn, TableError } from "./cells.ts";

/** By what a value as written is multiplied to stand on the reference's scale, for every label. */
export type Scale = Map<string, number>;

interface Configuration {
  label: string;
  values: string[];
}

/** The factor of every configuration by `COLUMN^POWER`. */
function powers(
  spec: string,
  at: number,
  power: number,
  all: readonly Configuration[],
  reference: string,
): Scale {
  const cannot = (why: string) => new TableError(`Cannot use --scale ${spec}: ${why}`);
  const sizes = all.map(({ label, values }) => {
    const size = numberIn(values[at], false);
    if (!size || !(size > 0)) throw cannot(`of ${label} it is "${values[at]}", no number above 0`);
    return [label, size] as const;
  });
  const own = sizes.find(([label]) => label === reference)![1];
  return new Map(sizes.map(([label, size]) => [label, (size / own) ** power]));
}

/**
 * Reads what was said of scales.
 *
 * @param specs `CONFIGURATION=FACTOR`, or `COLUMN` or `COLUMN^POWER`; factors multiply
 * @param names columns of the configurations' values
 * @throws {TableError} for what names no configuration and no column, and for a factor that is none
 */
export function scaleOf(
  specs: readonly string[],
  all: readonly Configuration[],
  names: readonly string[],
  reference: string,
): Scale {
  const scale: Scale = new Map(all.map(({ label }) => [label, 1]));
  const times = (label: string, factor: number) => scale.set(label, scale.get(label)! * factor);
  for (const spec of specs) {
    const cannot = (why: string) => new TableError(`Cannot use --scale ${spec}: ${why}`);
    const [, column = "", power = "1"] = /^([^^]+?)(?:\^([+-]?[\d./]+))?$/.exec(spec) ?? [];
    const at = names.indexOf(column);
    if (at >= 0) {
      const value = numberIn(power, false);
      if (value === null || value === undefined) throw cannot(`${power} is no power`);
      for (const [label, factor] of powers(spec, at, value, all, reference)) times(label, factor);
      continue;
    }
    const equals = spec.lastIndexOf("=");
    const known = `${all.map(({ label }) => label).join(", ")}`;
    if (equals < 1) {
      throw cannot(`it looks like CONFIGURATION=FACTOR or COLUMN^POWER; there are ${known}`);
    }
    const text = spec.slice(0, equals), factor = numberIn(spec.slice(equals + 1), false);
    const found = all.filter(({ label, values }) =>
      label === text || label.replaceAll(" ", ",") === text || values.join(",") === nameIn(text)
    );
    if (found.length !== 1) throw cannot(`there is no configuration ${text}, but ${known}`);
    if (!factor || !(factor > 0)) throw cannot(`${spec.slice(equals + 1)} is no factor above 0`);
    times(found[0].label, factor);
  }
  if (scale.get(reference) !== 1) {
    throw new TableError(
      `Cannot use --scale ${specs.join(" --scale ")}: the reference ${reference} is its own scale`,
    );
  }
  return scale;
}
