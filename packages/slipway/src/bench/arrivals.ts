// When requests are due in an open loop: evenly, or as a Poisson process, which is what many independent callers are.

/** Milliseconds from the start, ascending, all below `totalMs`. */
export function arrivalTimes(rate: number, totalMs: number, arrivals: "poisson" | "constant", random: () => number): Float64Array {
  const times = new Float64Array(Math.ceil((rate * totalMs) / 1000 + 6 * Math.sqrt((rate * totalMs) / 1000) + 16));
  let n = 0;
  let at = arrivals === "constant" ? 0 : gap();
  while (at < totalMs && n < times.length) {
    times[n++] = at;
    at += arrivals === "constant" ? 1000 / rate : gap();
  }
  return times.subarray(0, n);

  function gap(): number {
    return (-Math.log(1 - random()) * 1000) / rate;
  }
}
