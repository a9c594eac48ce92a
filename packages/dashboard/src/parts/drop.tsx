// Files dropped on a page. What was dropped elsewhere is kept for the page that takes it.

import type { ComponentChildren, VNode } from "preact";
import { useState } from "preact/hooks";

let dropped: readonly File[] = [];
export function keepDropped(files: readonly File[]): void {
  dropped = files;
}
export function takeDropped(): readonly File[] {
  const files = dropped;
  dropped = [];
  return files;
}

/** Takes files anywhere on its children; `className` gets `over` while something is held above it. */
export function DropTarget({ enabled = true, onFiles, className, children }: { readonly enabled?: boolean; readonly onFiles: (files: readonly File[]) => void; readonly className?: string; readonly children: ComponentChildren }): VNode {
  const [over, setOver] = useState(false);
  const holdsFiles = (e: DragEvent): boolean => enabled && e.dataTransfer?.types.includes("Files") === true;
  return <div class={`${className ?? ""} ${over ? "over" : ""}`} onDragOver={(e) => {
    if (!holdsFiles(e)) return;
    e.preventDefault();
    setOver(true);
  }} onDragLeave={(e) => !(e.relatedTarget instanceof Node && e.currentTarget.contains(e.relatedTarget)) && setOver(false)} onDrop={(e) => {
    if (!holdsFiles(e)) return;
    e.preventDefault();
    setOver(false);
    onFiles([...(e.dataTransfer?.files ?? [])]);
  }}>{children}</div>;
}
