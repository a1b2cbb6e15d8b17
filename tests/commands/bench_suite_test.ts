/** An interrupted run never takes the place of a finished report. */
import assert from "node:assert/strict";
import { keepsReport } from "../../commands/bench_suite.ts";

Deno.test("a finished report is kept from an interrupted run, and from nothing else", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const hold = (text: string) => Deno.writeTextFile(`${folder}/record.json`, text);
    assert.equal(await keepsReport(folder, true), false, "no report is there");
    await hold(JSON.stringify({ incomplete: false }));
    assert.equal(await keepsReport(folder, true), true);
    assert.equal(await keepsReport(folder, false), false, "a finished run replaces it");
    await hold(JSON.stringify({ incomplete: true }));
    assert.equal(await keepsReport(folder, true), false, "what is there is unfinished too");
    for (const damaged of ["null", '{"incomplete": fal']) {
      await hold(damaged);
      assert.equal(await keepsReport(folder, true), false, damaged);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
