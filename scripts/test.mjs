// `npm test`: types and walls, lint, then every test. Sets the checkout up first if that was not done.
// Arguments are passed on to vitest: `npm test -- packages/core/src/pickle`.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root, setUp } from "./setup.mjs";

const node = setUp();
const bin = (name) => join(root, "node_modules", ".bin", name);
const filters = process.argv.slice(2);

const steps = filters.length > 0 ? [] : [
  ["types and walls", bin("tsc"), ["-b"]],
  ["types of the tests", bin("tsc"), ["-p", "tsconfig.test.json"]],
  ["lint", bin("oxlint"), ["packages", "scripts", "bench", "examples", "docs"]],
];
for (const [what, command, args] of steps) {
  console.error(`- ${what}`);
  run(command, args);
}
console.error("- tests");
run(node, [join(root, "node_modules", "vitest", "vitest.mjs"), "run", ...filters]);

function run(command, args) {
  const done = spawnSync(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, PATH: `${join(root, "node_modules", "node", "bin")}:${join(root, "node_modules", ".bin")}:${process.env.PATH}` } });
  if (done.status !== 0) process.exit(done.status ?? 1);
}
