// A program that npm (or npx) started runs below a shell. On SIGTERM npm ends the shell, and what ran below it would go on
// without anybody who could stop it. So it watches whose child it is and stops, as on SIGTERM, when that has changed.

const EVERY_MS = 250;

/** Nothing to do where npm did not start this, or processes are not handed on to another parent (Windows). */
export function followParent(stop: () => void, env: NodeJS.ProcessEnv = process.env): void {
  if (env["npm_lifecycle_event"] === undefined || process.platform === "win32" || process.ppid === 1) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, EVERY_MS).unref();
}
