// What the pages of batch runs share.

import type { VNode } from "preact";
import { send } from "../api/client.ts";
import { api, page } from "../api/paths.ts";
import type { Schedule, ScheduleRun } from "../api/types.ts";
import { Act, Chip, type Tone } from "./basics.tsx";
import { Icon } from "./icons.tsx";
import { toast } from "./toasts.tsx";
import { useSession } from "../session.ts";

const TONES: Readonly<Record<ScheduleRun["state"], Tone>> = { waiting: "warn", running: "accent", succeeded: "good", failed: "bad", skipped: "plain" };

export function RunChip({ run }: { readonly run: ScheduleRun }): VNode {
  return <Chip tone={TONES[run.state]}>{run.state === "running" ? `runs, ${run.percent}%` : run.state === "waiting" && run.attempt > 0 ? "to be tried again" : run.state}</Chip>;
}

/** The day itself: in so many hours may be tomorrow or the day after. */
export function Due({ at }: { readonly at: string }): VNode {
  return <time dateTime={at}>{new Date(at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })}</time>;
}

export function MadeWith({ run: { model, version } }: { readonly run: ScheduleRun }): VNode {
  return model === null || version === null ? <span class="soft">{"\u2013"}</span> : <a href={page.version(model, version)}>{model} {version}</a>;
}

export function tookText({ startedAt, endedAt, state }: ScheduleRun): string {
  if (startedAt === null || (endedAt === null && state !== "running")) return "\u2013";
  const seconds = ((endedAt === null ? Date.now() : Date.parse(endedAt)) - Date.parse(startedAt)) / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A run now, pausing and going on: for whoever may release. */
export function ScheduleActs({ schedule: { name, state }, small = false, onDone, onError }: { readonly schedule: Schedule; readonly small?: boolean; readonly onDone: () => Promise<unknown>; readonly onError: (error: unknown) => void }): VNode | null {
  const { may } = useSession();
  if (!may("release")) return null;
  const size = small ? "small" : "";
  return <div class="buttons">
    <Act className={size} onError={onError} work={async () => {
      await send("POST", api.scheduleRuns(name), {});
      toast(`A run of ${name} is started.`);
      await onDone();
    }}><Icon name="play" size={15} />Run now<span class="visually-hidden">: {name}</span></Act>
    <Act className={size} onError={onError} work={async () => {
      await send("PUT", api.schedule(name), { state: state === "paused" ? "active" : "paused" });
      toast(state === "paused" ? `${name} goes on.` : `${name} is paused.`);
      await onDone();
    }}>{state === "paused" ? "Resume" : "Pause"}<span class="visually-hidden">: {name}</span></Act>
  </div>;
}
