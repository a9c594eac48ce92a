// The new version and the old one over time: the part of requests, failures, latency.

import type { VNode } from "preact";
import type { RolloutDetails, SampleSide } from "../../api/rollout-types.ts";
import { LinesOverTime, type TimeLine, type TimeScale } from "../../parts/over-time.tsx";

export function RolloutPictures({ data }: { readonly data: RolloutDetails }): VNode {
  const { samples } = data;
  const scale: TimeScale = { from: Date.parse(samples[0]!.at), to: Math.max(Date.parse(samples.at(-1)!.at), Date.parse(samples[0]!.at) + 1000) };
  const line = (name: string, tone: TimeLine["tone"], which: "canary" | "baseline", value: (side: SampleSide) => number | null): TimeLine => ({
    name, tone, points: samples.flatMap((s) => {
      const v = value(s[which]);
      return v === null || s[which].requests === 0 ? [] : [{ at: Date.parse(s.at), value: v }];
    }),
  });
  const both = (value: (side: SampleSide) => number | null): TimeLine[] => [line(`version ${data.candidate}`, "main", "canary", value), line(`version ${data.baseline}`, "third", "baseline", value)];
  const failures = both((side) => (side.requests === 0 ? null : (100 * side.failures) / side.requests));
  // The weight goes up in steps: each point is drawn until the next.
  const weight = samples.flatMap((s, i) => [...(i === 0 ? [] : [{ at: Date.parse(s.at), value: samples[i - 1]!.weight }]), { at: Date.parse(s.at), value: s.weight }]);
  return <div class="pictures two">
    <LinesOverTime title="Requests that the new version answers, in per cent" scale={scale} unit="%" low={0} high={100} lines={[{ name: `version ${data.candidate}`, tone: "main", points: weight }]} />
    <LinesOverTime title="Failures, in per cent" scale={scale} unit="%" high={Math.max(1, ...failures.flatMap((l) => l.points.map((p) => p.value)))} lines={failures} />
    <LinesOverTime title="99th percentile of the time, in milliseconds" scale={scale} unit="ms" lines={both((side) => (side.p99 === null ? null : side.p99 * 1000))} />
    <LinesOverTime title="Requests in the stage" scale={scale} unit="requests" lines={both((side) => side.requests)} />
  </div>;
}
