/**
 * Short names for legends and tables: `16e4a` where that tells a configuration from the others,
 * `16e4a h=32` where it does not.
 *
 * @module
 */
import { type Configuration, formatConfiguration, labelOf } from "../../rule/configuration.ts";

/**
 * A label for each configuration. Those of one name (`dense`, `16e4a`) get the keys that tell them
 * apart, as the command line writes them, and no more: keys that differ are left out, the last first,
 * while the labels stay distinct. The reference keeps its plain name, and others of its name get a key
 * in which they differ from it. Equal configurations get equal labels.
 *
 * @param configurations what is to be named, in order
 * @param reference the configuration whose hyperparameters are carried over
 * @returns a label each, e.g. `dense`, `dense L=8`, `16e4a h=32`, `dense B=1024`
 */
export function labelsOf(
  configurations: readonly Configuration[],
  reference: Configuration,
): string[] {
  const home = formatConfiguration(reference);
  const names = new Map([[home, labelOf(reference)]]);
  const others = new Map(configurations.map((c) => [formatConfiguration(c), c]));
  others.delete(home);
  for (const [name, group] of Map.groupBy(others, ([, c]) => labelOf(c))) {
    const texts = group.map(([text]) => text);
    const lone = texts.length === 1 && name !== labelOf(reference);
    const keys = lone ? [] : tellingKeys(texts, name === labelOf(reference) ? home : null);
    for (const text of texts) names.set(text, [name, ...entriesOf(text, keys)].join(" "));
  }
  return configurations.map((c) => names.get(formatConfiguration(c))!);
}

/** The keys that differ, without those at the end that are not needed to tell the texts apart. */
function tellingKeys(texts: string[], home: string | null): string[] {
  const all = home === null ? texts : [...texts, home];
  const known = [...new Set(all.flatMap((text) => [...keysOf(text).keys()]))];
  let keys = known.filter((key) => new Set(all.map((text) => keysOf(text).get(key))).size > 1);
  const apart = (some: string[]) => {
    const labels = all.map((text) => entriesOf(text, some).join(" "));
    return new Set(labels).size === labels.length;
  };
  for (const key of keys.toReversed()) {
    const fewer = keys.filter((one) => one !== key);
    if (apart(fewer)) keys = fewer;
  }
  return keys;
}

const entriesOf = (text: string, keys: string[]): string[] => {
  const values = keysOf(text);
  return keys.filter((key) => values.has(key)).map((key) => `${key}=${values.get(key)}`);
};

/** Keys and values of a configuration's text, in its order. */
function keysOf(text: string): Map<string, string> {
  const entries = text.slice(text.indexOf(":") + 1).split(",");
  return new Map(entries.map((entry) => entry.split("=") as [string, string]));
}
