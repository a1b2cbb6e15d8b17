/**
 * Where the words of a panel's rules stand: above their left ends, or where they hide the fewest points
 * and stand in no other rule's way.
 *
 * @module
 */
import type { Panel, Point, Scale } from "../../lab/record/findings.ts";
import type { Domain } from "./axes.ts";

/** A rule and the place of its words. */
export interface PlacedWords {
  y: number;
  label: string;
  /** at the left end of the rule, or at its right end */
  left: boolean;
  /** over the rule, or under it */
  above: boolean;
}

/** How far along its axis a value stands, from 0 to 1. */
export function share(value: number, [low, high]: Domain, scale: Scale): number {
  const at = (x: number) => scale === "linear" ? x : Math.log2(x);
  return (at(value) - at(low)) / (at(high) - at(low));
}

/** Pixels a character takes, and a line of words with its gap from the rule. */
const CHARACTER = 5.2, LINE = 18;

/**
 * Places the words of all rules.
 *
 * @param across how far along x a point stands, from 0 to 1
 */
export function placedWords(
  { panel: { rules, y }, points, domain, width, height }: {
    panel: Panel;
    points: Point[];
    domain: Domain;
    width: number;
    height: number;
  },
  across: (point: Point) => number,
): PlacedWords[] {
  const upOf = (value: number) => height * share(value, domain, y.scale);
  const marks = points.flatMap((point) =>
    [point.y, point.lo ?? point.y, point.hi ?? point.y]
      .map((value) => ({ left: width * across(point), up: upOf(value) }))
  );
  return rules.map((rule) => {
    const up = upOf(rule.y), long = CHARACTER * rule.label.length;
    const cost = ({ left, above }: { left: boolean; above: boolean }) => {
      const low = above ? up - 4 : up - LINE, from = left ? 0 : width - long - 4;
      const inside = (other: number) => other > low && other < low + LINE + 4;
      const hidden = marks.filter((mark) =>
        inside(mark.up) && mark.left > from - 6 && mark.left < from + long + 10
      ).length;
      const inTheWay = rules.some((other) =>
        other !== rule && inside(upOf(other.y))
      );
      const outside = above ? up + LINE > height : up < LINE;
      return hidden + (inTheWay ? 100 : 0) + (outside ? 1000 : 0);
    };
    const places = [true, false].flatMap((left) => [true, false].map((above) => ({ left, above })));
    return { ...rule, ...places.reduce((best, one) => cost(one) < cost(best) ? one : best) };
  });
}
