/** A log gets a line now and then and one per finished suite; the time left of all suites follows the pace. */
import assert from "node:assert/strict";
import { finishedText, progressText } from "../../commands/bench_suite.ts";
import { ProgressLine } from "../../commands/progress.ts";
import { TimeLeft } from "../../commands/time_left.ts";
import { fixtureRecord } from "../reports/fixture.ts";

/** An output with a clock of its own. */
function made(terminal: boolean) {
  const output = {
    terminal,
    written: "",
    clock: 0,
    write(text: string) {
      output.written += text;
    },
    now_s: () => output.clock,
  };
  return output;
}

Deno.test("however much happens, a log gets a line at most every 30 s", () => {
  const output = made(false), line = new ProgressLine(30, output);
  const at: number[] = [];
  for (let ms = 0; ms < 600_000; ms += 70) {
    output.clock = ms / 1000;
    const before = output.written.length;
    line.show(`run ${ms}`);
    if (output.written.length > before) at.push(output.clock);
  }
  assert.equal(at.length, 20);
  at.slice(1).forEach((t, i) => assert.ok(t - at[i] >= 30, `${at[i]} s, then ${t} s`));
  assert.equal(output.written.split("\n").length, 21);
});

Deno.test("a log has no heading and no escape codes; a finished suite has its line at once", () => {
  const output = made(false), line = new ProgressLine(30, output);
  line.heading("capacity: a claim");
  line.show("capacity: 1/40 runs");
  line.show("capacity: 2/40 runs");
  line.end();
  line.note("capacity: ✓ pass");
  assert.equal(output.written, "capacity: 1/40 runs\ncapacity: ✓ pass\n");
});

Deno.test("a terminal is redrawn every time", () => {
  const output = made(true), line = new ProgressLine(30, output);
  line.heading("a claim");
  line.show("1");
  line.show("2");
  line.end();
  assert.equal(output.written, "a claim\n\r\x1b[2K1\r\x1b[2K2\r\x1b[2K");
});

Deno.test("a line names its suite, what is left of it and of all; a finished one its verdict, why and time", () => {
  const progress = { label: "16e4a", done: 12, planned: 40, unit: "runs", left_s: 200 };
  assert.equal(
    progressText("capacity", progress, 4200),
    "capacity: 12/40 runs, 3 min 20 s left, 1 h 10 min of all suites | 16e4a",
  );
  assert.equal(
    progressText("capacity", { ...progress, left_s: null }),
    "capacity: 12/40 runs | 16e4a",
  );
  const record = fixtureRecord(), text = finishedText(record);
  assert.ok(text.startsWith(`activated-experts: `), text);
  assert.ok(text.includes(record.verdict) && text.endsWith("12 min 22 s"), text);
});

Deno.test("time left of all suites: the running one's own, the later ones' estimates at the pace so far", () => {
  const left = new TimeLeft([100, 100, 300]);
  left.start(0);
  assert.equal(left.all(null, 5), null, "nothing is known yet");
  assert.equal(left.all(150, 50), 150 + 400 * 2, "the first takes twice what was promised");
  left.end(200);
  left.start(200);
  assert.equal(left.all(150, 250), 150 + 300 * 2);
  left.end(400);
  left.start(400);
  assert.equal(left.all(10, 500), null, "none is later");
  const unknown = new TimeLeft([]);
  unknown.start(0);
  assert.equal(unknown.all(10, 10), null);
});
