import { describe, expect, it } from "vitest";
import { farmHash64, sipHash24 } from "./text-hashes.ts";

/** tf.strings.to_hash_bucket_fast and to_hash_bucket_strong (key [133, 137]) of TensorFlow 2.21, with 2**62 + 11 buckets. */
const KNOWN: readonly (readonly [text: string, farm: string, sip: string])[] = [
  ["", "1936946117179621433", "316627932347062985"],
  ["a", "3694432073954588109", "2466253977694453439"],
  ["abc", "2640714258260161385", "2288159068006480030"],
  ["hello", "3786372426573024466", "1067426241479190957"],
  ["12345678", "3430003927990384362", "1592922254571014747"],
  ["123456789", "2490690402781879391", "1818593671917654183"],
  ["abcdefghijklmnop", "1469030743107030706", "2540178693098969390"],
  ["abcdefghijklmnopq", "2171023947900359570", "2624051166598865699"],
  ["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "3678204687145032687", "814092544179586341"],
  ["yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", "3999049019338133235", "3745711414651606635"],
  ["éééééééééééééééééééé", "2101234252769292350", "1811518704703177052"],
  ["zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "294799756062990872", "3484376427546784553"],
  ["wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww", "3272011567211491946", "2877200667339158521"],
  ["0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789", "1497403020669705454", "145561070717970773"],
  ["01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789", "439712990348739455", "4528525014586130835"],
  ["-5", "3867527841621742071", "971313266557102270"],
];
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const BUCKETS = 2n ** 62n + 11n;

describe("hashes of texts", () => {
  it.each(KNOWN)("%j is put where TensorFlow puts it", (text, farm, sip) => {
    expect(String(farmHash64(bytes(text)) % BUCKETS)).toBe(farm);
    expect(String(sipHash24(bytes(text), [133n, 137n]) % BUCKETS)).toBe(sip);
  });
  it("gives the vector of the SipHash paper", () => {
    expect(sipHash24(Uint8Array.from({ length: 15 }, (_, i) => i), [0x0706050403020100n, 0x0f0e0d0c0b0a0908n])).toBe(0xa129ca6149be45e5n);
  });
});
