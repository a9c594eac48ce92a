// Short notes that something is done; read out by screen readers, gone after some seconds.

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";

interface Note {
  readonly id: number;
  readonly text: string;
}
const SHOWN_MS = 6000;
let last = 0;
let show: (note: Note) => void = () => undefined;

export function toast(text: string): void {
  show({ id: ++last, text });
}

export function Toasts(): VNode {
  const [notes, setNotes] = useState<readonly Note[]>([]);
  useEffect(() => {
    show = (note) => {
      setNotes((all) => [...all.slice(-3), note]);
      setTimeout(() => setNotes((all) => all.filter((n) => n.id !== note.id)), SHOWN_MS);
    };
  }, []);
  return <div class="toasts" role="status" aria-live="polite">{notes.map((n) => <p class="toast" key={n.id}>{n.text}</p>)}</div>;
}
