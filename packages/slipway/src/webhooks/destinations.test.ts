import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { destinations, readDestination } from "./destinations.ts";

const nowhere = destinations();
const literal = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, "");

describe("addresses that a webhook may lead to", () => {
  it.each(["93.184.216.34", "8.8.8.8", "172.32.0.1", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8"])("%s is public", (address) => expect(nowhere.allows(address)).toBe(true));
  it.each([
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "2001::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:ffff:a00:1", "::127.0.0.1", "localhost", "",
  ])("%s is not", (address) => expect(nowhere.allows(address)).toBe(false));
  it.each(["http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/", "http://[::ffff:127.0.0.1]/", "http://[::]/", "http://０.0.0.0/"])("%s is seen through", (url) => expect(nowhere.allows(literal(url))).toBe(false));
  it("may be named", () => {
    const some = destinations(["loopback", "10.1.0.0/16", "192.168.1.5"]);
    expect(["127.0.0.1", "::1", "10.1.2.3", "192.168.1.5", "8.8.8.8", "::ffff:127.0.0.1"].map((a) => some.allows(a))).toEqual(Array(6).fill(true));
    expect(["10.2.0.1", "192.168.1.6", "169.254.169.254"].map((a) => some.allows(a))).toEqual(Array(3).fill(false));
    expect([some.isException("127.0.0.1"), some.isException("8.8.8.8")]).toEqual([true, false]);
    expect(destinations(["private"]).allows("169.254.169.254")).toBe(false);
  });
  it("wrapped into IPv6 are what they wrap", () => {
    fc.assert(fc.property(fc.ipV4(), (address) => {
      expect(nowhere.allows(`::ffff:${address}`)).toBe(nowhere.allows(address));
    }));
  });
  it.each(["local", "10.0.0.0/33", "10.0.0/8", "::1/129", "1.2.3.4/x", ""])("cannot be named as %j", (text) => {
    expect(() => destinations([text])).toThrow(expect.objectContaining({ code: "webhook-invalid" }));
  });
});

describe("a webhook's address", () => {
  it.each([undefined, 3, "", "hooks.example", "ftp://hooks.example", "file:///etc/passwd", "https://user:secret@hooks.example/", "javascript:1", `https://hooks.example/${"x".repeat(2000)}`])("cannot be %j", (text) => {
    expect(() => readDestination(text)).toThrow(expect.objectContaining({ code: "webhook-invalid" }));
  });
  it("loses its fragment", () => expect(readDestination("https://hooks.example/a?b=c#d").href).toBe("https://hooks.example/a?b=c"));
});
