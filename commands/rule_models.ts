/** What `--from` and `--to` of `deno task rule` name: configurations, or files of Hugging Face. */

import { wrap } from "../reports/words/lines.ts";
import { causeOf } from "../lab/record/failure.ts";
import { type Configuration, labelOf, parseConfiguration } from "../rule/configuration.ts";
import {
  headsText,
  type HuggingFaceModel,
  layerText,
  readHuggingFace,
} from "../rule/huggingface.ts";
import { UsageError } from "./arguments.ts";
import { COLUMNS, csvLines } from "./rule_text.ts";

/** One side of a transfer. */
export interface Side {
  /** kinds of layers; one without layers for a configuration in the grammar */
  kinds: { layers: number[] | null; configuration: Configuration }[];
  /** the file it is from */
  file: { path: string; model: HuggingFaceModel } | null;
}

/** A pair to print a table of. */
export interface Pair {
  from: Configuration;
  to: Configuration;
  /** the target's layers, `3-60`; null where the target is no file */
  layers: string | null;
}

/** Larger files are no configurations. */
const MOST_BYTES = 2 ** 20;

/**
 * Reads one side: `config.json`, also with B and D (`config.json:B=4M,D=1T`), or the grammar.
 *
 * @param text as given
 * @param reference the other side, which a target takes what it leaves out from
 * @throws {UsageError} if a file cannot be read
 * @throws {RangeError} or {TypeError} as the readers
 */
export function readSide(text: string, reference?: Side): Side {
  const { path, keys } = /^(?<path>.*\.json)(?::(?<keys>.*))?$/s.exec(text)?.groups ?? {};
  const from = reference?.kinds[0].configuration;
  if (path === undefined) {
    return { kinds: [{ layers: null, configuration: parseConfiguration(text, from) }], file: null };
  }
  const entries = keys === undefined ? [] : keys.split(",");
  const stray = entries.find((entry) => !/^\s*[BD]\s*=/.test(entry));
  if (stray !== undefined) {
    throw new UsageError(`Cannot use ${stray} with ${path}: a file takes B= and D= alone`);
  }
  // the grammar reads them, and says what is wrong with them
  const { batchTokens, tokens } = parseConfiguration(
    `dense:${["d=16", "L=1", "H=16", ...entries].join(",")}`,
  );
  const model = readHuggingFace(parsed(path), path, {
    batchTokens: batchTokens ?? from?.batchTokens,
    tokens: tokens ?? from?.tokens,
  });
  return { kinds: model.kinds, file: { path, model } };
}

function parsed(path: string): unknown {
  let text: string;
  try {
    const { isFile, size } = Deno.statSync(path);
    if (!isFile) throw new UsageError(`Cannot read ${path}: not a file`);
    if (size > MOST_BYTES) {
      throw new UsageError(`Cannot read ${path}: ${size} bytes, a configuration has at most 1 MiB`);
    }
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot read ${path}: ${causeOf(error)}`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: not JSON`, { cause: error });
  }
}

/**
 * Each kind of the target's layers with the kind of the reference's that is like it: with experts or without, or
 * the one of most layers where none is.
 */
export function pairsOf(from: Side, to: Side): Pair[] {
  const most = from.kinds.reduce((a, b) =>
    (b.layers?.length ?? 0) > (a.layers?.length ?? 0) ? b : a
  );
  return to.kinds.map(({ layers, configuration }) => {
    const { kind } = configuration.ffn;
    const like = from.kinds.find((k) => k.configuration.ffn.kind === kind) ?? most;
    return {
      from: like.configuration,
      to: configuration,
      layers: layers && layerText(layers),
    };
  });
}

/** What is said of the files before the tables. */
export function fileLines(sides: Side[]): string[] {
  return sides.flatMap(({ file, kinds }) => {
    if (file === null) return [];
    const { path, model } = file, [{ configuration: c }] = kinds;
    const parts = kinds.map(({ layers, configuration }) =>
      `${layerText(layers!)} ${labelOf(configuration)}`
    );
    const line = (text: string) => wrap(text, COLUMNS, "  ", "    ");
    return [
      `${path}: ${model.modelType}`,
      ...line(`${headsText(c)}; layers ${parts.join(", ")}`),
      ...model.notCovered.flatMap((text) => line(`not covered by the rule: ${text}`)),
      ...model.notes.flatMap((text) => line(`note: ${text}`)),
      "",
    ];
  });
}

/** The same of files, for programs. */
const fileFacts = (sides: Side[]) =>
  sides.flatMap(({ file }) =>
    file === null ? [] : [{
      path: file.path,
      modelType: file.model.modelType,
      notCovered: file.model.notCovered,
      notes: file.model.notes,
    }]
  );

/**
 * One text of the texts of all pairs: unchanged where no file is named; else with what is said of the files, JSON as
 * `{files, tables: [{layers, table}]}`, CSV with a first column `layers`.
 *
 * @param texts a text per pair, in the given format
 */
export function joined(
  sides: Side[],
  pairs: Pair[],
  texts: string[],
  format: "table" | "json" | "csv",
): string {
  if (sides.every(({ file }) => file === null)) return texts[0];
  if (format === "json") {
    const tables = texts.map((text, i) => ({ layers: pairs[i].layers, table: JSON.parse(text) }));
    return JSON.stringify({ files: fileFacts(sides), tables }, null, 2);
  }
  if (format === "csv") {
    const notes = fileFacts(sides).flatMap(({ notCovered, notes }) => [
      ...notCovered.map((text) => ["", "model", "not covered", "", text, ""]),
      ...notes.map((text) => ["", "model", "note", "", text, ""]),
    ]);
    const lines = texts.flatMap((text, i) => {
      const [head, ...rest] = text.split("\n");
      const own = rest.map((line) => `${csvLines([[pairs[i].layers ?? ""]])},${line}`);
      return i === 0 ? [`layers,${head}`, ...own] : own;
    });
    const columns = lines[0].split(",").length;
    return [...lines, csvLines(notes.map((cells) => fitted(cells, columns)))].join("\n").trimEnd();
  }
  const titled = texts.map((text, i) => {
    const several = pairs.length > 1 && pairs[i].layers !== null;
    return several ? `Layers ${pairs[i].layers} (${labelOf(pairs[i].to)})\n\n${text}` : text;
  });
  return [...fileLines(sides), titled.join("\n\n")].join("\n");
}

/** A line of as many cells as its table has columns. */
function fitted(cells: string[], columns: number): string[] {
  return Array.from({ length: columns }, (_, i) => cells[i] ?? "");
}
