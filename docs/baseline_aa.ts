/**
 * How often does `--baseline` cry wolf? Held against each other: runs of one program on one machine, in
 * order. Each run is compared with the records before it, and what is suspected with the run after it, as
 * a bench does that is run again; then a layer is slowed on purpose, to see from how much it is noticed.
 *
 *     for i in $(seq -w 1 26); do deno task bench latency --profile smoke --out aa/$i; done
 *     deno run -R docs/baseline_aa.ts aa
 *
 * @module
 */
import { against, suspectsOf } from "../lab/judge/against.ts";
import { readRecord } from "../lab/record/read.ts";
import type { BenchRecord } from "../lab/record/record.ts";

/** A record in which one layer takes `times` as long. */
function slowed(record: BenchRecord, times: number, nth: number): BenchRecord {
  const { evidence } = record;
  if (evidence.kind !== "latency") throw new TypeError("Cannot slow a layer: none was timed");
  const points = evidence.points, chosen = points[nth % points.length];
  const same = (p: typeof chosen) =>
    p.group === chosen.group && p.configuration === chosen.configuration &&
    p.tokens === chosen.tokens && p.routing === chosen.routing;
  const { estimate, lo, hi } = chosen.time_s;
  const time_s = { estimate: times * estimate, lo: times * lo, hi: times * hi };
  return {
    ...record,
    evidence: { ...evidence, points: points.map((p) => same(p) ? { ...p, time_s } : p) },
  };
}

if (import.meta.main) {
  const [folder] = Deno.args;
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  const records = await Promise.all(
    names.map((name) => readRecord(`${folder}/${name}/record.json`)),
  );
  const { adapter, cpus } = records[0].environment;
  console.log(`${records.length} runs, ${adapter}, ${cpus} processors, ${records[0].plan.profile}`);
  for (const k of [1, 3, 5]) {
    let looks = 0, suspected = 0, alarms = 0;
    const spreads: number[] = [], limits: number[] = [];
    const seen = new Map([1.15, 1.3, 1.5, 2].map((times) => [times, 0]));
    for (let i = k; i + 1 < records.length; i++) {
      const earlier = records.slice(i - k, i).map((record) => ({ path: "", record }));
      const again = { record: records[i + 1], folder: "" };
      const first = against(earlier, records[i]), second = against(earlier, records[i], again);
      looks++;
      if (suspectsOf(first).length > 0) suspected++;
      if (second.worse) {
        alarms++;
        const all = [...second.verdicts, ...second.times!.layers, second.times!.together];
        for (const one of all) {
          if (one.change === "worse") console.log(`  ${names[i]}: ${JSON.stringify(one)}`);
        }
      }
      spreads.push(second.times!.spread);
      limits.push(...second.times!.layers.map(({ limit }) => limit));
      for (const times of seen.keys()) {
        const found = against(earlier, slowed(records[i], times, i), {
          record: slowed(records[i + 1], times, i),
          folder: "",
        });
        if (found.times!.layers.some(({ change }) => change === "worse")) {
          seen.set(times, seen.get(times)! + 1);
        }
      }
    }
    const middle = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];
    console.log(
      `${k} earlier records: ${looks} A/A benches, ${suspected} run again, ${alarms} false alarms; ` +
        `spread ${(100 * middle(spreads)).toFixed(1)}%, limit ${
          middle(limits).toFixed(2)
        }; one layer slowed: ` +
        [...seen].map(([times, n]) => `x${times} seen in ${n}`).join(", "),
    );
  }
}
