import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readProfiles } from "./profile-files.ts";

const home = mkdtempSync(join(tmpdir(), "slipway-profiles-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
mkdirSync(join(home, ".aws"));

it("takes the settings of the default profile by both of its names, as Amazon's own tools do", () => {
  const config = join(home, ".aws", "config");
  writeFileSync(config, "[default]\nregion = eu-west-1\n");
  expect(readProfiles({}, home).own.get("region")).toBe("eu-west-1");
  writeFileSync(config, "[default]\nregion = eu-west-1\n[profile default]\nregion = eu-central-1\n");
  expect(readProfiles({}, home).own.get("region")).toBe("eu-central-1");
  writeFileSync(config, "[profile default]\nregion = us-east-1\n[other]\nregion = no\n");
  expect(readProfiles({}, home).own.get("region")).toBe("us-east-1");
  expect(() => readProfiles({ AWS_PROFILE: "other" }, home)).toThrow('there is no profile "other"');
});
