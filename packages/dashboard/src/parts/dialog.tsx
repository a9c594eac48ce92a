// A modal dialog by the browser's own <dialog>: it keeps the focus inside, closes on Escape and gives the focus back.

import type { ComponentChildren, VNode } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

export function Dialog({ title, onClose, children }: { readonly title: string; readonly onClose: () => void; readonly children: ComponentChildren }): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Before the next paint, so that whoever had the focus is still known.
  useLayoutEffect(() => {
    const element = dialog.current!;
    const before = document.activeElement;
    if (!element.open) element.showModal();
    return () => {
      element.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return <dialog ref={dialog} aria-labelledby={id} onCancel={(e) => {
    e.preventDefault();
    onClose();
  }}><div class="body"><h2 id={id}>{title}</h2>{children}</div></dialog>;
}
