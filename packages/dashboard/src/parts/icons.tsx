// Icons as lines of 20 x 20, drawn in the text's colour; they never carry meaning alone.

import type { VNode } from "preact";

const PATHS = {
  models: "M10 2.5 17 6v8l-7 3.5L3 14V6zM3 6l7 3.5L17 6M10 9.5v8",
  approvals: "M4 10.5 8 14.5 16 5.5",
  batch: "M3 5.500h14M3 10h14M3 14.500h8M14 12.500v5l3.500-2.500z",
  audit: "M5 3h10v14H5zM8 7h4M8 10h4M8 13h2",
  monitoring: "M3 16.500h14M5 13V9.500M8.500 13V6M12 13V8M15.500 13V4",
  rollouts: "M3 15h3.500v-4H10V7h3.500V3H17",
  retrains: "M4 10a6 6 0 0 1 10.500-4M14.500 2.500V6H11M16 10a6 6 0 0 1-10.500 4M5.500 17.500V14H9",
  webhooks: "M6 14a3 3 0 1 1 3-5l2-4a3 3 0 1 1 4 2M9 9l-3 5h9a3 3 0 1 1-1 2",
  account: "M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM4 17c.6-3 3-4.7 6-4.7s5.400 1.700 6 4.700",
  search: "M9 15a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM13.500 13.500 17 17",
  upload: "M10 13V4M6.500 7.500 10 4l3.500 3.500M4 13v3h12v-3",
  check: "M4.500 10.500 8.500 14.500 15.500 6",
  cross: "M5.500 5.500l9 9M14.500 5.500l-9 9",
  clock: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6v4.500l3 1.500",
  comment: "M4 4.500h12v8.500H9l-3.500 3v-3H4z",
  key: "M12.500 11.500a4 4 0 1 0-3.600-2.300L4 14v2.500h2.500V15H8v-1.500h1.500l1.600-1.700z",
  sun: "M10 13.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM10 2v1.800M10 16.200V18M2 10h1.800M16.200 10H18M4.300 4.300l1.300 1.300M14.400 14.400l1.300 1.300M15.700 4.300l-1.300 1.300M5.600 14.400l-1.300 1.300",
  moon: "M16 12.200A6.700 6.700 0 0 1 7.800 4a6.700 6.700 0 1 0 8.200 8.200z",
  auto: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 3v14",
  copy: "M7 7h9v9H7zM4 13V4h9",
  out: "M8 4H4v12h4M12 6.500 15.500 10 12 13.500M7.500 10h8",
  play: "M6 4.500v11l9-5.500z",
  download: "M10 4v9M6.500 9.500 10 13l3.500-3.500M4 13v3h12v-3",
  edit: "M4 16l1-4 8-8 3 3-8 8zM11.500 5.500l3 3",
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }): VNode {
  return <svg width={size} height={size} viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d={PATHS[name]} /></svg>;
}
export function Mark({ size = 24 }: { readonly size?: number }): VNode {
  return <svg width={size} height={size} viewBox="0 0 16 16" fill="currentColor" aria-hidden="true"><path d="M1 10h14l-3 4H4zM7 2h2v7H7z" /></svg>;
}
