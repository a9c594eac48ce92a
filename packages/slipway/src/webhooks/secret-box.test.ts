import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { secretBox } from "./secret-box.ts";

const [old, key] = [randomBytes(32), randomBytes(32)];
const code = (work: () => unknown): string => {
  try {
    work();
    return "none";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("a sealed secret", () => {
  const box = secretBox([key]);
  const sealed = box.seal("whsec_abc", "hook-1");
  it("is opened again, is another each time, and shows nothing of what it is", () => {
    expect(box.open(sealed, "hook-1")).toBe("whsec_abc");
    expect(box.seal("whsec_abc", "hook-1")).not.toBe(sealed);
    expect(sealed).not.toContain("whsec");
    expect(Buffer.from(sealed.split(":")[2]!, "base64").includes("whsec")).toBe(false);
  });
  it("is opened by an older key after a new one is set before it, and is then not current", () => {
    const both = secretBox([randomBytes(32), key]);
    expect([both.open(sealed, "hook-1"), both.isCurrent(sealed), box.isCurrent(sealed)]).toEqual(["whsec_abc", false, true]);
  });
  it.each([
    ["in another webhook's row", sealed, "hook-2"], ["with a byte changed", `${sealed.slice(0, -6)}${sealed.at(-6) === "A" ? "B" : "A"}${sealed.slice(-5)}`, "hook-1"],
    ["cut short", sealed.slice(0, -8), "hook-1"], ["with nothing in it", `${sealed.split(":").slice(0, 2).join(":")}:AAAA`, "hook-1"],
  ])("is refused %s", (_, kept, owner) => expect(code(() => box.open(kept, owner))).toBe("webhook-secret-key"));
  it("is refused without its key, and nothing is sealed without any", () => {
    expect(code(() => secretBox([old]).open(sealed, "hook-1"))).toBe("webhook-secret-key");
    expect(code(() => secretBox([]).seal("whsec_abc", "hook-1"))).toBe("webhook-secret-key");
    expect(code(() => secretBox([randomBytes(16)]))).toBe("webhook-secret-key");
  });
  it("that was written before there was a key is read as it is", () => expect([box.open("whsec_abc", "hook-1"), box.isCurrent("whsec_abc")]).toEqual(["whsec_abc", false]));
});
