/**
 * Lays tensors out one after the other, with the names a user knows them by; and the feed-forward
 * part of a block, which a layer alone has too.
 *
 * @module
 */
import type { Router } from "../kernels/routing/router.ts";
import { roundUp } from "../kernels/sizes.ts";
import type { BlockLayout, Parameter, Stored } from "./stored.ts";
import type { TensorKind } from "../rule/rule.ts";

/** The feed-forward part of a block. */
export type FfnShape =
  | { kind: "dense"; hidden: number }
  | { kind: "moe"; expertWidth: number; shared: number } & Router;

/** Floats of one entry of the tensor table; every stored tensor starts on a multiple. */
export const BLOCK_FLOATS = 64;

/** `rows` logical rows of `cols`, row r stored from at(r). */
export function rowRuns(
  rows: number,
  cols: number,
  at: (r: number) => number,
): Parameter["runs"] {
  return Array.from({ length: rows }, (_, r) => [r * cols, at(r), cols]);
}

/** Tensors stored so far. */
export class LayoutBuilder {
  /** stored floats, a multiple of {@link BLOCK_FLOATS} */
  floats = 0;
  /** floats that are real parameters */
  count = 0;
  readonly stored: Stored[] = [];
  readonly parameters: Parameter[] = [];

  /** Appends a stored matrix. */
  store(kind: TensorKind, rows: number, cols: number): Stored {
    const made = { offset: this.floats, rows, cols, tensor: this.stored.length, kind };
    this.floats += roundUp(rows * cols, BLOCK_FLOATS);
    this.stored.push(made);
    return made;
  }

  /** Names a logical tensor and says where it is stored. */
  name(name: string, kind: TensorKind, shape: number[], runs: Parameter["runs"]): void {
    this.parameters.push({ name, kind, shape, runs });
    this.count += shape.reduce((a, b) => a * b, 1);
  }

  /** Appends a vector of `size` floats, stored as `padded`. */
  vector(name: string, kind: TensorKind, size: number, padded: number): Stored {
    const made = this.store(kind, 1, padded);
    this.name(name, kind, [size], [[0, made.offset, size]]);
    return made;
  }
}

/**
 * Appends a feed-forward part: router and routed experts, then the dense one or the shared experts.
 *
 * @param prefix of the names @param d width, not padded
 */
export function storeFfn(
  all: LayoutBuilder,
  prefix: string,
  d: number,
  ffn: FfnShape,
): Pick<BlockLayout, "dense" | "routed"> {
  const dp = roundUp(d, 4);
  const gated = (prefix: string, n: number, h: number, logical: number[]) => {
    // n experts side by side: n*hp gate rows, then n*hp up rows; wdown (dp, n*hp)
    const hp = roundUp(h, 4),
      wgu = all.store("wgate", 2 * n * hp, dp),
      wdown = all.store("wdown", dp, n * hp);
    (["wgate", "wup"] as const).forEach((kind, part) =>
      all.name(
        prefix + kind,
        kind,
        [...logical, h, d],
        rowRuns(
          n * h,
          d,
          (r) => wgu.offset + (part * n * hp + Math.floor(r / h) * hp + r % h) * dp,
        ),
      )
    );
    all.name(
      prefix + "wdown",
      "wdown",
      [...logical, d, h],
      rowRuns(n * d, h, (r) => wdown.offset + (r % d) * n * hp + Math.floor(r / d) * hp),
    );
    return { hidden: n * hp, wgu, wdown };
  };
  if (ffn.kind === "dense") return { dense: gated(prefix, 1, ffn.hidden, []), routed: null };
  const { experts: n, expertWidth: h, shared } = ffn, hp = roundUp(h, 4);
  const wrouter = all.store("wrouter", roundUp(n, 4), dp);
  all.name(
    prefix + "wrouter",
    "wrouter",
    [n, d],
    rowRuns(n, d, (r) => wrouter.offset + r * dp),
  );
  const wgu = all.store("wgate", n * 2 * hp, dp), wdown = all.store("wdown", n * dp, hp);
  (["wgate", "wup"] as const).forEach((kind, part) =>
    all.name(
      prefix + kind,
      kind,
      [n, h, d],
      rowRuns(
        n * h,
        d,
        (r) => wgu.offset + (Math.floor(r / h) * 2 * hp + part * hp + r % h) * dp,
      ),
    )
  );
  all.name(
    prefix + "wdown",
    "wdown",
    [n, d, h],
    rowRuns(n * d, h, (r) => wdown.offset + (Math.floor(r / d) * dp + r % d) * hp),
  );
  return {
    dense: shared ? gated(prefix + "shared.", shared, h, [shared]) : null,
    routed: { expertWidth: hp, wrouter, wgu, wdown, expertGu: 2 * hp * dp, expertDown: dp * hp },
  };
}
